"""The files of a run: `run.json` says what was run and how, `records.jsonl` has a line for each question.

Each record holds the question, where its evidence stands, the answer, what was retrieved for it,
and every score with its reason: a report or a comparison needs nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assistant.types import Answer, answer_of
from corpus.errors import UserError
from evals.evidence import Evidence, Place
from evals.questions import Question, question_of

FORMAT = 1
RUN = "run.json"
RECORDS = "records.jsonl"


@dataclass(frozen=True, slots=True)
class Score:
    """A score in [0, 1], higher is better, and why it is so; None where it could not be given."""

    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was retrieved, and where its section begins."""

    passage_id: str
    document_id: str
    start: int
    end: int
    section: int


@dataclass(frozen=True, slots=True)
class Case:
    """A question that was asked: `answer` is None where `error` says why there is none.

    `retrieved` is None where the search could not be looked at. `repeats` and `variants` are the
    answers to the same question once more, and to other spellings of it.
    """

    question: Question
    evidence: Evidence
    answer: Answer | None
    error: str | None = None
    retrieved: tuple[Found, ...] | None = None
    repeats: tuple[Answer, ...] = ()
    variants: tuple[tuple[str, Answer], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A case with its scores by their scorer's name; what does not apply is left out."""

    case: Case
    scores: Mapping[str, Score]

    @property
    def id(self) -> str:
        return self.case.question.id


@dataclass(frozen=True, slots=True)
class Run:
    """What was run: the set, the configuration and the index, each with a digest, and when (seconds, UTC)."""

    set: str
    set_path: str
    set_sha256: str
    questions: int
    system: str
    configuration: Mapping[str, Any]
    index_version: str
    started: str
    seconds: float = 0.0
    finished: bool = False
    format: int = FORMAT
    figures: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def label(self) -> str:
        """The run in a few words."""
        return f"{self.set}, {self.system}, {self.started.replace('T', ' ')[:16]}"


def write_run(folder: Path, run: Run) -> None:
    """Write `run.json`; a run that is cut short leaves the one before."""
    draft = folder / f"{RUN}.new"
    draft.write_text(json.dumps(asdict(run), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / RUN)


def read_run(folder: Path) -> Run:
    """Raises UserError where the folder holds no run, or one of another version."""
    try:
        row = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{folder} is no run folder: expected a {RUN} in it, as `assistant evals run` writes."
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{folder / RUN} cannot be read ({error}): run the set again.") from error
    if not isinstance(row, dict) or row.get("format") != FORMAT:
        found = row.get("format") if isinstance(row, dict) else None
        raise UserError(f"{folder / RUN} has format {found!r}, this program reads {FORMAT}: run the set again.")
    try:
        return Run(**row)
    except TypeError as error:
        raise UserError(f"{folder / RUN} is no run that this program wrote ({error}): run the set again.") from error


def read_records(folder: Path) -> list[Record]:
    """The records of a run in their order; a last line that was cut short is none.

    Raises UserError, naming the line, where one cannot be read.
    """
    path = folder / RECORDS
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    records = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            records.append(record_of(json.loads(line), f"{path}:{number}"))
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"{path}:{number}: it is no record ({error}): run the set again.") from error
    return records


def as_row(record: Record) -> dict[str, Any]:
    """A record as plain JSON values."""
    case = record.case
    return {
        "id": record.id,
        "question": case.question.as_dict(),
        "place": case.question.place,
        "evidence": [[asdict(place) for place in places] for places in case.evidence],
        "answer": case.answer.as_dict() if case.answer else None,
        "error": case.error,
        "retrieved": None if case.retrieved is None else [asdict(found) for found in case.retrieved],
        "repeats": [answer.as_dict() for answer in case.repeats],
        "variants": [{"question": text, "answer": answer.as_dict()} for text, answer in case.variants],
        "scores": {name: asdict(score) for name, score in record.scores.items()},
    }


def record_of(row: Mapping[str, Any], place: str) -> Record:
    """A record from what `as_row` gives."""
    case = Case(
        question=question_of(row.get("place", place), row["question"], 0),
        evidence=[[Place(**one) for one in places] for places in row["evidence"]],
        answer=answer_of(row["answer"]) if row["answer"] else None,
        error=row["error"],
        retrieved=None if row["retrieved"] is None else tuple(Found(**found) for found in row["retrieved"]),
        repeats=tuple(answer_of(answer) for answer in row["repeats"]),
        variants=tuple((variant["question"], answer_of(variant["answer"])) for variant in row["variants"]),
    )
    return Record(case, {name: Score(**score) for name, score in row["scores"].items()})
