"""What the reader is trained on: exercises that hold what they say, and nothing of the sets that it is judged with."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from corpus.spans import sentences
from evals.bench_reader import windows
from evals.mine_collections import COLLECTIONS
from evals.questions import SETS, read_questions
from evals.train_reader import EXERCISES, KEPT, _of_exercise, exercises, rows_in

PASSAGE: dict[str, Any] = {
    "text": "The shed opens at nine. Keys are lent to members. Nobody may sleep in it.",
    "asked": [{"q": "When can I come in?", "a": "at nine"}],
    "near": ["Who opens the shed?"],
}


def test_every_answer_of_an_exercise_stands_in_one_sentence_of_its_passage() -> None:
    # An answer that stands nowhere would be found by nobody, and one across two sentences marks neither.
    wrong = [
        (row["text"][:40], one["a"])
        for kept in (False, True)
        for row in exercises(kept=kept)
        for one in row["asked"]
        if not any(one["a"] in row["text"][start:end] for start, end in sentences(row["text"]))
    ]
    assert not wrong


def test_every_sentence_that_answers_a_question_of_a_collection_stands_in_its_document() -> None:
    texts = {path.relative_to(COLLECTIONS): path.read_text(encoding="utf-8") for path in COLLECTIONS.glob("*/*.md")}
    missing = [
        (path.stem, one)
        for path in COLLECTIONS.glob("*.jsonl")
        for row in rows_in(path)
        for one in row["answers"]
        if one["quote"] not in texts.get(Path(path.stem, f"{one['document']}.md"), "")
    ]
    assert texts
    assert not missing


def test_no_passage_of_the_exercises_is_kept_apart_and_read() -> None:
    read, kept = ({row["text"] for row in exercises(kept=which)} for which in (False, True))
    assert not read & kept
    lines = [path.read_text(encoding="utf-8").splitlines() for path in EXERCISES.glob("*.jsonl")]
    assert len(kept) == sum(len(some) // KEPT for some in lines)


def test_no_question_of_the_sets_is_trained_on() -> None:
    asked = {one.question.lower() for path in SETS.glob("*.jsonl") for one in read_questions(path)}
    rows = exercises(kept=False)
    trained = {question.lower() for row in rows for question in (*row["near"], *(one["q"] for one in row["asked"]))}
    trained |= {row["q"].lower() for path in COLLECTIONS.glob("*.jsonl") for row in rows_in(path)}
    # Short ones ("for how many years is the treasurer elected?") come to everybody.
    assert not {one for one in asked & trained if len(one.split()) > 8}


def test_an_exercise_becomes_a_window_with_its_answer_and_windows_without_one() -> None:
    found = list(_of_exercise(PASSAGE, random.Random(1)))
    answers = [one for one in found if one.answers]
    assert [one.question for one in answers] == ["When can I come in?"]
    assert answers[0].place is not None
    assert answers[0].text[slice(*answers[0].place)] == "at nine"
    assert {one.question for one in found if not one.answers} >= {"Who opens the shed?"}
    assert all("at nine" not in one.text for one in found if not one.answers and one.question == "When can I come in?")


def test_a_passage_is_looked_at_by_sentences_with_their_neighbours() -> None:
    assert windows(PASSAGE["text"]) == [
        "The shed opens at nine. Keys are lent to members.",
        "The shed opens at nine. Keys are lent to members. Nobody may sleep in it.",
        "Keys are lent to members. Nobody may sleep in it.",
    ]
