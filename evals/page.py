"""The staff's page "Evaluation": run a set and watch, table and plots, each question, and how earlier runs did.

Beside the chat it is the only file that knows Gradio. One run at a time goes on in a thread of its own.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
import pandas as pd  # type: ignore[import-untyped]
from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from assistant.ask import Assistant
from assistant.settings import Settings
from assistant.web import render
from assistant.web.access import visiting, visitor_in
from assistant.web.chat import theme
from assistant.web.site import Site
from corpus.errors import UserError
from evals.command import RUNS, assistant_of, compare_folders, prepare, run, system_of
from evals.compare import text_of
from evals.figures import ALL, HEADLINE, METRICS, Figure, confidences
from evals.questions import SETS
from evals.records import RUN, Record, Run, read_records, read_run
from evals.report import REPORT, question_html, verdict_of
from evals.run import Options, new_folder
from evals.statistics import risk_coverage
from evals.systems import REFERENCES

log = logging.getLogger(__name__)
PATH = "/evaluation"
OWN_SETS = Path("sets")
_NAME = re.compile(r"[\w.-]+")
_ASSISTANT = "assistant"
_COLUMNS = ["verdict", "question", "type", "to", "confidence", "id"]
_WIDTHS: list[str | int] = ["90px", "520px", "170px", "150px", "120px", "174px"]
Step = tuple[str, str | None]
"""What a run says as it goes: words, and the name of its folder when it is done."""


class Desk:
    """The runs of a folder, and the one that goes on now."""

    def __init__(self, settings: Settings, runs: Path = RUNS) -> None:
        self.settings = settings
        self.runs = runs
        self._busy = threading.Lock()
        self._assistant: Assistant | None = None

    def sets(self) -> list[str]:
        """The shipped sets by name, then those of the folder `sets` by path."""
        own = [str(path) for path in sorted(OWN_SETS.glob("*")) if path.suffix in (".jsonl", ".csv", ".xlsx")]
        return [path.stem for path in sorted(SETS.glob("*.jsonl"))] + own

    def finished(self) -> list[str]:
        """The names of the runs, the newest first; a folder that holds none is passed by."""
        found = []
        for path in self.runs.glob(f"*/{RUN}"):
            try:
                if (one := read_run(path.parent)).finished:
                    found.append((one.started, path.parent.name))
            except UserError:
                # Of another version, or damaged: the command line says so where it is named.
                continue
        return [name for _, name in sorted(found, reverse=True)]

    def folder(self, name: str) -> Path:
        """Raises UserError where it is no name of a run."""
        if not _NAME.fullmatch(name) or not (self.runs / name / RUN).is_file():
            raise UserError(f"There is no run {name!r} in {self.runs}.")
        return self.runs / name

    def assistant(self, run: Run) -> Assistant:
        """The assistant over a run's documents; the last one is kept, since opening an index takes long."""
        if self._assistant is None or self._assistant.index_version != run.index_version:
            self._assistant = assistant_of(run, self.settings)
        return self._assistant

    def steps(self, name: str, system: str, variants: bool) -> Iterator[Step]:
        """Run a set and tell how far it is; one at a time."""
        if not self._busy.acquire(blocking=False):
            yield "A run is under way already: wait until it is done.", None
            return
        told: queue.Queue[Step | None] = queue.Queue()

        def building(step: str, _done: int, _total: int) -> None:
            told.put((f"{step} …", None))

        def work() -> None:
            try:
                told.put((f"Opening the documents of {name} …", None))
                ground = prepare(name, self.settings, (), building)
                folder = new_folder(self.runs, ground.questions.name)
                asked = system_of(ground, reference=None if system == _ASSISTANT else system)
                options = Options(variants=variants)
                run(ground, asked, folder, options, lambda done, total: told.put((f"Asked {done} of {total}.", None)))
                told.put((f"Done: {folder.name}", folder.name))
            except UserError as error:
                told.put((str(error), None))
            except Exception:
                log.exception("a run met a fault")
                told.put(("The run met a fault of the program; the server's log has the details.", None))
            finally:
                told.put(None)
                self._busy.release()

        threading.Thread(target=work, name="evaluation", daemon=True).start()
        passed: Step | None = None
        while (step := told.get()) is not None:
            # Only the newest of what waits: a page need not show every question that was asked.
            passed = None if told.empty() else step
            if passed is None:
                yield step
        if passed is not None:
            yield passed


