"""Where a long text holds, or closely follows, one of some wordings.

Two signs make a place worth a look: runs of three words that a wording has too, and many of its
words of content close together. What is found is compared word by word afterwards, so these signs
need only miss nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from corpus.spans import Span
from corpus.wording import folded

_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LETTERS = rf"[^\W_{_UNSPACED}]"
_TOKEN = re.compile(rf"[{_UNSPACED}]|{_LETTERS}+(?:(?:[\u00ad\u200b]|[-\u2010\u00ad][ \t]*\r?\n\s*)+{_LETTERS}+)*")
_JOINT = re.compile(r"[\u00ad\u200b]|[-\u2010][ \t]*\r?\n\s*|\s+")
_RUN = 3
# So many runs of three words, or this share of the words of content, make a place worth a look.
_FEWEST_RUNS = 4
_CONTENT_SHARE = 0.5
_CONTENT_LETTERS = 4
# A place is looked at with so much of its surroundings, in words.
_MARGIN = 12
# And with so many marks and blanks before its first word and after its last one, in characters.
_MARKS = 4

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text seems to follow the wording with a number: `text[start:end]`, with some words around."""

    wording: int
    start: int
    end: int
    runs: int


class Locator:
    """Finds the places where texts follow one of some wordings. Made once, used for many texts."""

    def __init__(self, wordings: Sequence[str]) -> None:
        tokens = [[_plain(match.group()) for match in _TOKEN.finditer(text)] for text in wordings]
        self._ids = {token: at for at, token in enumerate(dict.fromkeys(t for some in tokens for t in some), 1)}
        self._base = len(self._ids) + 1
        ids = [np.array([self._ids[token] for token in some], np.int64) for some in tokens]
        self._lengths = [len(some) for some in tokens]
        self._runs = [np.unique(self._runs_of(some)) for some in ids]
        self._content = [
            np.array(sorted({self._ids[token] for token in some if _is_content(token)}), np.int64) for some in tokens
        ]

    def places(self, text: str) -> list[Place]:
        """The places in reading order for each wording. Those of one wording do not overlap."""
        spans = [match.span() for match in _TOKEN.finditer(text)]
        if not spans:
            return []
        cache: dict[str, int] = {}
        ids = np.array([self._id(text[start:end], cache) for start, end in spans], np.int64)
        runs = self._runs_of(ids)
        return [place for number in range(len(self._lengths)) for place in self._places_of(number, ids, runs, spans)]

    def _places_of(self, number: int, ids: Ids, runs: Ids, spans: Sequence[Span]) -> Iterator[Place]:
        length = self._lengths[number]
        hits = np.flatnonzero(np.isin(runs, self._runs[number]))
        groups = [(a, b + _RUN) for a, b in _groups(hits, runs, max(8, length // 2), _FEWEST_RUNS)]
        groups += self._dense(number, ids)
        for start, end in _merged(groups, _MARGIN):
            missing = max(0, length - (end - start))
            first = max(0, start - _MARGIN - missing)
            last = min(len(spans), end + _MARGIN + missing) - 1
            within = int(np.count_nonzero((hits >= start) & (hits < end)))
            yield Place(number, _opened(spans, first), _closed(spans, last), within)

    def _dense(self, number: int, ids: Ids) -> list[Span]:
        """Where many of a wording's words of content stand close together."""
        content = self._content[number]
        wanted = max(4, int(_CONTENT_SHARE * len(content)))
        hits = np.flatnonzero(np.isin(ids, content))
        if len(content) < wanted or len(hits) < wanted:
            return []
        found: list[Span] = []
        counts: Counter[int] = Counter()
        reach = int(1.3 * self._lengths[number])
        first = 0
        for last, at in enumerate(hits):
            counts[int(ids[at])] += 1
            while at - hits[first] > reach:
                counts[int(ids[hits[first]])] -= 1
                if not counts[int(ids[hits[first]])]:
                    del counts[int(ids[hits[first]])]
                first += 1
            if len(counts) >= wanted:
                found.append((int(hits[first]), int(hits[last]) + 1))
        return _merged(found, 0)

    def _runs_of(self, ids: Ids) -> Ids:
        """A number for each run of three known words; below zero where one is unknown."""
        if len(ids) < _RUN:
            return np.zeros(0, np.int64)
        columns = [ids[at : len(ids) - _RUN + 1 + at] for at in range(_RUN)]
        known = np.logical_and.reduce([column > 0 for column in columns])
        number = (columns[0] * self._base + columns[1]) * self._base + columns[2]
        return np.where(known, number, -1)

    def _id(self, token: str, cache: dict[str, int]) -> int:
        found = cache.get(token)
        if found is None:
            found = cache[token] = self._ids.get(_plain(token), 0)
        return found


def _opened(spans: Sequence[Span], first: int) -> int:
    """Where a place begins: with the marks before its first word."""
    before = spans[first - 1][1] if first else 0
    return max(before, spans[first][0] - _MARKS)


def _closed(spans: Sequence[Span], last: int) -> int:
    """Where a place ends: after the marks that follow its last word."""
    end = spans[last][1]
    return min(spans[last + 1][0], end + _MARKS) if last + 1 < len(spans) else end + _MARKS


def _plain(token: str) -> str:
    return token.lower() if token.isascii() and token.isalnum() else folded(_JOINT.sub("", token))


def _is_content(token: str) -> bool:
    return len(token) >= _CONTENT_LETTERS or not token.isascii() or token.isdigit()


def _groups(hits: Ids, runs: Ids, reach: int, fewest: int) -> list[Span]:
    """Hits that lie near each other, where they are of enough different runs."""
    if not len(hits):
        return []
    cuts = np.flatnonzero(np.diff(hits) > reach) + 1
    groups = np.split(hits, cuts)
    return [(int(group[0]), int(group[-1])) for group in groups if len(np.unique(runs[group])) >= fewest]


def _merged(found: Sequence[Span], gap: int) -> list[Span]:
    """Spans that overlap or lie within a gap of each other as one."""
    kept: list[Span] = []
    for start, end in sorted(found):
        if kept and start <= kept[-1][1] + gap:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept
