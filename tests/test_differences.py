"""Differences, word by word: nothing that counts is missed, and nothing else is named."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.catalogue import SHIPPED_DOCUMENTS, load_corpus
from corpus.differences import applied, differences, same_but_for_spelling, same_words, words

SHIPPED = load_corpus(SHIPPED_DOCUMENTS)
WORDINGS = [SHIPPED.documents[0].text[one.start : one.end] for one in SHIPPED.definitions]
ANY = st.text(st.sampled_from("ab AB,.-–—\n\u00ad\u00a0ﬁ“”'中") | st.characters(codec="utf-8"), max_size=60)


def named(canonical: str, text: str) -> list[tuple[str, str, str]]:
    return [(one.operation, one.canonical, one.given) for one in differences(canonical, text)]


@given(st.sampled_from(WORDINGS), st.data(), st.sampled_from(["delete", "insert", "replace"]))
def test_one_word_changed_anywhere_is_one_difference_that_names_exactly_it(
    wording: str, data: st.DataObject, operation: str
) -> None:
    # A foreign word, and one of the wording itself, which an alignment could take for another one.
    found = words(wording)
    word = data.draw(st.sampled_from([one for one in found if not one.is_mark]))
    old = wording[word.start : word.end]
    new = data.draw(st.sampled_from(["zebra", "not", "and", "innovation"]).filter(lambda one: one != old.lower()))
    text = {
        "delete": wording[: word.start] + wording[word.end :],
        "insert": f"{wording[: word.start]}{new} {wording[word.start :]}",
        "replace": wording[: word.start] + new + wording[word.end :],
    }[operation]
    expected = {"delete": (old, ""), "insert": ("", new), "replace": (old, new)}[operation]
    assert named(wording, text) == [(operation, *expected)]


@given(ANY, ANY)
def test_the_differences_put_into_one_text_give_the_other(left: str, right: str) -> None:
    changes = differences(left, right)
    assert same_words(applied(left, changes), right)
    assert (changes == []) == same_words(left, right)
    for one in changes:
        assert left[one.start : one.end] == one.canonical
        assert right[one.given_start : one.given_end] == one.given


@given(st.sampled_from(WORDINGS), st.randoms(use_true_random=False))
def test_wrapping_casing_and_other_shapes_are_no_difference(wording: str, chance: random.Random) -> None:
    assert differences(wording, reformed(wording, chance)) == []


def reformed(wording: str, chance: random.Random) -> str:
    """A wording wrapped, cased and quoted anew, at random."""
    shapes = {" ": [" ", "\n", "  ", "\u00a0", "\r\n"], "-": ["-", "\u2011", "–"], "“": ["“", '"', "«", "„"],
              "”": ["”", '"', "»"], "’": ["’", "'"], "fi": ["fi", "ﬁ"]}  # fmt: skip
    pieces = []
    for char in wording.replace("fi", "\0"):
        char = "fi" if char == "\0" else char
        pieces.append(chance.choice(shapes.get(char, [char])))
    text = "".join(pieces)
    broken = [at for at in range(1, len(text) - 1) if text[at - 1 : at + 1].isalpha() and text[at].islower()]
    for at in sorted(chance.sample(broken, min(3, len(broken))), reverse=True):
        text = text[:at] + chance.choice(["-\n", "\u00ad\n", "\u00ad", "-\n   "]) + text[at:]
    return chance.choice([text.upper(), text.lower(), text])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("incubation and spin-off firms", "incu-\nbation and spin-\noff firms"),
        ("a - b", "a—b"),
        ("members.", "members ."),
        ("knowledge-based", "knowledge–based"),
    ],
)
def test_what_a_page_does_to_words_is_no_difference(left: str, right: str) -> None:
    assert named(left, right) == []


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("knowledge-based firms", "knowledge based firms", [("replace", "knowledge-based", "knowledge based")]),
        ("grows by 5% a year", "grows by 6% a year", [("replace", "5", "6")]),
        ("costs 3.5 million", "costs 35 million", [("replace", "3.5", "35")]),
        ("it may be so", "it maybe so", [("replace", "may be", "maybe")]),
        ("parks, hubs and more", "parks hubs and more", [("delete", ",", "")]),
        ("résumé", "resume", [("replace", "résumé", "resume")]),
    ],
)
def test_what_can_change_the_meaning_is_a_difference(
    left: str, right: str, expected: list[tuple[str, str, str]]
) -> None:
    assert named(left, right) == expected


def test_a_sentence_that_was_left_out_is_one_difference_from_its_start_to_its_end() -> None:
    text = "It is open. It is free. It is near."
    assert named(text, "It is open. It is near.") == [("delete", "It is free.", "")]


def test_a_clause_that_moved_is_left_out_in_one_place_and_put_in_at_another() -> None:
    found = named(
        "It lends tools, keeps the seeds of all neighbours, and opens.",
        "It lends tools, and opens, keeps the seeds of all neighbours.",
    )
    assert found == [("insert", "", "and opens,"), ("delete", ", and opens", "")]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("specialised", "specialized", True),
        ("programmes", "programs", True),
        ("centre", "center", True),
        ("wise", "size", False),
        ("four", "for", False),
        ("organised spaces", "organized spaces", True),
    ],
)
def test_british_and_american_spellings_are_told_from_other_words(left: str, right: str, same: bool) -> None:
    assert same_but_for_spelling(left, right) is same


def test_a_difference_of_spelling_says_so() -> None:
    (found,) = differences("run by specialised staff", "run by specialized staff")
    assert (found.canonical, found.given, found.note) == ("specialised", "specialized", "spelling")
