"""BM25 over the passages' terms, through bm25s. Higher is better.

What bm25s stores for a term and a passage is the product of the term's rarity and of how much the
term says of that passage. Rarity is a property of the whole index, so it is divided out here and
counted over all parts of an index at query time: an index in two parts ranks as one of a piece.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import bm25s
import numpy as np
import numpy.typing as npt
from bm25s import stopwords as lists

from index.words import words

# Lucene's variant with its usual values; 0.9 and 0.4, which are usual for whole documents, did worse on passages.
_K1 = 1.2
_B = 0.75
_STOP_WORDS = {
    "de": lists.STOPWORDS_GERMAN, "en": lists.STOPWORDS_EN_PLUS, "es": lists.STOPWORDS_SPANISH,
    "fr": lists.STOPWORDS_FRENCH, "it": lists.STOPWORDS_ITALIAN, "nl": lists.STOPWORDS_DUTCH,
    "no": lists.STOPWORDS_NORWEGIAN, "pt": lists.STOPWORDS_PORTUGUESE, "ru": lists.STOPWORDS_RUSSIAN,
    "sv": lists.STOPWORDS_SWEDISH,
}  # fmt: skip
_LENGTH = "average_length.json"
_ROUNDING = 1e-3

Positions = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


class LexicalIndex:
    """The terms of passages, which are given by their position. Memory-mapped, so processes share it."""

    def __init__(self, retriever: bm25s.BM25, average_length: float) -> None:
        self._vocabulary: dict[str, int] = retriever.vocab_dict
        self._by_letter: dict[str, list[str]] | None = None
        # Plain views of what is mapped: a memmap object makes another one at each look.
        self._parts = np.asarray(retriever.scores["data"])
        self._rows = np.asarray(retriever.scores["indices"])
        self._starts = np.asarray(retriever.scores["indptr"])
        self.size = int(retriever.scores["num_docs"])
        self.average_length = average_length

    @classmethod
    def build(cls, passages: Iterable[Sequence[str]], folder: Path, average_length: float | None = None) -> None:
        """Index the terms of each passage and save the result in a new folder.

        `average_length` is in terms a passage, as of the index that this one adds to; their own by default.
        """
        numbers: dict[str, int] = {}
        ids = [np.array([numbers.setdefault(t, len(numbers)) for t in terms], np.int32) for terms in passages]
        own = float(np.mean([len(row) for row in ids])) if ids else 0.0
        average_length = average_length or own
        # k1 and b for which bm25s, which normalises by its own average length, gives what the other one would.
        by_length = _K1 * _B * own / average_length if average_length else 0.0
        k1 = _K1 * (1 - _B) + by_length
        retriever = bm25s.BM25(method="lucene", k1=k1, b=by_length / k1)
        retriever.index(([row.tolist() for row in ids], numbers), show_progress=False)
        _divide_by_rarity(retriever.scores, len(ids))
        retriever.save(str(folder))
        (folder / _LENGTH).write_text(json.dumps(average_length), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open a saved index, memory-mapped."""
        length = float(json.loads((folder / _LENGTH).read_text(encoding="utf-8")))
        return cls(bm25s.BM25.load(str(folder), mmap=True), length)

    def postings(self, term: str) -> tuple[Positions, Scores]:
        """The positions of the passages that hold a term, in order, and what it says of each, in (0, 1)."""
        column = self._vocabulary.get(term)
        if column is None:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        span = slice(int(self._starts[column]), int(self._starts[column + 1]))
        return self._rows[span], self._parts[span]

    def count(self, term: str) -> int:
        """The number of passages that hold a term."""
        column = self._vocabulary.get(term)
        return 0 if column is None else int(self._starts[column + 1] - self._starts[column])

    def beginning_with(self, letter: str) -> Sequence[str]:
        """The terms that begin with a letter, in the order of the index."""
        if self._by_letter is None:
            by_letter: dict[str, list[str]] = {}
            for term in self._vocabulary:
                by_letter.setdefault(term[:1], []).append(term)
            self._by_letter = by_letter
        return self._by_letter.get(letter, ())


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an index; `gone` marks the positions of passages that count no longer, None where all count.

    `lost` is for each term the number of those passages that hold it.
    """

    index: LexicalIndex
    gone: Mask | None = None
    lost: Mapping[str, int] = field(default_factory=dict)

    @property
    def live(self) -> int:
        return self.index.size - (0 if self.gone is None else int(self.gone.sum()))

    def frequency(self, term: str) -> int:
        return self.index.count(term) - self.lost.get(term, 0)


@cache
def stop_words(language: str) -> frozenset[str]:
    """The words of a language that say nothing of what a text is about, as `index.words.words` gives them."""
    return frozenset(word for entry in _STOP_WORDS.get(language, ()) for word in words(entry))


def frequency(parts: Sequence[Part], term: str) -> int:
    """The number of passages that hold a term."""
    return sum(part.frequency(term) for part in parts)


def rarity(parts: Sequence[Part], terms: Iterable[str]) -> dict[str, float]:
    """The inverse document frequency of each term that the index holds (Robertson and Sparck Jones)."""
    total = sum(part.live for part in parts)
    counts = {term: frequency(parts, term) for term in terms}
    return {term: _idf(total, count) for term, count in counts.items() if count}


def best(part: Part, weights: dict[str, float], limit: int) -> list[tuple[int, float]]:
    """The positions with the highest sums of weighted terms, best first; equal scores in reading order.

    `weights` are the terms' rarities. Exact: a common term that cannot bring a new passage among
    the best any more is only added to those found before (Turtle and Flood 1995, "Query
    evaluation: strategies and optimizations", MaxScore).
    """
    scores = np.zeros(part.index.size, np.float32)
    order = sorted(weights, key=lambda term: -weights[term])
    still = sum(weights.values())
    # At least so much has the last of the best found so far: a lower bound that only looks at what a term changed.
    least = -math.inf
    found: Positions | None = None
    for term in order:
        rows, parts = part.index.postings(term)
        if least >= still and (found is not None or len(rows) > limit):
            # What can still come among the best; the tolerance is for sums in another order.
            found = np.flatnonzero(scores) if found is None else found
            found = found[scores[found] >= least - still - _ROUNDING]
        if found is not None:
            at = np.searchsorted(rows, found)
            held = at < len(rows)
            held[held] = rows[at[held]] == found[held]
            scores[found[held]] += weights[term] * parts[at[held]]
        else:
            scores[rows] += weights[term] * parts
            least = max(least, _kth(scores[rows if part.gone is None else rows[~part.gone[rows]]], limit))
        still -= weights[term]
    if part.gone is not None:
        scores[part.gone] = 0.0
    positions = np.flatnonzero(scores) if found is None else found[scores[found] > 0]
    if len(positions) > limit:
        least = -np.partition(-scores[positions], limit - 1)[limit - 1]
        positions = positions[scores[positions] >= least]
    ranked = positions[np.lexsort((positions, -scores[positions]))][:limit]
    return [(int(position), float(scores[position])) for position in ranked]


def scores_of(part: Part, weights: dict[str, float], positions: Sequence[int]) -> list[float]:
    """The scores of given passages, as `best` counts them."""
    wanted = np.asarray(positions, np.int64)
    scores = np.zeros(len(wanted), np.float32)
    for term, weight in weights.items():
        rows, parts = part.index.postings(term)
        at = np.searchsorted(rows, wanted)
        held = at < len(rows)
        held[held] = rows[at[held]] == wanted[held]
        scores[held] += weight * parts[at[held]]
    return [float(score) for score in scores]


def _kth(scores: Scores, limit: int) -> float:
    positive = scores[scores > 0]
    if len(positive) < limit:
        return -math.inf
    return float(np.partition(positive, len(positive) - limit)[len(positive) - limit])


def _idf(total: int, count: int) -> float:
    return math.log(1 + (total - count + 0.5) / (count + 0.5))


def _divide_by_rarity(scores: dict[str, npt.NDArray[np.float32]], total: int) -> None:
    counts = np.diff(scores["indptr"]).astype(np.int64)
    idf = np.log(1 + (total - counts + 0.5) / (counts + 0.5))
    scores["data"] = (scores["data"] / np.repeat(idf, counts)).astype(np.float32)
