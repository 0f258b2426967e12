"""Paragraphs and sentences are spans of the text, and nothing but white space lies between them."""

from __future__ import annotations

import itertools
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.spans import (
    PARAGRAPH_BREAK,
    lists,
    paragraph_at,
    paragraph_breaks,
    paragraphs,
    paragraphs_around,
    paragraphs_from,
    sentences,
)

TEXTS = st.text(st.sampled_from("aB1 .!?…\n\f\r“”(-•。؟") | st.characters(), max_size=200)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is 3.5 m. That is all.", ["It is 3.5 m.", "That is all."]),
        ("Parks, e.g. in Spain, grow. They do.", ["Parks, e.g. in Spain, grow.", "They do."]),
        ("Dr. A. Smith came. He left!", ["Dr. A. Smith came.", "He left!"]),
        ("One line\nwrapped here. Next.", ["One line\nwrapped here.", "Next."]),
        ("3. Outlook\nIt is good.", ["3. Outlook\nIt is good."]),
        ("Es war am 3. Oktober dort. Gut.", ["Es war am 3. Oktober dort.", "Gut."]),
        ("Why? Because.", ["Why?", "Because."]),
        ("He said “stop.” Then he left.", ["He said “stop.”", "Then he left."]),
        ("Kinds:\n- one\n- two", ["Kinds:", "- one", "- two"]),
        ("第一句。第二句！", ["第一句。", "第二句！"]),
        ("ما هذا؟ هذا كل شيء.", ["ما هذا؟", "هذا كل شيء."]),
        ("No stop\n\nNew paragraph", ["No stop", "New paragraph"]),
        ("Page one ends\n\f\nPage two", ["Page one ends", "Page two"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kinds:\n- one\n- two", ["Kinds:\n- one\n- two"]),
        ("Kinds:\n\n- one\n\n- two\n\nMore.", ["Kinds:\n\n- one\n\n- two"]),
        ("Kinds.\n\n1. one\n2. two\n\nMore.", ["1. one\n2. two"]),
        ("- one\n\nBetween.\n\n- two", ["- one", "- two"]),
        ("No list – just a dash.\n\nAnd: this.", []),
    ],
)
def test_a_list_goes_from_what_leads_it_in_to_its_last_item(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in lists(text)] == expected


@given(TEXTS)
def test_sentences_lose_nothing_but_white_space(text: str) -> None:
    spans = sentences(text)
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)


@given(TEXTS)
def test_no_sentence_crosses_a_paragraph(text: str) -> None:
    blocks = paragraphs(text)
    assert all(any(a <= start and end <= b for a, b in blocks) for start, end in sentences(text))


@pytest.mark.parametrize("run", [" " * 300_000, "." * 300_000, "\u00a0" * 300_000])
def test_a_run_of_blanks_or_stops_does_not_take_its_length_squared(run: str) -> None:
    # By the square of its length, each of these takes many minutes.
    text = f"a{run}b\n\nThe end."
    assert [text[start:end][-4:] for start, end in sentences(text)] == [f"{run}b"[-4:], "end."]


def test_many_sentences_in_one_paragraph_are_found_without_copying_the_rest_of_it() -> None:
    text = "It rains. " * 40_000
    found = sentences(text)
    assert len(found) == 40_000
    assert {text[start:end] for start, end in found} == {"It rains."}


BREAKS = st.text(st.sampled_from("ab .\n\n\t\r\f"), max_size=120)


@given(BREAKS | st.text(st.sampled_from("a\n\r\t\f\u00a0\v "), max_size=40), st.integers(0, 5), st.integers(0, 5))
def test_breaks_looked_for_at_ends_of_lines_are_those_of_the_pattern(text: str, before: int, after: int) -> None:
    end = max(before, len(text) - after)
    found = [match.span() for match in PARAGRAPH_BREAK.finditer(text, before, end)]
    assert list(paragraph_breaks(text, before, end)) == found


@given(BREAKS, st.data())
def test_the_paragraph_at_a_place_is_the_one_of_the_whole_text(text: str, data: st.DataObject) -> None:
    # In a glossary without headings one section was 3 MB long, and each look through it took 30 ms.
    found = paragraphs(text)
    for start, end in found:
        at = data.draw(st.integers(start, end - 1))
        with patch("corpus.spans._REACH", 1):
            assert paragraph_at(text, at) == (start, end)
        assert paragraph_at(text, at) == (start, end)


@given(BREAKS)
def test_paragraphs_one_after_the_other_are_those_of_the_whole_text(text: str) -> None:
    assert list(paragraphs_from(text, 0, len(text))) == paragraphs(text)


@given(BREAKS)
def test_the_paragraphs_around_a_place_are_its_neighbours(text: str) -> None:
    found = paragraphs(text)
    for number, (start, _) in enumerate(found):
        expected = found[max(0, number - 1)][0], found[min(len(found) - 1, number + 1)][1]
        assert paragraphs_around(text, start) == expected
