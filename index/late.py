"""Late interaction: how well each word of a question is met by some word of a passage.

Khattab and Zaharia (2020), "ColBERT: efficient and effective passage search via contextualized late
interaction over BERT", with the untrained word vectors of the encoder. Of a passage's word only the
signs of the vector's components are kept (Charikar 2002, "Similarity estimation techniques from
rounding algorithms"), 48 bytes for 384 dimensions, and only of words that tell something; the
question's words keep their vectors. docs/decisions.md has what that costs, which is nothing.

Of a sentence, which is what an answer is made of, all words are kept, in 4 bits a component: how a
question and a sentence match then differs little from how the vectors themselves do (tests/test_late.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from index.encode import Vectors, WordVectors
from index.lexical import stop_words
from index.words import words as words_of

Bits = npt.NDArray[np.uint8]
"""A row for each word, a bit for each dimension, eight in a byte: set where the component is not negative."""
Codes = npt.NDArray[np.uint8]
"""A row for each word, 4 bits for each dimension, two in a byte."""
_STEPS = 16
# Components beyond three standard deviations are cut, so that the steps between the others are small.
_REACH = 3.0


def packed(text: WordVectors, language: str) -> Bits:
    """The words of a text that tell something, packed."""
    telling = [at for at, word in enumerate(text.words) if _tells(word, language)]
    return np.packbits(text.vectors[telling] >= 0, axis=1)


def interaction(question: Vectors, weights: Sequence[float], passages: Sequence[Bits]) -> list[float]:
    """For each passage the mean, by weight, of the best match of each of the question's words.

    `question` has the shape (words, dimensions) and rows of length 1, so a match is about a cosine
    in [-1, 1]. 0 for a passage without words.
    """
    held = [at for at, bits in enumerate(passages) if len(bits)]
    scores = [0.0] * len(passages)
    if not held or not len(question):
        return scores
    dimensions = question.shape[1]
    bits = np.concatenate([passages[at] for at in held])
    ones = np.unpackbits(bits, axis=1, count=dimensions).astype(np.float32)
    # With ±1 for a sign instead of 1 and 0, each product is twice as far from the sum of all components.
    matches = (2 * (question @ ones.T) - question.sum(axis=1, keepdims=True)) / np.sqrt(dimensions)
    starts = np.cumsum([0, *(len(passages[at]) for at in held)])[:-1]
    best = np.maximum.reduceat(matches, starts, axis=1)
    means = np.asarray(weights, np.float32) @ best / sum(weights)
    for at, mean in zip(held, means, strict=True):
        scores[at] = float(mean)
    return scores


def coded(vectors: Vectors) -> Codes:
    """Unit vectors, a row each, in 4 bits a component."""
    width = _REACH / np.sqrt(vectors.shape[1])
    steps = np.floor(vectors * (_STEPS / 2 / width)) + _STEPS / 2
    codes = np.clip(steps, 0, _STEPS - 1).astype(np.uint8)
    if codes.shape[1] % 2:
        codes = np.pad(codes, ((0, 0), (0, 1)))
    return np.asarray(codes[:, 0::2] | codes[:, 1::2] << 4, np.uint8)


def decoded(codes: Codes, dimensions: int) -> Vectors:
    """The unit vectors nearest to those that were coded, of shape (words, dimensions)."""
    steps = np.empty((len(codes), 2 * codes.shape[1]), np.float32)
    steps[:, 0::2] = codes & (_STEPS - 1)
    steps[:, 1::2] = codes >> 4
    # The middle of a step stands for it; a length of 1 makes the width of a step immaterial.
    found = steps[:, :dimensions] - (_STEPS - 1) / 2
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


@lru_cache(maxsize=100_000)
def _tells(word: str, language: str) -> bool:
    return not stop_words(language).issuperset(words_of(word))
