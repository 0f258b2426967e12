"""Late interaction keeps what tells words apart and leaves out what says nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index.encode import WordVectors
from index.late import coded, decoded, interaction, packed


def vectors(*rows: Sequence[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(rows, np.float32)


def test_a_word_becomes_the_signs_of_its_vector_and_stop_words_are_left_out() -> None:
    words = WordVectors(("The", "garden", "of", "Bees"), vectors([1] * 9, [1, -1] * 4 + [1], [1] * 9, [-1] * 9))
    assert packed(words, "en").tolist() == [[0b10101010, 0b10000000], [0, 0]]
    assert len(packed(words, "fr")) == 4


def test_scores_are_the_weighted_mean_of_the_best_matches() -> None:
    question = vectors([1, 0, 0, 0], [0, 1, 0, 0])
    first = np.packbits(np.array([[1, 1, 1, 1], [0, 0, 0, 0]], np.uint8), axis=1)
    second = np.packbits(np.array([[1, 0, 1, 1]], np.uint8), axis=1)
    # One component of four, each ±1/2: a match is 0.5 where the sign is right.
    assert interaction(question, [3.0, 1.0], [first, second]) == pytest.approx([0.5, (3 * 0.5 - 0.5) / 4])


def test_a_passage_without_words_scores_nothing_and_shifts_no_other() -> None:
    empty = np.zeros((0, 1), np.uint8)
    full = np.packbits(np.ones((1, 8), np.uint8), axis=1)
    question = vectors([8**-0.5] * 8)
    assert interaction(question, [1.0], [empty, full, empty]) == pytest.approx([0.0, 1.0, 0.0])
    assert interaction(question, [1.0], [empty]) == [0.0]
    assert interaction(question, [1.0], []) == []


@given(
    arrays(np.float32, (5, 24), elements=st.floats(-1, 1, width=32)),
    arrays(np.float32, (3, 24), elements=st.floats(-1, 1, width=32)),
    st.lists(st.integers(0, 5), min_size=1, max_size=6),
)
def test_many_passages_at_once_score_as_each_alone(
    words: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    question: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    sizes: list[int],
) -> None:
    passages = [packed(WordVectors(tuple("abcde"[:size]), words[:size]), "xx") for size in sizes]
    together = interaction(question, [1.0, 2.0, 3.0], passages)
    alone = [interaction(question, [1.0, 2.0, 3.0], [bits])[0] for bits in passages]
    assert together == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("dimensions", [383, 384])
def test_words_in_four_bits_keep_their_direction(dimensions: int) -> None:
    generator = np.random.default_rng(0)
    words = generator.normal(size=(50, dimensions)).astype(np.float32)
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    codes = coded(words)
    assert codes.nbytes == 50 * 192
    again = decoded(codes, dimensions)
    assert np.linalg.norm(again, axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    assert float((again * words).sum(axis=1).min()) > 0.98
    assert decoded(coded(words[:0]), dimensions).shape[0] == 0
