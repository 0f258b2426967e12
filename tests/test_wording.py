"""Folding: what counts as the same words, and the way back to the offsets of the original."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.differences import same_words
from corpus.wording import fold, folded, search_form, without_accents

# Letters, marks, quotation marks, dashes, ligatures, white space and invisibles of many shapes.
TEXTS = st.text(
    st.sampled_from("aÉéñŁ ﬁﬂ“”‘’'\"«»-–—\u2011\u00ad\u00a0\u200b\n\t.5çǆ İßが中و") | st.characters(), max_size=80
)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("areas of innovation", "Areas\u00a0of \n innovation"),
        ("“science park”", "'science park'"),
        ("value-added", "value\u2011added"),
        ("value-added", "value–added"),
        ("efficient", "eﬃcient"),
        ("incubation", "incu\u00adbation"),
        ("definição", "defini\u0063\u0327\u0061\u0303o"),
    ],
)
def test_shapes_and_spaces_do_not_make_other_words(left: str, right: str) -> None:
    assert same_words(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("is", "is not"),
        ("5%", "6%"),
        ("résumé", "resume"),
        ("specialised", "specialized"),
        ("a, b", "a b"),
        ("m²", "m2"),
    ],
)
def test_a_letter_digit_or_mark_that_changes_the_meaning_makes_other_words(left: str, right: str) -> None:
    assert not same_words(left, right)


@given(TEXTS)
def test_every_folded_character_maps_to_the_piece_it_was_made_from(text: str) -> None:
    result = fold(text)
    assert len(result.text) == len(result.starts) == len(result.ends)
    for char, start, end in zip(result.text, result.starts, result.ends, strict=True):
        assert 0 <= start < end <= len(text)
        assert char in fold(text[start:end]).text
    assert list(result.starts) == sorted(result.starts)


@given(TEXTS)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = folded(text)
    assert folded(once) == once


@given(TEXTS, TEXTS, TEXTS)
def test_a_quote_is_found_at_its_own_offsets(before: str, quote: str, after: str) -> None:
    wanted = folded(quote)
    text = f"{before} {quote} {after}"
    span = fold(text).find(wanted)
    assert (span is None) == (wanted == "")
    if span is not None:
        assert folded(text[slice(*span)]) == wanted


def test_accents_fall_for_search_but_voicing_marks_stay() -> None:
    assert without_accents("Évora ção") == "Evora cao"
    assert without_accents("が") == unicodedata.normalize("NFC", "が")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inno-\nvation", "innovation"),
        ("inno\u00ad \r\n  vation", "innovation"),
        ("inno\u2010\n\f\nvation parks", "innovation parks"),
        ("Anglo-\nSaxon", "Anglo-\nSaxon"),
        ("2010-\n2012", "2010-\n2012"),
        ("a list -\nand more", "a list -\nand more"),
        ("first-\n\nsecond", "first-\n\nsecond"),
        ("иннова-\nция", "инновация"),
    ],
)
def test_words_broken_at_a_line_are_joined_for_search_and_nothing_else_is(text: str, expected: str) -> None:
    assert search_form(text) == expected


@given(TEXTS)
def test_a_text_without_a_break_inside_a_word_is_its_own_search_form(text: str) -> None:
    on_one_line = text.replace("\n", " ")
    assert search_form(on_one_line) == on_one_line


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_the_short_way_through_ascii_gives_what_the_long_one_gives(text: str) -> None:
    assert folded(text) == fold(text).text.strip()
