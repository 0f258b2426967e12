"""Questions from a file of JSON Lines, an answer record for each line, in order."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.ask import Assistant
from assistant.question import check_question
from assistant.types import Turn
from corpus.errors import UserError

Line = tuple[int, str]


def read_lines(path: Path) -> list[Line]:
    """The numbered lines of a file that hold something; "-" is standard input."""
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): give a file of JSON Lines.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8.") from error
    # Only a line feed ends a line of JSON Lines; U+2028 and others may stand inside a string.
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def answer_lines(
    assistant: Assistant, path: Path, lines: Sequence[Line]
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """For each line its answer record and, where it held no question, the problem in words.

    No line is skipped: one that cannot be answered gets a record that says so.
    """
    for number, line in lines:
        identifier: Any = None
        question = line.strip()
        try:
            row = _row(line)
            # Known before the rest is read, so that a problem is told with them.
            identifier = row.get("id")
            question = _text(row, "question")
            check_question(question)
            answer = assistant.ask(question, _history(row), id=identifier)
        except UserError as error:
            yield _problem(assistant, path, number, question, identifier, str(error))
        except Exception as error:  # noqa: BLE001 - a fault costs its line, never those after it
            fault = f"This question met a fault of the program ({type(error).__name__}); please report it."
            yield _problem(assistant, path, number, question, identifier, fault)
        else:
            yield answer.as_dict(), None


def _problem(
    assistant: Assistant, path: Path, number: int, question: str, identifier: Any, words: str
) -> tuple[dict[str, Any], str]:
    # Half a character could not be written out again.
    shown = question.encode("utf-8", "replace").decode()
    return assistant.unanswerable(shown, words, id=identifier).as_dict(), f"{path}:{number}: {words}"


def question_in(line: str) -> tuple[str, list[Turn], Any]:
    """The question, the history and the id of a JSON object in the contract's shape. Raises UserError in words."""
    row = _row(line)
    return _text(row, "question"), _history(row), row.get("id")


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_no_number)
    except ValueError as error:
        raise UserError(f"Found {line.strip()[:60]!r}, expected a JSON object with a question ({error}).") from error
    if not isinstance(row, dict):
        raise UserError(f"Found {line.strip()[:60]!r}, expected a JSON object with a question.")
    return row


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise UserError(f"Found {key} = {value!r}, expected it as a string.")
    return value


def _history(row: dict[str, Any]) -> list[Turn]:
    history = row.get("history") or []
    if not isinstance(history, list) or not all(isinstance(turn, dict) for turn in history):
        raise UserError('Found a history that is no list of {"role", "content"}.')
    return [Turn(_text(turn, "role"), _text(turn, "content")) for turn in history]
