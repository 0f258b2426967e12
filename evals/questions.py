"""Question sets: JSON Lines, a question a line, in the format of the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.types import Turn
from corpus.errors import UserError

BEHAVIOURS = ("answer", "abstain", "correct_premise", "partial")


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what a good answer does. `evidence` holds exact quotes that citations cover."""

    id: str
    question: str
    behaviour: str
    type: str
    evidence: tuple[str, ...] = ()
    must_include: tuple[str, ...] = ()
    must_not_include: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()

    @property
    def answerable(self) -> bool:
        return self.behaviour != "abstain"


def read_questions(path: Path) -> list[Question]:
    """The questions of a set. Raises UserError naming `file:line` of the first bad line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The question set {path} cannot be read ({error}).") from error
    questions = [_question(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise UserError(f"The question set {path} is empty: expected a JSON object a line.")
    return questions


def _question(path: Path, number: int, line: str) -> Question:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UserError(f"{path}:{number}: found {line[:60]!r}, expected a JSON object ({error}).") from error
    if not isinstance(row, Mapping) or not isinstance(row.get("question"), str):
        raise UserError(f'{path}:{number}: found {line[:60]!r}, expected an object with a "question" in words.')
    if row.get("behaviour") not in BEHAVIOURS:
        raise UserError(
            f"{path}:{number}: found behaviour {row.get('behaviour')!r}, expected one of {', '.join(BEHAVIOURS)}."
        )
    return Question(
        id=str(row.get("id", number)),
        question=row["question"],
        behaviour=row["behaviour"],
        type=str(row.get("type", "")),
        evidence=tuple(_quote(item) for item in row.get("evidence", ())),
        must_include=tuple(row.get("must_include", ())),
        must_not_include=tuple(row.get("must_not_include", ())),
        history=tuple(Turn(turn["role"], turn["content"]) for turn in row.get("history", ())),
    )


def _quote(item: Any) -> str:
    return str(item["quote"]) if isinstance(item, Mapping) else str(item)