def mount(app: FastAPI, site: Site, settings: Settings) -> None:
    """Put the page at `/evaluation`, and each run's report at `/evaluation/runs/NAME`."""
    desk = Desk(settings)

    @app.get(f"{PATH}/runs/{{name}}")
    def report(name: str) -> Response:
        try:
            path = desk.folder(name) / REPORT
        except UserError as error:
            return HTMLResponse(render.message(site, "No such run", str(error)), status_code=404)
        return FileResponse(path, media_type="text/html")

    @app.get(PATH)
    def without_slash() -> Response:
        return RedirectResponse(f"{PATH}/")

    blocks = _blocks(site, desk)
    gr.mount_gradio_app(
        app, blocks, path=PATH, head=render.head(), theme=theme(), run_history=False, footer_links=[], ssr_mode=False,
        pwa=False, mcp_server=False, enable_monitoring=False, max_file_size=0,
    )  # fmt: skip


def _blocks(site: Site, desk: Desk) -> gr.Blocks:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    blocks = gr.Blocks(title=f"Evaluation · {site.title}", analytics_enabled=False, fill_width=True)
    with blocks:
        header = gr.HTML(render.header(site, f"{PATH}/"), elem_id="header", apply_default_css=False)
        with gr.Column(elem_id="desk"):
            gr.HTML(_lead(), apply_default_css=False)
            with gr.Row(elem_id="choose"):
                name = gr.Dropdown(desk.sets(), value="members", label="Question set")
                system = gr.Dropdown([_ASSISTANT, *REFERENCES], value=_ASSISTANT, label="Configuration")
                variants = gr.Checkbox(label="Other spellings too", value=False)
                go = gr.Button("Run", variant="primary", elem_id="run", min_width=90, scale=0)
            said = gr.HTML(_said(""), elem_id="said", apply_default_css=False)
            with gr.Row():
                shown = gr.Dropdown([], label="Run", interactive=True, elem_id="shown")
                other = gr.Dropdown([], label="Compare with", interactive=True, elem_id="other")
            link = gr.HTML("", elem_id="report-link", apply_default_css=False)
            table = gr.Dataframe(label="How good it is", interactive=False, wrap=True, elem_id="figures")
            with gr.Row(elem_id="plots"):
                # A column that becomes too narrow goes below the one before it.
                with gr.Column(min_width=320):
                    by_type = gr.BarPlot(
                        x="type", y="right", title="Right, by type", y_lim=[0, 1], x_label_angle=-40, height=300
                    )
                with gr.Column(min_width=320):
                    curve = gr.LinePlot(
                        x="coverage", y="risk", title="Risk and coverage", x_lim=[0, 1], y_lim=[0, 1], height=300
                    )
            history = gr.LinePlot(
                x="run", y="share", color="metric", title="Runs of this set", y_lim=[0, 1], height=260,
                x_label_angle=-20,
            )  # fmt: skip
            compared = gr.Markdown("", elem_id="compared")
            with gr.Row():
                only = gr.Radio(["all", "wrong", "right", "not scored"], value="all", label="Questions")
            questions = gr.Dataframe(
                headers=_COLUMNS,
                label="Questions: choose one to open it",
                interactive=False,
                wrap=True,
                elem_id="list",
                column_widths=_WIDTHS,
            )
            opened = gr.HTML("", elem_id="opened", apply_default_css=False)
        view = [link, table, by_type, curve, history, questions, opened]

        def start(name: str, system: str, variants: bool) -> Iterator[tuple[Any, Any, Any]]:
            for words, folder in desk.steps(name, system, variants):
                if folder:
                    names = desk.finished()
                    yield _said(words), gr.Dropdown(names, value=folder), gr.Dropdown(names)
                else:
                    yield _said(words), gr.skip(), gr.skip()

        def show(name: str | None, only: str) -> tuple[Any, ...]:
            return _view(desk, name, only)

        def compare(first: str | None, second: str | None) -> str:
            if not first or not second:
                return ""
            try:
                return text_of(compare_folders(desk.folder(second), desk.folder(first)))
            except UserError as error:
                return str(error)

        def choose(name: str, event: gr.SelectData) -> str:
            return _opened(desk, name, str(event.row_value[-1]))

        def bar(request: gr.Request) -> str:
            with visiting(visitor_in(request.request)):
                return render.header(site, f"{PATH}/")

        def names() -> tuple[Any, Any]:
            found = desk.finished()
            return gr.Dropdown(found, value=found[0] if found else None), gr.Dropdown(found, value=None)

        go.click(start, [name, system, variants], [said, shown, other], **quiet)
        gr.on([shown.change, only.change], show, [shown, only], view, **quiet)
        gr.on([shown.change, other.change], compare, [shown, other], compared, **quiet)
        questions.select(choose, [shown], opened, **quiet)
        blocks.load(bar, None, header, **quiet)
        blocks.load(names, None, [shown, other], **quiet)
        blocks.queue(default_concurrency_limit=2)
    return blocks


