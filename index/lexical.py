"""BM25 over the passages' terms, through bm25s. Higher is better."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np

# Lucene's variant with the values that reproduce the published BEIR figures.
_PARAMETERS = {"method": "lucene", "k1": 0.9, "b": 0.4}


class LexicalIndex:
    """Ranks passages, given by their position, for a list of terms."""

    def __init__(self, retriever: bm25s.BM25) -> None:
        self._retriever = retriever

    @classmethod
    def build(cls, passages: Sequence[Sequence[str]], folder: Path) -> LexicalIndex:
        """Index the terms of each passage and save the result in a new folder."""
        retriever = bm25s.BM25(**_PARAMETERS)
        retriever.index([list(terms) for terms in passages], show_progress=False)
        retriever.save(str(folder))
        return cls(retriever)

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open a saved index, memory-mapped."""
        return cls(bm25s.BM25.load(str(folder), mmap=True))

    def search(self, terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
        """The best passages with a score above 0, best first; equal scores in reading order."""
        known = [term for term in terms if term in self._retriever.vocab_dict]
        if not known:
            return []
        scores = self._retriever.get_scores(known)
        order = np.argsort(-scores, kind="stable")[:limit]
        return [(int(position), float(scores[position])) for position in order if scores[position] > 0]

    def frequency(self, term: str) -> int:
        """The number of passages that hold a term."""
        column = self._retriever.vocab_dict.get(term)
        if column is None:
            return 0
        pointers = self._retriever.scores["indptr"]
        return int(pointers[column + 1] - pointers[column])
