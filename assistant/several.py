"""Several terms in one question: acronyms to spell out, terms to define."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from assistant.language import either, plain, tables
from assistant.parts import cues

# Who asks for more at once asks for no definitions; and every part is compared with every name.
_MOST_TIES = 8


@cache
def _ties() -> str:
    """The words that tie names together, in all languages."""
    return either([*cues().either, *(tie for phrases in tables().values() for tie in phrases.conjunctions)])


@cache
def _spaced() -> str:
    return rf"\s*[,;/&+、，]\s*(?:(?:{_ties()})\s+)?|\s+(?:{_ties()})\s+"


@cache
def _between() -> re.Pattern[str]:
    return re.compile("|".join((_spaced(), *cues().tying)))


def acronyms_in(text: str, spells_out: Callable[[str], bool]) -> list[str]:
    """The acronyms that a text names one after the other; those that the documents spell out in small letters too."""
    run = rf"\w{{2,}}(?:(?:{_spaced()})\w{{2,}})+"
    for match in re.finditer(rf"(?<!\w){run}(?!\w)", text):
        words = [word for word in re.findall(r"\w{2,}", match.group()) if not re.fullmatch(_ties(), plain(word))]
        if all(_is_short(word) or spells_out(word) for word in words):
            return list(dict.fromkeys(words))
    return []


def _is_short(word: str) -> bool:
    return sum(letter.isupper() for letter in word) > 1


def terms_in(asked: str, name_of: Callable[[str], str | None]) -> list[str]:
    """The terms that are asked for together, each under its name; empty where one part is no term.

    `name_of` gives the name of a term that is known. A name may hold "and" itself: the longest is taken.

    >>> names = {"ropes and nets": "ropes and nets", "a buoy": "buoy"}
    >>> terms_in("ropes and nets and a buoy", names.get), terms_in("ropes and knots", names.get)
    (['ropes and nets', 'buoy'], [])
    """
    ties = list(_between().finditer(asked))
    if len(ties) > _MOST_TIES:
        return []
    starts, ends = [0, *(tie.end() for tie in ties)], [*(tie.start() for tie in ties), len(asked)]
    found: list[str] = []
    at = 0
    while at < len(starts):
        longest_first = ((name_of(asked[starts[at] : ends[last]]), last) for last in reversed(range(at, len(ends))))
        name, last = next(((name, last) for name, last in longest_first if name), (None, at))
        if name is None:
            return []
        found.append(name)
        at = last + 1
    return found