def _view(desk: Desk, name: str | None, only: str) -> tuple[Any, ...]:
    """The parts of the page for a run: link, table, plots, history, questions, and no question opened."""
    if not name:
        return ("", None, None, None, None, None, "")
    try:
        folder = desk.folder(name)
        found, records = read_run(folder), read_records(folder)
    except UserError as error:
        return (_said(str(error)), None, None, None, None, None, "")
    figures = [Figure(**figure) for figure in found.figures]
    link = f'<p class="meta"><a href="{PATH}/runs/{name}" target="_blank">Open the report</a> · {found.label}</p>'
    return (link, _table(figures), _by_type(records), _curve(records), _history(desk, found), _list(records, only), "")


def _table(figures: Sequence[Figure]) -> pd.DataFrame:
    by_place = {(figure.group, figure.metric): figure for figure in figures}
    groups = list(dict.fromkeys(figure.group for figure in figures))
    rows = [[group, *(_cell(by_place.get((group, name))) for name in HEADLINE)] for group in groups]
    return pd.DataFrame(rows, columns=["questions", *(name.replace("_", " ") for name in HEADLINE)])


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    apart = f", {figure.unscored} not scored" if figure.unscored else ""
    return f"{figure.value:.2f} ({figure.low:.2f}–{figure.high:.2f}), n {figure.n}{apart}"


def _by_type(records: Sequence[Record]) -> pd.DataFrame:
    kinds: dict[str, list[bool]] = {}
    for record in records:
        if (verdict := verdict_of(record)) != "not scored":
            kinds.setdefault(record.case.question.type or "none", []).append(verdict == "right")
    rows = [(kind.replace("_", " "), sum(right) / len(right)) for kind, right in kinds.items()]
    return pd.DataFrame(rows, columns=["type", "right"])


def _curve(records: Sequence[Record]) -> pd.DataFrame:
    return pd.DataFrame(risk_coverage(*confidences(records)), columns=["coverage", "risk"])


def _history(desk: Desk, found: Run) -> pd.DataFrame:
    """The headline of every run of the same set by the same system, by the time when it was begun."""
    runs = [read_run(desk.folder(name)) for name in reversed(desk.finished())]
    rows = [
        (one.started[:19].replace("T", " "), figure["metric"].replace("_", " "), figure["value"])
        for one in runs
        if (one.set, one.system) == (found.set, found.system)
        for figure in one.figures
        if figure["group"] == ALL and figure["metric"] in ("answered", "evidence_cited", "abstained")
    ]
    return pd.DataFrame(rows, columns=["run", "metric", "share"])


def _list(records: Sequence[Record], only: str) -> pd.DataFrame:
    rows = [
        [
            verdict,
            record.case.question.question,
            record.case.question.type,
            record.case.question.behaviour.replace("_", " "),
            f"{record.case.answer.confidence:.2f}" if record.case.answer else "–",
            record.id,
        ]
        for record in records
        if (verdict := verdict_of(record)) == only or only == "all"
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _opened(desk: Desk, name: str, identifier: str) -> str:
    """A question of a run with its answer, its citations in their passages, and the reason of each score."""
    try:
        folder = desk.folder(name)
        record = next((one for one in read_records(folder) if one.id == identifier), None)
        if record is None:
            raise UserError(f"The run {name} has no question {identifier!r}.")
        return question_html(record, desk.assistant(read_run(folder)))
    except UserError as error:
        return _said(str(error))


def _said(words: str) -> str:
    return f'<p class="meta" role="status">{render.escaped(words)}</p>'


def _lead() -> str:
    terms = "".join(f"<dt>{name.replace('_', ' ')}</dt><dd>{METRICS[name].says}</dd>" for name in HEADLINE)
    return f'<h1>Evaluation</h1><details class="meta"><summary>What the figures say</summary><dl>{terms}</dl></details>'


Mount = Callable[[FastAPI, Site], None]
