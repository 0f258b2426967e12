"""Question sets in the format of the contract: JSON Lines, or a table (CSV, XLSX) as staff write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from assistant.types import Turn
from corpus.errors import UserError
from evals.tables import TABLES, read_table

BEHAVIOURS = ("answer", "abstain", "correct_premise", "partial")
SETS = Path(__file__).parent / "sets"
_ROLES = ("user", "assistant")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of evidence: words that stand in a document exactly so; in any document where `document_id` is None."""

    quote: str
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what a good answer does.

    `evidence` are quotes that citations must cover, `must_include` strings that the answer must
    hold (`a|b` are alternatives), `answer` a reference for people. `place` is where the question
    stands, as `file:line`.
    """

    id: str
    question: str
    behaviour: str
    type: str = ""
    evidence: tuple[Quote, ...] = ()
    must_include: tuple[str, ...] = ()
    must_not_include: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    answer: str = ""
    place: str = ""

    @property
    def answerable(self) -> bool:
        return self.behaviour != "abstain"

    def as_dict(self) -> dict[str, Any]:
        """The question in the contract's JSON shape, without what is empty."""
        row = {
            "id": self.id,
            "question": self.question,
            "behaviour": self.behaviour,
            "type": self.type,
            "evidence": [
                {"document_id": one.document_id, "quote": one.quote} if one.document_id else one.quote
                for one in self.evidence
            ],
            "must_include": list(self.must_include),
            "must_not_include": list(self.must_not_include),
            "history": [{"role": turn.role, "content": turn.content} for turn in self.history],
            "answer": self.answer,
        }
        return {key: value for key, value in row.items() if value or key in ("id", "question", "behaviour")}


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions with the file that they come from. `sha256` is that of its bytes."""

    name: str
    path: Path
    sha256: str
    questions: tuple[Question, ...]


def find_set(name: str) -> Path:
    """The file of a set, given by its path or by the name of one that ships. Raises UserError where there is none."""
    for path in (Path(name), SETS / f"{name}.jsonl"):
        if path.is_file():
            return path
    shipped = ", ".join(sorted(path.stem for path in SETS.glob("*.jsonl")))
    raise UserError(f"There is no question set {name!r}: give a file (JSON Lines, CSV or XLSX), or one of {shipped}.")


def read_set(name: str) -> QuestionSet:
    """A set by its path, or by the name of one that ships. Raises UserError as `read_questions` does."""
    path = find_set(name)
    return QuestionSet(path.stem, path, sha256(path.read_bytes()).hexdigest(), tuple(read_questions(path)))


def read_questions(path: Path) -> list[Question]:
    """The questions of a set. Raises UserError naming `file:line` of the first bad line."""
    rows = read_table(path) if path.suffix.lower() in TABLES else _json_lines(path)
    questions = [question_of(f"{path}:{number}", row, number) for number, row in rows]
    if not questions:
        raise UserError(f"The question set {path} is empty: expected a JSON object a line, or a table with a row each.")
    seen: dict[str, str] = {}
    for question in questions:
        if (before := seen.setdefault(question.id, question.place)) != question.place:
            raise UserError(
                f"{question.place}: found the id {question.id!r} again, which {before} has; give each its own."
            )
    return questions


def _json_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        # Only a line feed ends a line of JSON Lines; U+2028 and others may stand inside a string.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The question set {path} cannot be read ({error}).") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}:{number}: found {line[:_SHOWN]!r}, expected a JSON object ({error}).") from error
        if not isinstance(row, Mapping):
            raise UserError(f"{path}:{number}: found {line[:_SHOWN]!r}, expected a JSON object in braces.")
        yield number, row


def question_of(place: str, row: Mapping[str, Any], number: int) -> Question:
    """A question from a row of the contract's shape. Raises UserError that names `place` and what was expected."""
    unknown = sorted(set(row) - set(_FIELDS))
    if unknown:
        raise UserError(f"{place}: found the key {unknown[0]!r}, expected only {', '.join(_FIELDS)}.")
    values = {key: _FIELDS[key](place, key, row[key]) for key in _FIELDS if row.get(key) is not None}
    for needed in ("question", "behaviour"):
        if not values.get(needed):
            raise UserError(f'{place}: found no "{needed}", expected one in words.')
    if values["behaviour"] not in BEHAVIOURS:
        raise UserError(f"{place}: found behaviour {values['behaviour']!r}, expected one of {', '.join(BEHAVIOURS)}.")
    if values["behaviour"] == "abstain" and values.get("evidence"):
        raise UserError(f"{place}: found evidence for a question to abstain from; take it out, or let it be answered.")
    return Question(**{**values, "id": values.get("id") or str(number), "place": place})


def _text(place: str, key: str, value: Any) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value).strip()
    raise UserError(f"{place}: found {key} {str(value)[:_SHOWN]!r}, expected words.")


def _texts(place: str, key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise UserError(f"{place}: found {key} {str(value)[:_SHOWN]!r}, expected a list of strings.")


def _evidence(place: str, key: str, value: Any) -> tuple[Quote, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_quote(place, key, item) for item in value)
    raise UserError(f"{place}: found {key} {str(value)[:_SHOWN]!r}, expected a list of quotes.")


def _quote(place: str, key: str, item: Any) -> Quote:
    if isinstance(item, str) and item.strip():
        return Quote(item)
    if isinstance(item, Mapping) and set(item) <= {"document_id", "quote"}:
        quote, document = item.get("quote"), item.get("document_id")
        if isinstance(quote, str) and quote.strip() and (document is None or isinstance(document, str)):
            return Quote(quote, document)
    raise UserError(
        f'{place}: found {key} {str(item)[:_SHOWN]!r}, expected a quote, or {{"document_id": …, "quote": …}}.'
    )


def _history(place: str, key: str, value: Any) -> tuple[Turn, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        turns = [item for item in value if isinstance(item, Mapping) and item.get("role") in _ROLES]
        if len(turns) == len(value) and all(isinstance(turn.get("content"), str) for turn in turns):
            return tuple(Turn(turn["role"], turn["content"]) for turn in turns)
    raise UserError(
        f"{place}: found {key} {str(value)[:_SHOWN]!r}, expected a list of "
        '{"role": "user" or "assistant", "content": …}.'
    )


_FIELDS: Mapping[str, Callable[[str, str, Any], Any]] = {
    "id": _text, "question": _text, "behaviour": _text, "type": _text, "evidence": _evidence,
    "must_include": _texts, "must_not_include": _texts, "history": _history, "answer": _text,
}  # fmt: skip
