"""Acronyms and what they stand for, mined from "name (ABC)" in the documents themselves.

Acronyms often stand in headings only, with the definition below them, so passages are indexed
with the expansions, and questions are expanded by them. After Schwartz and Hearst (2003), "A simple
algorithm for identifying abbreviation definitions in biomedical text", for the case in which the
letters are the initials of the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from corpus.types import Document

_BRACKETED = re.compile(r"\(([A-Z][A-Z&]{1,7}s?)\)")
_WORD = re.compile(r"\w+(?:[’'&-]\w+)*")
_SMALL_WORDS = frozenset(
    ("a", "an", "and", "de", "der", "du", "et", "for", "in", "la", "of", "on", "or", "the", "to", "und", "y")
)


@dataclass(frozen=True, slots=True)
class Acronym:
    """`short` as written, `long` the words it stands for, and the span of both together."""

    short: str
    long: str
    document_id: str
    start: int
    end: int


def mine(document: Document) -> list[Acronym]:
    """Every "name (ABC)" of a document, in reading order."""
    return [
        Acronym(match[1], document.text[start : match.start()].rstrip(), document.id, start, match.end())
        for match in _BRACKETED.finditer(document.text)
        if (start := _long_form_start(document.text, match.start(), match[1])) is not None
    ]


def singular(acronym: str) -> str:
    """The acronym without a plural "s", in capitals.

    >>> singular("STPs"), singular("aois"), singular("OIS")
    ('STP', 'AOI', 'OIS')
    """
    if acronym[-1:] == "s" and len(acronym) > 2 and (acronym[:-1].isupper() or acronym.islower()):
        acronym = acronym[:-1]
    return acronym.upper()


class AcronymTable:
    """The acronyms of a corpus, the first mention of each, found by the words of a text.

    `is_ordinary` tells of an acronym whether what it looks like in small letters is a word of its
    own in the corpus, as "all" and "age" are: then only capitals mean the acronym.
    """

    def __init__(self, acronyms: Iterable[Acronym], is_ordinary: Callable[[Acronym], bool] = lambda _: False) -> None:
        self._is_ordinary = is_ordinary
        self._by_short: dict[str, Acronym] = {}
        for acronym in acronyms:
            self._by_short.setdefault(singular(acronym.short), acronym)
        self._by_first_word: dict[str, list[Acronym]] = {}
        for acronym in self._by_short.values():
            first = _WORD.findall(acronym.long)[0].lower()
            self._by_first_word.setdefault(first, []).append(acronym)

    def find(self, short: str) -> Acronym | None:
        """The acronym with this short form, singular or plural, in any case."""
        typed = short.strip()
        # "ois" may be "OIS" or the plural of "OI": as it stands comes first.
        return (self._by_short.get(typed.upper()) or self._by_short.get(singular(typed))) if typed else None

    def spoken_of(self, text: str) -> list[Acronym]:
        """The acronyms whose short or long form stands in a text."""
        words = dict.fromkeys(_WORD.findall(text))
        lower = text.lower()
        shouted = text.isupper()
        found = {acronym.short: acronym for word in words if (acronym := self._meant_by(word, shouted=shouted))}
        for word in words:
            for acronym in self._by_first_word.get(word.lower(), ()):
                if acronym.long.lower() in lower:
                    found[acronym.short] = acronym
        return list(found.values())

    def _meant_by(self, word: str, *, shouted: bool) -> Acronym | None:
        acronym = self.find(word)
        if acronym is None or (_is_form_of(word, singular(acronym.short)) and not shouted):
            return acronym
        return None if self._is_ordinary(acronym) else acronym

    def expanded(self, text: str) -> str:
        """A text with what its acronyms stand for."""
        lower = text.lower()
        return " ".join([text, *(a.long for a in self.spoken_of(text) if a.long.lower() not in lower)])

    def other_forms(self, text: str) -> str:
        """A text with the acronyms of what it spells out; one of acronyms alone, with what they stand for.

        Beside other words, what an acronym stands for would outweigh them.
        """
        lower = text.lower()
        found = self.spoken_of(text)
        shorts = [singular(acronym.short) for acronym in found if acronym.long.lower() in lower]
        alone = all(self.find(word) for word in _WORD.findall(text))
        return " ".join(
            [text, *shorts, *(acronym.long for acronym in found if alone and acronym.long.lower() not in lower)]
        )


def missing_forms(acronym: Acronym, text: str) -> list[str]:
    """The forms of an acronym that a text speaks of without holding them, so that each finds the other."""
    short = singular(acronym.short)
    words = set(_WORD.findall(text))
    has_long = acronym.long.lower() in text.lower()
    if not has_long and not any(_is_form_of(word, short) for word in words):
        return []
    return [*([] if has_long else [acronym.long]), *([] if short in words else [short])]


def _is_form_of(word: str, short: str) -> bool:
    return word in (short, f"{short}s")


def _long_form_start(text: str, bracket: int, short: str) -> int | None:
    """Where the words begin whose initials are the acronym's letters; None where they are not."""
    letters = [letter.lower() for letter in short.rstrip("s") if letter.isalpha()]
    line_start = text.rfind("\n", 0, bracket) + 1
    words = list(_WORD.finditer(text, max(line_start, bracket - 120), bracket))
    start = bracket
    while words and letters:
        word = words.pop()
        if word.group()[0].lower() == letters[-1]:
            letters.pop()
        elif word.group().lower() not in _SMALL_WORDS:
            return None
        start = word.start()
    return None if letters else start
