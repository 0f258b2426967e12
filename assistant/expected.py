"""The kind of thing that a question asks for, and whether a text holds one. Everything is data in `expected.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assistant.language import pattern, plain, tables, whole_word

_TABLE = Path(__file__).with_name("expected.toml")
_COUNTS = ("number",)
# What may stand among names, a word or a remark in brackets; so many other words may tell somebody's role.
_TOGETHER = re.compile(r"[^\W\d_]\.(?=\s)|[^\W\d_][\w’'-]*|\([^()]*\)|\S")
_ROLE_WORDS = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: how it is asked for in English, what it looks like, and what its absence means."""

    asks: re.Pattern[str]
    holds: re.Pattern[str]
    decides: bool
    reason: str


@cache
def kinds() -> Mapping[str, Kind]:
    """The kinds by name, the more special first."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {
        name: Kind(
            asks=re.compile("|".join(row["asks"])),
            holds=re.compile("|".join(row["holds"])),
            decides=row["decides"],
            reason=row["reason"],
        )
        for name, row in table["kinds"].items()
    }


@cache
def _calendar() -> re.Pattern[str]:
    return re.compile("|".join(tomllib.loads(_TABLE.read_text(encoding="utf-8"))["calendar"]))


@cache
def _nameless() -> re.Pattern[str]:
    return re.compile("|".join(tomllib.loads(_TABLE.read_text(encoding="utf-8"))["nameless"]))


@cache
def _months() -> tuple[re.Pattern[str], ...]:
    months = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["months"]
    # A month has a capital or a number beside it: "may" is a verb.
    return tuple(
        re.compile(rf"\b(?:{one})\b(?=\W+(?:\w+\W+){{0,2}}\d)|\d\W+(?:\w+\W+)?(?:{one})\b", re.I) for one in months
    )


@cache
def _together() -> tuple[frozenset[str], frozenset[str]]:
    """What stands between the names of people who did something together, and what stands inside a name or a role."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["named_together"]
    return frozenset(table["joins"]), frozenset(table["inside"])


def with_others(text: str, end: int) -> int:
    """Where the names end that a text tells together with the one that ends at `end`, their roles included.

    A last one of whom something else is told is not one of them.

    >>> text = "It is by Ann Lee (chair), the clerk Bo Ek and Cy Day. Others helped."
    >>> text[9:with_others(text, 16)], with_others("Ann Lee spoke, and Bo Ek listened.", 7)
    ('Ann Lee (chair), the clerk Bo Ek and Cy Day', 7)
    """
    joins, inside = _together()
    joined, name, between, whole = False, end, 0, end
    for token in _TOGETHER.finditer(text, end):
        word = token[0]
        if word in joins:
            whole = whole if between else name
            joined, between = True, 0
        elif word.startswith("(") or word in inside:
            continue
        elif not joined or not word[0].isalpha() or word in tables()["en"].function or between > _ROLE_WORDS:
            break
        elif word[0].isupper():
            name, between = token.end(), 0
        else:
            between += 1
    return whole if between else name


def is_nameless(word: str) -> bool:
    """Whether a word with a capital is a month, a weekday or a language, which name nobody.

    >>> is_nameless("March"), is_nameless("Marchmont")
    (True, False)
    """
    return bool(_calendar().fullmatch(word) or _nameless().fullmatch(word))


def months(text: str) -> set[int]:
    """The months of the dates in a text, by their number from 1.

    >>> months("in March 2023, as it may be")
    {3}
    """
    return {number for number, month in enumerate(_months(), 1) if month.search(text)}


def expected(text: str, language: str, english: str | None = None) -> str | None:
    """The kind of thing that a question asks for, the first one that fits; None where it asks for none of them.

    `english` is the question in English where its language is another one.

    >>> expected("How heavy is a crate?", "en"), expected("Is it heavy?", "en")
    ('weight', None)
    """
    asked = plain(english if english is not None else text)
    if language == "en" or english is not None:
        found = next((name for name, kind in kinds().items() if kind.asks.search(asked)), None)
        if found or language == "en":
            return found
    asked = plain(text)
    for kind, phrases in tables()[language].expects.items():
        if any(pattern(whole_word(phrase)).search(asked) for phrase in phrases):
            return kind
    return None


def holds_expected(kind: str, text: str) -> bool:
    """Whether a text holds a thing of a kind.

    >>> holds_expected("number", "in October 2023"), holds_expected("number", "in 3 towns")
    (False, True)
    """
    if kind in _COUNTS:
        # A year or a date is no count of anything.
        text = _calendar().sub(" ", text)
    return bool(kinds()[kind].holds.search(text))
