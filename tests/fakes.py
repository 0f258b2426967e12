"""Tiny real implementations of the interfaces. They do the real thing, only small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from assistant.calibration import Calibration, Gate, Logistic, Ranker
from index.encode import Vectors, WordVectors
from index.words import terms, words

DIMENSIONS = 64


class HashingEncoder:
    """Bags of stems, each hashed to one dimension: texts that share words are near each other."""

    name = "hashing"
    digest = "0" * 64

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def prepare(self) -> None:
        """Nothing to check and nothing to make."""

    def is_prepared(self) -> bool:
        return True

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        self.encoded.extend(texts)
        rows = np.array([self._vector(text) for text in texts], dtype=np.float32).reshape(-1, DIMENSIONS)
        if progress:
            progress(len(texts))
        return rows

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        return [WordVectors(tuple(words(text)), self._word_vectors(words(text))) for text in texts]

    def encode_with_words(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        return self.encode(texts), self.encode_words(texts)

    def _word_vectors(self, found: Sequence[str]) -> Vectors:
        """One dimension is positive in a word's vector, so that the signs alone tell words apart."""
        rows = np.array([self._vector(word) for word in found], np.float32).reshape(-1, DIMENSIONS)
        signs = np.where(rows > 0.5, 1.0, -0.01)
        return np.asarray(signs / np.linalg.norm(signs, axis=1, keepdims=True), np.float32)

    @staticmethod
    def _vector(text: str) -> Vectors:
        vector = np.full(DIMENSIONS, 0.01, dtype=np.float32)
        for term in terms(text):
            vector[sha256(term.encode()).digest()[0] % DIMENSIONS] += 1
        return vector / np.linalg.norm(vector)


class OtherEncoder(HashingEncoder):
    """The same with other weights, as after a change of model."""

    name = "other"
    digest = "1" * 64


class DyingEncoder(HashingEncoder):
    """Kills its process, as the system does when memory runs out."""

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class UnpreparedEncoder(HashingEncoder):
    """Needs something to be made in a folder before it can be used, as a graph is."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.made = folder / "made"

    def prepare(self) -> None:
        self.made.touch()

    def is_prepared(self) -> bool:
        return self.made.exists()


def calibration() -> Calibration:
    """A gate for the hashing encoder: what a question's words are held by decides alone."""
    gate = Gate(0.5, Logistic(-4.0, {"coverage": 4.0, "own": 3.0}))
    ranker = Ranker(Logistic(-4.0, {"own": 5.0, "late": 2.0, "is_heading": -4.0}))
    return Calibration("hashing", None, ranker, gate, None)
