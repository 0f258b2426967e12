"""One part of an index, opened for reading: the base, searched through Chroma, or the recent changes.

The base is made once and carried from generation to generation; documents that were changed or
removed since are only marked in it. What came since lies in the other part, small enough to be
compared with exactly, and is made anew by each build.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.content import Content
from index.encode import Vectors
from index.lexical import LexicalIndex, Mask

if TYPE_CHECKING:
    from index.store import Address, VectorStore

CONTENT = "content.sqlite"
LEXICAL = "lexical"
VECTORS = "vectors"
MISSED = "missed.npy"
"""The positions of the passages that the store passes by; there where there are any."""
EF_SEARCH = 200
"""How many candidates a search of the base looks at, unless its recall needs more."""


class Segment:
    """Files of a part, held open. It never changes and may be shared by several snapshots."""

    def __init__(self, folder: Path, store: VectorStore | None, resources: ExitStack) -> None:
        self._close = weakref.finalize(self, resources.close)
        self.content = Content(folder / CONTENT)
        resources.callback(self.content.close)
        self.lexical = LexicalIndex.open(folder / LEXICAL)
        self._store = store
        self._vectors = None if store else _all(self.content)
        self._missed: list[int] = np.load(path).tolist() if (path := folder / MISSED).is_file() else []
        self._missed_vectors = self.content.vectors(self._missed)

    @property
    def size(self) -> int:
        return int(self.content.size)

    def nearest(self, vector: Vectors, limit: int, gone: Mask | None) -> list[tuple[int, float]]:
        """The positions nearest to a vector of shape (1, dimensions) with their cosine similarity, best first."""
        if self._vectors is not None:
            return _exact(self._vectors, vector, limit, gone)
        found = dict(self._found_by_store(vector, limit, gone))
        gone_too = None if gone is None else gone[self._missed]
        missed = _exact(self._missed_vectors, vector, limit, gone_too)
        found |= {self._missed[at]: score for at, score in missed}
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:limit]

    def _found_by_store(self, vector: Vectors, limit: int, gone: Mask | None) -> list[tuple[int, float]]:
        assert self._store is not None  # noqa: S101 - asked only where there is one
        wanted = limit
        while True:
            found = self._store.search(vector, min(wanted, self.size))[0]
            live = [(position, score) for position, score in found if gone is None or not gone[position]]
            if len(live) >= limit or wanted >= self.size:
                return live[:limit]
            wanted *= 4

    def vectors(self, positions: Sequence[int]) -> Vectors:
        """The vectors of given passages, a row each."""
        return self.content.vectors(positions) if self._vectors is None else self._vectors[list(positions)]

    def gone(self, document_ids: Iterable[str]) -> Mask | None:
        """The mask of the passages of documents; None where there are none."""
        positions = self.content.positions_of(document_ids)
        if not positions:
            return None
        mask = np.zeros(self.size, np.bool_)
        mask[positions] = True
        return mask

    def frequencies(self, mask: Mask | None) -> Counter[str]:
        """For each term the number of passages under a mask that hold it."""
        positions = [] if mask is None else np.flatnonzero(mask).tolist()
        return Counter(term for terms in self.content.terms(positions) for term in set(terms))

    def close(self) -> None:
        self._close()


def _all(content: Content) -> Vectors:
    blocks = list(content.all_vectors())
    return np.concatenate(blocks) if blocks else np.zeros((0, 0), np.float32)


def _exact(vectors: Vectors, vector: Vectors, limit: int, gone: Mask | None) -> list[tuple[int, float]]:
    if not len(vectors):
        return []
    scores = vectors @ vector[0]
    if gone is not None:
        scores[gone] = -np.inf
    order = np.argsort(-scores, kind="stable")[:limit]
    return [(int(position), float(scores[position])) for position in order if np.isfinite(scores[position])]


def address_of(folder: Path, server: str | None, collection: str, vectors: Path | None = None) -> Address:
    """Where a base's vectors are: on the server, else in `vectors`, by default where the build puts them."""
    from index.store import Address

    return Address(server or vectors or folder / "base" / VECTORS, collection)
