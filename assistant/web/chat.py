"""The chat, and the only file that knows Gradio.

The transcript and the sources are HTML that we render ourselves. Gradio's Chatbot would read the
words as Markdown and change them: a quote with *stars* in it would lose them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

# Read when gradio is imported: without it, a page view is reported to another host.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from fastapi import FastAPI

from assistant.logs import about
from assistant.web import render, speech, talking
from assistant.web.access import user_in, visiting, visitor_in
from assistant.web.conversation import Conversation
from assistant.web.endpoints import endpoints
from assistant.web.site import Site
from assistant.web.talking import Run, Step, Talker
from assistant.web.traced import id_in
from corpus.errors import UserError

WORDS = {
    "placeholder": "Ask in your own words, in your language",
    "question": "Your question",
    "send": "Ask",
    "stop": "Stop",
    "new": "New conversation",
    "earlier": "Earlier conversations",
}
"""The words of the parts that Gradio draws."""

# What is pressed in the transcript is told to the listener with what it carries; a script of the page
# can send the same by an event of its own.
ACT = """
const tell = (node) => trigger('click', { ...node.dataset });
element.addEventListener('click', (event) => {
  const pressed = event.target.closest('button[data-act]');
  if (pressed) tell(pressed);
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target.closest('form[data-act]');
  if (form) trigger('click', { ...form.dataset, words: form.querySelector('input').value });
});
element.addEventListener('assistant:act', (event) => trigger('click', event.detail));
"""
# The greeting comes with the page's first event. On a busy machine a question may have been asked, and answered,
# before it: only the browser knows what it shows by then.
GREET = """
(greeting, transcript, sources) =>
  document.querySelector('#transcript .turn') ? [transcript, sources] : [greeting.transcript, greeting.sources]
"""
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
    spoken = gr.I18n(**{code: _words_in(code) for code in speech.LANGUAGES})
    gr.mount_gradio_app(
        app,
        _blocks(site, spoken),
        path="/",
        head=render.head(),
        theme=theme(),
        i18n=spoken,
        run_history=False,
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        max_file_size=0,
    )


def _words_in(language: str) -> dict[str, str]:
    with speech.speaking(language):
        return {name: speech.said(english) for name, english in WORDS.items()}


def _blocks(site: Site, spoken: gr.I18n) -> gr.Blocks:
    blocks = gr.Blocks(title=site.title, analytics_enabled=False, fill_width=True)
    with blocks:
        header = _html(render.header(site, "/"), "header")
        talk = gr.State(Conversation())
        with gr.Row(elem_id="columns"):
            with gr.Column(elem_id="conversation"):
                transcript = _html(render.transcript(site, Conversation()), "transcript", ACT)
                with gr.Row(elem_id="ask"):
                    question = _question_box(spoken)
                    send = gr.Button(spoken("send"), variant="primary", elem_id="send", min_width=64, scale=0)
                    stop = gr.Button(spoken("stop"), elem_id="stop", min_width=64, scale=0)
                with gr.Row(elem_id="foot"):
                    foot = _html(render.foot(site), "foot-line")
                    earlier = gr.Button(spoken("earlier"), elem_id="open-earlier", size="sm", scale=0)
                    new = gr.Button(spoken("new"), elem_id="new", size="sm", scale=0)
            with gr.Column(elem_id="sources"):
                sources = _html(render.sources(site, []), "sources-panel")
        shown = [talk, transcript, sources, question]
        _listen(site, send, stop, new, shown)
        _speak(site, blocks, [header, foot], [transcript, sources], [question, send, stop, earlier, new])
        for name, function in endpoints(site):
            gr.events.api(_told(function), api_name=name, api_visibility="public")
        blocks.queue(default_concurrency_limit=4)
    return blocks


def _html(value: str, elem_id: str, js_on_load: str | None = None) -> gr.HTML:
    # Gradio puts `value` into its template as a finished string: ${…} and {{…}} inside it stay words.
    return gr.HTML(value, elem_id=elem_id, js_on_load=js_on_load, apply_default_css=False)


def _question_box(spoken: gr.I18n) -> gr.Textbox:
    # One line that grows: so Enter sends, and Shift-Enter starts a line.
    return gr.Textbox(
        placeholder=spoken("placeholder"),
        label=spoken("question"),
        show_label=False,
        container=False,
        lines=1,
        max_lines=6,
        autofocus=True,
        scale=1,
        elem_id="question",
    )


def _listen(site: Site, send: gr.Button, stop: gr.Button, new: gr.Button, shown: list[Any]) -> None:
    talk, transcript, _, question = shown
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    runs: dict[str, Run] = {}
    typed, pressed = _answering(site, runs)
    # What is sent while an answer is under way is asked after it; by default it would be dropped.
    gr.on([question.submit, send.click], typed, [question, talk], shown, trigger_mode="always_last", **quiet)
    transcript.click(pressed, [talk], shown, **quiet)
    # Gradio's own way to cancel leaves the last draft standing: what was under way shows itself after it.
    stop.click(_setting(site, lambda talk: _given_up(talk, runs)), [talk], shown, **quiet)
    new.click(_setting(site, lambda talk: _left(talk, runs)), [talk], shown, **quiet)


def _given_up(talk: Conversation, runs: dict[str, Run]) -> Conversation:
    if run := runs.get(talk.id):
        run.stopped = True
    return talk.stopped()


def _left(talk: Conversation, runs: dict[str, Run]) -> Conversation:
    """Another conversation; what is under way in the one before shows nothing more."""
    runs.pop(talk.id, None)
    return Conversation()


def _speak(site: Site, blocks: gr.Blocks, own: list[gr.HTML], talk: list[gr.HTML], parts: list[Any]) -> None:
    """The page in the reader's language; and what it says of the index, which may have come since it was made."""
    greeting = gr.JSON(visible=False)

    def told(request: gr.Request) -> list[Any]:
        with speech.speaking(_language_of(request)), visiting(visitor_in(request.request)):
            words = _words_in(speech.language())
            html = [render.header(site, "/"), render.foot(site)]
            empty = {"transcript": render.transcript(site, Conversation()), "sources": render.sources(site, [])}
        box = gr.update(placeholder=words["placeholder"], label=words["question"])
        return [*html, empty, box, *(gr.update(value=words[name]) for name in ("send", "stop", "earlier", "new"))]

    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    spoken = blocks.load(told, None, [*own, greeting, *parts], **quiet)
    spoken.then(None, [greeting, *talk], talk, js=GREET, **quiet)


