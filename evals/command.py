"""What `assistant evals` does, put together: sets, systems and runs by the settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assistant.ask import Assistant
from assistant.calibration import FILE
from assistant.service import Service, build, reader_of
from assistant.settings import Settings
from corpus.catalogue import SHIPPED_DOCUMENTS
from corpus.errors import UserError
from evals.compare import Comparison, compare
from evals.figures import Figure, figure_of, groups, metric, other_figures, table
from evals.questions import Question, QuestionSet, read_set
from evals.records import RUN, Record, Run, read_records, read_run
from evals.report import write_report
from evals.run import Options, Progress, new_folder, run_set
from evals.systems import REFERENCES, Local, Remote, System
from index.build import Progress as BuildProgress

RUNS = Path(".assistant") / "runs"
_GATE = re.compile(r"([\w@]+)(?:\[([^\]]+)\])?=(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Gate:
    """A metric that must not lie below a value (or, where less is better, above it), over a group of questions."""

    metric: str
    group: str
    value: float

    @classmethod
    def of(cls, text: str) -> Gate:
        """From `METRIC=VALUE` or `METRIC[GROUP]=VALUE`. Raises UserError where it is neither."""
        match = _GATE.fullmatch(text.strip())
        if match is None:
            raise UserError(f"Found the gate {text!r}, expected METRIC=VALUE, such as evidence_cited=0.9.")
        return cls(metric(match[1]).name, match[2] or "all", float(match[3]))

    def problem(self, records: Sequence[Record]) -> str | None:
        """Why the gate does not hold, naming the metric, its value and interval; None where it holds."""
        some = groups(records).get(self.group)
        figure = figure_of(self.metric, self.group, some) if some else None
        if figure is None or not figure.n:
            return f"{self._label} has no value here: no question of this set has a score for it."
        unscored = f"; {figure.unscored} could not be scored" if figure.unscored else ""
        less = not metric(self.metric).higher_is_better
        if figure.value > self.value if less else figure.value < self.value:
            bound = "above" if less else "below"
            return f"{self._label} is {figure} over {figure.n} questions{unscored}, {bound} {self.value:g}."
        return None

    @property
    def _label(self) -> str:
        return self.metric if self.group == "all" else f"{self.metric} of {self.group}"


@dataclass(frozen=True, slots=True)
class Ground:
    """A set with the assistant over the documents that it is about, and the settings for these."""

    questions: QuestionSet
    settings: Settings
    assistant: Assistant


def prepare(name: str, settings: Settings, kinds: Sequence[str] = (), progress: BuildProgress | None = None) -> Ground:
    """Read a set and open the index of its documents, which is built or refreshed first.

    `kinds` leaves only questions of these types.
    """
    questions = _only(read_set(name), kinds)
    settings = settings_for(questions.path, settings)
    return Ground(questions, settings, _opened(settings, progress))


def settings_for(path: Path, settings: Settings) -> Settings:
    """The settings for a set: documents in a folder of its name beside it are its corpus, unless another one is set."""
    beside = path.with_suffix("")
    if not beside.is_dir() or settings.corpus != SHIPPED_DOCUMENTS:
        return settings
    index = RUNS.parent / "evals" / path.stem / "index"
    return settings.model_copy(update={"corpus": beside, "index": str(index)})


def assistant_of(run: Run, settings: Settings) -> Assistant:
    """The assistant over the documents that a run was about. Raises UserError where they have changed since."""
    assistant = _opened(settings_for(Path(run.set_path), settings), None)
    if assistant.index_version != run.index_version:
        raise UserError(
            f"The documents have changed since the run of {run.label} (index {run.index_version}, now "
            f"{assistant.index_version}): run the set again."
        )
    return assistant


def run(
    ground: Ground, system: System, folder: Path, options: Options, progress: Progress | None = None
) -> tuple[Run, list[Record]]:
    """Run a set on a system, and write the report beside the records."""
    configured = replace(options, configuration=tuple(configuration(ground.settings).items()))
    found = run_set(ground.questions, system, ground.assistant, folder, configured, progress)
    write_report(folder, *found, ground.assistant)
    return found


def configuration(settings: Settings) -> dict[str, Any]:
    """What of the settings decides how answers come out."""
    return {"corpus": settings.corpus.name, "encoder": settings.encoder}


def calibrate_sets(
    names: Sequence[str], settings: Settings, progress: BuildProgress | None = None
) -> tuple[Path, list[tuple[str, ...]]]:
    """Fit ranking and gate on sets, write them beside the index of the settings, and give the figures as rows.

    Raises UserError where a set has too few questions, or none of one kind.
    """
    from evals.calibrate import HEADER, before_and_after, fit, labelled_of, read, write

    grounds = [prepare(name, settings, progress=progress) for name in names]
    reader = reader_of(settings)
    sets = [labelled_of(ground.questions, ground.assistant, 1 / len(grounds)) for ground in grounds]
    sets = read(sets, reader) if reader else sets
    found = fit(sets, grounds[0].assistant.snapshot.encoder.name, reader.name if reader else "")
    rows = [HEADER, *before_and_after(sets, grounds[0].assistant.calibration, found)]
    path = settings.index_folder / FILE
    write(path, found, sets)
    return path, rows


def system_of(ground: Ground, url: str | None = None, reference: str | None = None) -> System:
    """The system to ask: the assistant here, the one at an address, or a reference system."""
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(f"Found the address {url!r}, expected one like http://127.0.0.1:7860.")
        return Remote(url)
    if reference is not None:
        if reference not in REFERENCES:
            raise UserError(f"There is no reference system {reference!r}: expected one of {', '.join(REFERENCES)}.")
        system: System = REFERENCES[reference](ground.assistant)
        return system
    return Local(ground.assistant)


def folder_for(ground: Ground) -> Path:
    """A new folder for a run of a set."""
    return new_folder(RUNS, ground.questions.name)


def summary(found: Run, records: Sequence[Record], folder: Path) -> str:
    """The table, the other figures, and where the rest is."""
    shown = [Figure(**figure) for figure in found.figures]
    failed = sum(record.case.answer is None for record in records)
    lines = [
        f"{found.label}: {len(records)} questions in {found.seconds:.0f} s, index {found.index_version}",
        "",
        table(shown),
        "",
        other_figures(shown),
        "",
        "Each figure with its 95 % bootstrap interval over the questions.",
    ]
    if failed:
        lines.append(f"{failed} questions could not be scored; the report says why.")
    return "\n".join([*lines, f"Report: {folder / 'report.html'}"])


def compare_folders(first: Path, second: Path) -> Comparison:
    """Raises UserError where one is no run folder, or was cut short."""
    return compare(_finished(first), _finished(second))


def _finished(folder: Path) -> tuple[Run, list[Record]]:
    found = read_run(folder)
    if not found.finished:
        raise UserError(
            f"The run in {folder / RUN} was stopped before its end: take it up again with "
            f"`assistant evals run {found.set} --resume {folder}`."
        )
    return found, read_records(folder)


def _only(questions: QuestionSet, kinds: Sequence[str]) -> QuestionSet:
    if not kinds:
        return questions
    kept: tuple[Question, ...] = tuple(one for one in questions.questions if one.type in kinds)
    if not kept:
        known = ", ".join(dict.fromkeys(one.type for one in questions.questions if one.type))
        raise UserError(f"No question of {questions.path} has the type {', '.join(kinds)}: expected some of {known}.")
    return QuestionSet(f"{questions.name}-{'-'.join(kinds)}", questions.path, questions.sha256, kept)


def _opened(settings: Settings, progress: BuildProgress | None) -> Assistant:
    # Nothing is built where nothing has changed.
    build(settings, progress=progress)
    return Service(settings).assistant()
