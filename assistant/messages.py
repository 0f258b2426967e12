"""What the assistant says in its own words, in the asker's language: `messages.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from corpus.check import Check
from corpus.differences import Difference

_TABLE = Path(__file__).with_name("messages.toml")
_SHOWN = 6
_LONGEST = 160


def messages(language: str) -> dict[str, dict[str, str]]:
    """What is said in a language; in English where it has no table."""
    table = _all_messages()
    return table.get(language, table["en"])


def model_notice(language: str, name: str, count: int = 0) -> str:
    """What a reader is told of a language model's part in an answer."""
    table = messages(language).get("model") or _all_messages()["en"]["model"]
    return table[name].format(count=count)


def verdict_in_words(found: Check, language: str) -> str:
    """The verdict of a check as a sentence."""
    said = messages(language)["check"][found.verdict]
    other = found.match
    name = "" if other is None else other.term if other.term != found.definition.term else f"{other.term}, {other.body}"
    return said.format(term=found.definition.term, other=name)


def differences_in_words(found: Check, language: str) -> list[str]:
    """The differences of a check, a sentence each; of very many the first ones and how many more there are."""
    said = messages(language)["check"]
    shown = [_in_words(one, said) for one in found.differences[:_SHOWN]]
    more = len(found.differences) - _SHOWN
    return [*shown, said["more"].format(count=more)] if more > 0 else shown


def _in_words(one: Difference, said: dict[str, str]) -> str:
    key = {"replace": "replaced", "delete": "missing", "insert": "added"}[one.operation]
    return said[key].format(canonical=_short(one.canonical), given=_short(one.given))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rsplit(" ", 1)[0] + " …"


@cache
def _all_messages() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))