def _language_of(request: gr.Request) -> str:
    return speech.chosen(request.cookies.get(speech.COOKIE), request.headers.get("accept-language"))


def _setting(site: Site, changed: Callable[[Conversation], Conversation]) -> Callable[..., Update]:
    def update(talk: Conversation, request: gr.Request) -> Update:
        with speech.speaking(_language_of(request)):
            return _shown(site, changed(talk), _address_of(request))

    return update


def _answering(
    site: Site, runs: dict[str, Run]
) -> tuple[Callable[..., Iterator[Update]], Callable[..., Iterator[Update]]]:
    # Gradio streams what it sees to be a generator function: hence "yield from" in both.
    def typed(question: str, talk: Conversation, request: gr.Request) -> Iterator[Update]:
        yield from _updates(site, talking.ask(site, talk, question, Talker(_user_of(request), runs)), request)

    def pressed(talk: Conversation, event: gr.EventData, request: gr.Request) -> Iterator[Update]:
        yield from _updates(site, talking.act(site, talk, event._data or {}, Talker(_user_of(request), runs)), request)

    return typed, pressed


def _updates(site: Site, steps: Iterator[Step], request: gr.Request) -> Iterator[Update]:
    """What each step sets, in a language; something is always set, since an event that sets nothing is a fault."""
    language, base, seen = _language_of(request), _address_of(request), False
    while True:
        # Between two steps others use the thread, and speak their own language.
        with speech.speaking(language), about(id_in(request.request)):
            try:
                step = next(steps, None)
            except UserError as error:
                raise gr.Error(str(error), print_exception=False) from error
            update = _shown(site, step.talk, base, step.typed) if step else (gr.skip(),) * 4
        if step is None and seen:
            return
        yield update
        if step is None:
            return
        seen = True


def _address_of(request: gr.Request) -> str:
    return str(request.request.base_url).rstrip("/") if request.request else ""


def _user_of(request: gr.Request) -> str | None:
    return user_in(request.request) if request.request else None


def _shown(site: Site, talk: Conversation, base: str, typed: str | None = "") -> Update:
    box = gr.skip() if typed is None else typed
    return talk, render.transcript(site, talk, base), render.sources(site, talk.exchanges), box


def _told(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose caller's mistakes are told in their own words."""

    # Gradio reads the parameters off the function: they stay its own.
    @wraps(function)
    def told(*args: Any, **more: Any) -> Any:
        try:
            return function(*args, **more)
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told


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
