"""Run a question set: ask, score, write down as it goes. A run that was stopped can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from assistant.ask import Assistant
from assistant.types import Answer
from corpus.errors import UserError
from evals.evidence import Evidence, locate
from evals.figures import figures
from evals.judge import Judge, agreement
from evals.questions import Question, QuestionSet
from evals.records import RECORDS, RUN, Case, Record, Run, as_row, read_records, read_run, write_run
from evals.retrieved import Relevance
from evals.scorers import Sources, scores_of
from evals.systems import System
from evals.variants import variants

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a set is run: so many times each question, other spellings too, so many questions at once."""

    repeat: int = 1
    variants: bool = False
    jobs: int = 1
    judge: Judge | None = None
    configuration: tuple[tuple[str, Any], ...] = ()


_ONCE = Options()


def run_set(
    questions: QuestionSet,
    system: System,
    assistant: Assistant,
    folder: Path,
    options: Options = _ONCE,
    progress: Progress | None = None,
) -> tuple[Run, list[Record]]:
    """Ask a system every question of a set that the run in a folder has not asked yet, and score the answers.

    `assistant` is what citations and evidence are held against. Raises UserError where a quote of
    the set is not in its documents, or where the folder holds a run of something else.
    """
    evidence = locate(questions.questions, assistant)
    run = _begun(questions, system, assistant, folder, options)
    done = {record.id: record for record in read_records(folder)}
    asking = _Asking(system, assistant, evidence, options)
    started = perf_counter()
    missing = [question for question in questions.questions if question.id not in done]
    _keep_whole(folder / RECORDS, list(done.values()))
    with (folder / RECORDS).open("a", encoding="utf-8") as file:
        for number, record in enumerate(asking.records(missing), len(done) + 1):
            done[record.id] = record
            file.write(_line(record))
            file.flush()
            if progress:
                progress(number, len(questions.questions))
    records = [done[question.id] for question in questions.questions]
    found = tuple(asdict(figure) for figure in figures(records))
    run = replace(run, finished=True, seconds=round(run.seconds + perf_counter() - started, 2), figures=found)
    write_run(folder, run)
    return run, records


def new_folder(root: Path, name: str) -> Path:
    """A folder for a run, named after its set and the time."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = root / f"{name}-{stamp}"
    number = 1
    while folder.exists():
        number += 1
        folder = root / f"{name}-{stamp}-{number}"
    return folder


def _begun(questions: QuestionSet, system: System, assistant: Assistant, folder: Path, options: Options) -> Run:
    """The run of a folder, as it was begun there or new."""
    run = Run(
        set=questions.name,
        set_path=str(questions.path),
        set_sha256=questions.sha256,
        questions=len(questions.questions),
        system=system.name,
        configuration={
            **dict(options.configuration),
            "repeat": options.repeat,
            "variants": options.variants,
            "judge": options.judge.name if options.judge else None,
        },
        index_version=assistant.index_version,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The run folder {folder} cannot be written ({error.strerror}): name another one.") from error
    if (folder / RUN).exists():
        before = read_run(folder)
        _check_same(folder, before, run)
        return before
    if any(folder.iterdir()):
        raise UserError(f"The folder {folder} holds other things than a run: name an empty or a new one.")
    write_run(folder, run)
    return run


def _check_same(folder: Path, before: Run, now: Run) -> None:
    for key in ("set", "set_sha256", "index_version", "system", "configuration"):
        if getattr(before, key) != getattr(now, key):
            raise UserError(
                f"{folder} holds a run of {before.label} with another {key.replace('_', ' ')}: take that up with what "
                "it was begun with, or name a new folder."
            )


class _Asking:
    """Asks, looks at what was retrieved, and scores."""

    def __init__(self, system: System, assistant: Assistant, evidence: dict[str, Evidence], options: Options) -> None:
        self._system = system
        self._evidence = evidence
        self._options = options
        self._sources = Sources(assistant)
        self._relevance = Relevance(assistant)

    def records(self, questions: Sequence[Question]) -> Iterator[Record]:
        """A record for each question, in their order."""
        if self._options.jobs == 1:
            yield from map(self._record, questions)
            return
        with ThreadPoolExecutor(self._options.jobs) as pool:
            yield from pool.map(self._record, questions)

    def _record(self, question: Question) -> Record:
        case = self._case(question)
        scores = {**scores_of(case, self._sources), **self._relevance.scores(case)}
        if self._options.judge is not None:
            scores |= self._options.judge.scores(case)
            scores |= agreement(scores)
        return Record(case, scores)

    def _case(self, question: Question) -> Case:
        case = Case(question, self._evidence[question.id], None)
        try:
            answer = self._system.ask(question.question, question.history)
            found = self._system.retrieve(answer) if case.evidence else None
            return replace(
                case,
                answer=answer,
                retrieved=None if found is None else tuple(map(self._relevance.found, found)),
                repeats=tuple(self._ask(question.question, question) for _ in range(self._options.repeat - 1)),
                variants=tuple((text, self._ask(text, question)) for text in self._variants(question)),
            )
        except UserError as error:
            return replace(case, answer=None, error=str(error))
        except Exception as error:  # noqa: BLE001 - one question that fails must not end the run; the record says so
            return replace(case, answer=None, error=f"{type(error).__name__}: {error}")

    def _ask(self, text: str, question: Question) -> Answer:
        return self._system.ask(text, question.history)

    def _variants(self, question: Question) -> list[str]:
        return variants(question.question) if self._options.variants else []


def _keep_whole(path: Path, records: Sequence[Record]) -> None:
    """Take off a last line that was cut short."""
    draft = path.with_suffix(".new")
    draft.write_text("".join(map(_line, records)), encoding="utf-8")
    draft.replace(path)


def _line(record: Record) -> str:
    return json.dumps(as_row(record), ensure_ascii=False) + "\n"
