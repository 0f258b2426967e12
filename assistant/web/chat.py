"""The chat, and the only file that knows Gradio.

The transcript and the sources are HTML that we render ourselves. Gradio's Chatbot would read the
words as Markdown and change them: a quote with *stars* in it would lose them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import Any

# Read when gradio is imported: without it, a page view is reported to another host.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from fastapi import FastAPI

from assistant.web import render
from assistant.web.conversation import Exchange, reply, turns
from assistant.web.site import Site
from corpus.errors import UserError

PLACEHOLDER = "Ask in your own words, in your language"

# A click on an example sends its words; Gradio hands them to the listener as event data.
SEND_EXAMPLE = """
element.addEventListener('click', (event) => {
  const example = event.target.closest('[data-question]');
  if (example) trigger('click', { question: example.dataset.question });
});
"""

Conversation = list[Exchange]
Update = tuple[Any, Any, Any, Any]
"""What an event sets: the conversation, the transcript, the sources, the question box."""


def mount(app: FastAPI, site: Site) -> None:
    """Put the chat at "/" of `app`, under the routes that are already there."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Outside an event loop Gradio opens loops of its own, and never closes them.
        asyncio.run(_mount(app, site))
    else:
        _mount_now(app, site)


async def _mount(app: FastAPI, site: Site) -> None:
    _mount_now(app, site)


def _mount_now(app: FastAPI, site: Site) -> None:
    gr.mount_gradio_app(
        app,
        _blocks(site),
        path="/",
        head=render.head(),
        theme=theme(),
        run_history=False,
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        max_file_size=0,
    )


def _blocks(site: Site) -> gr.Blocks:
    blocks = gr.Blocks(title=site.title, analytics_enabled=False, fill_width=True)
    with blocks:
        _html(render.header(site, "/"), "header")
        conversation = gr.State([])
        with gr.Row(elem_id="columns"):
            with gr.Column(elem_id="conversation"):
                transcript = _html(render.transcript(site, []), "transcript", SEND_EXAMPLE)
                with gr.Row(elem_id="ask"):
                    question = _question_box()
                    send = gr.Button("Ask", variant="primary", elem_id="send", min_width=64, scale=0)
                with gr.Row(elem_id="foot"):
                    _html(render.foot(), "foot-line")
                    new = gr.Button("New conversation", elem_id="new", size="sm", scale=0)
            with gr.Column(elem_id="sources"):
                sources = _html(render.sources(site, []), "sources-panel")
        shown = [conversation, transcript, sources, question]
        _listen(site, blocks, send, new, shown)
        gr.events.api(_api(site), api_name="ask", api_visibility="public")
        blocks.queue(default_concurrency_limit=4)
    return blocks


def _html(value: str, elem_id: str, js_on_load: str | None = None) -> gr.HTML:
    # Gradio puts `value` into its template as a finished string: ${…} and {{…}} inside it stay words.
    return gr.HTML(value, elem_id=elem_id, js_on_load=js_on_load, apply_default_css=False)


def _question_box() -> gr.Textbox:
    # One line that grows: so Enter sends, and Shift-Enter starts a line.
    return gr.Textbox(
        placeholder=PLACEHOLDER,
        label="Your question",
        show_label=False,
        container=False,
        lines=1,
        max_lines=6,
        autofocus=True,
        scale=1,
        elem_id="question",
    )


def _listen(site: Site, blocks: gr.Blocks, send: gr.Button, new: gr.Button, shown: list[Any]) -> None:
    conversation, transcript, sources, question = shown
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    typed, clicked = _answering(site)
    # What is sent while an answer is under way is asked after it; by default it would be dropped.
    gr.on([question.submit, send.click], typed, [question, conversation], shown, trigger_mode="always_last", **quiet)
    transcript.click(clicked, [conversation], shown, **quiet)
    new.click(lambda: _shown(site, []), None, shown, **quiet)
    # The page is made before the index is there: look again when somebody opens it.
    blocks.load(lambda: _shown(site, [])[1:3], None, [transcript, sources], **quiet)


def _answering(site: Site) -> tuple[Callable[..., Iterator[Update]], Callable[..., Iterator[Update]]]:
    # Gradio streams what it sees to be a generator function: hence "yield from" in both.
    def typed(question: str, conversation: Conversation) -> Iterator[Update]:
        yield from _ask(site, question, conversation)

    def clicked(conversation: Conversation, event: gr.EventData) -> Iterator[Update]:
        yield from _ask(site, event.question, conversation)

    return typed, clicked


def _ask(site: Site, question: str, earlier: Conversation) -> Iterator[Update]:
    """First the question alone, so that it is seen at once, then the exchange that it led to."""
    if not question.strip():
        yield _kept()
        return
    yield _shown(site, [*earlier, Exchange(question)])
    answered = reply(site, question, earlier)
    # By now the next question may stand in the box: leave it. After a problem the words come back.
    yield (*_shown(site, [*earlier, answered])[:3], question if answered.problem else gr.skip())


def _shown(site: Site, conversation: Conversation) -> Update:
    return (
        conversation,
        render.transcript(site, conversation),
        render.sources(site, conversation),
        "",
    )


def _kept() -> Update:
    return gr.skip(), gr.skip(), gr.skip(), gr.skip()


def _api(site: Site) -> Callable[..., dict[str, Any]]:
    def ask(question: str, history: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """One answer with its citations. `history` is a list of {"role", "content"}, oldest first."""
        answerer = site.get()
        try:
            if answerer is None:
                raise UserError(site.obstacle)
            return answerer.ask(question, turns(history or ())).as_dict()
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return ask


def theme() -> gr.themes.Base:
    """Gradio's parts take our colours; only the page's own are given twice, for before the style is there."""
    sans = [gr.themes.Font("Source Sans 3"), gr.themes.Font("system-ui"), gr.themes.Font("sans-serif")]
    mono = [gr.themes.Font("ui-monospace"), gr.themes.Font("monospace")]
    return gr.themes.Base(font=sans, font_mono=mono).set(
        body_background_fill="#fbfbf9",
        body_background_fill_dark="#12161d",
        body_text_color="#1d2433",
        body_text_color_dark="#e8eaf0",
    )
