"""Checks of wordings: no changed wording is called exact, and what stands around one is not held against it."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.check import check_wording
from assistant.language import tables
from assistant.messages import messages
from assistant.registry import Registry
from corpus.catalogue import SHIPPED_DOCUMENTS
from corpus.check import LONGEST, Check, Wording, check, find
from corpus.differences import applied, same_words, words
from corpus.errors import UserError
from corpus.types import Definition
from evals.checks import SHIPPED, Shelf, lenient, run

SHELF = Shelf.of(SHIPPED_DOCUMENTS)
TEXT = {one.term: SHELF.corpus.documents[0].text[one.start : one.end] for one in SHELF.registry.definitions}
INNER = ("altered", "truncated", "extended")


def plot(text: str, term: str = "plot", **more: object) -> Wording:
    """A wording of an invented registry."""
    definition = Definition(
        term=term, names=("plots",), acronyms=("PL",), translations={}, body="Guild", status="current", valid_from=None,
        document_id="guild", start=0, end=len(text), sha256="",
    )  # fmt: skip
    return Wording(replace(definition, **more), text, (term, "plots", "PL", "Guild"))  # type: ignore[arg-type]


PLOT = plot("A plot is a piece of land that neighbours tend together. It has a gate, a well and a shed.")
SHED = plot("A shed keeps the tools of all, and is never locked during the day.", "shed")
OLD = plot("A plot is a field that neighbours tend together.", status="superseded", version="1990")


def checked(text: str) -> Check:
    return check(text, PLOT, [SHED, OLD])


@pytest.mark.parametrize("term", list(TEXT))
@given(data=st.data(), operation=st.sampled_from(["delete", "insert", "replace"]))
def test_any_one_word_changed_is_never_called_exact_and_is_named(
    term: str, data: st.DataObject, operation: str
) -> None:
    wording = TEXT[term]
    word = data.draw(st.sampled_from([one for one in words(wording) if not one.is_mark]))
    new = data.draw(st.sampled_from(["zebra", "not", "innovation"]).filter(lambda one: (one,) != word.key))
    text = {
        "delete": wording[: word.start] + wording[word.end :],
        "insert": f"{wording[: word.start]}{new} {wording[word.start :]}",
        "replace": wording[: word.start] + new + wording[word.end :],
    }[operation]
    found = check_wording(SHELF, text, term)
    assert found.verdict in INNER
    (one,) = found.differences
    named = {"delete": one.canonical, "insert": one.given, "replace": one.given}[operation]
    assert named == (wording[word.start : word.end] if operation == "delete" else new)
    assert same_words(applied(wording, found.differences), text)


@given(st.sampled_from(list(TEXT)), st.integers(0, 10_000), st.sampled_from([str.upper, str.title, str.lower]))
def test_wrapped_and_cased_anew_it_is_a_matter_of_form(term: str, seed: int, cased: object) -> None:
    text = TEXT[term]
    width = 20 + seed % 60
    wrapped = "\n".join(" ".join(line) for line in _lines(text.split(), width))
    assert check_wording(SHELF, wrapped, term).verdict in ("exact", "formatting_only")
    assert check_wording(SHELF, cased(wrapped), term).verdict in ("exact", "formatting_only")  # type: ignore[operator]


def _lines(some: list[str], width: int) -> list[list[str]]:
    lines: list[list[str]] = [[]]
    for word in some:
        if len(" ".join([*lines[-1], word])) > width:
            lines.append([])
        lines[-1].append(word)
    return lines


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (PLOT.text, "exact"),
        (f"\n  {PLOT.text}\n", "exact"),
        (PLOT.text.upper(), "formatting_only"),
        (PLOT.text.replace("together", "to-\ngether"), "formatting_only"),
        (PLOT.text.replace("is a piece", "is not a piece"), "altered"),
        (PLOT.text.replace(",", ""), "altered"),
        ("A plot is a piece of land that neighbours tend together.", "truncated"),
        ("It has a gate, a well and a shed.", "truncated"),
        ("A plot is a piece of land that neighb", "truncated"),
        ("A plot is a piece of land that neighbours tend …", "truncated"),
        (f"{PLOT.text} Dogs may come.", "extended"),
        (f"As the Guild says, {PLOT.text}", "extended"),
        (f"Dear all,\n\nhere it is.\n\n{PLOT.text}\n\nKind regards,\nAna", "extended"),
        (SHED.text, "other_term"),
        (OLD.text, "earlier_version"),
        (OLD.text.replace("field", "meadow"), "altered"),
        ("The fee is due in May.", "unrelated"),
        ("Plots cost 30 euros a year and are given by lot to members.", "unrelated"),
    ],
)
def test_verdicts(text: str, verdict: str) -> None:
    assert checked(text).verdict == verdict


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"“{PLOT.text}”", {"quotation marks"}),
        (f'"{PLOT.text[:-1]}".', {"quotation marks"}),
        (f"Plot\n\n{PLOT.text}", {"heading"}),
        (f"Plot: {PLOT.text}", {"heading"}),
        (f"What a plot is\n{PLOT.text}", {"heading"}),
        (f"• {PLOT.text}", {"bullet"}),
        (f"(a) {PLOT.text}", {"bullet"}),
        (f"{PLOT.text} (Guild, 2023)", {"attribution"}),
        (f"{PLOT.text}\n— Guild", {"attribution"}),
        (f"{PLOT.text}[1]", {"attribution"}),
        (f"{PLOT.text} (Guild definition, 2019, p. 4)", {"attribution"}),
        (f"{PLOT.text}\nSource: www.guild.example", {"attribution"}),
        (f"<p><b>Plot</b></p><p>{PLOT.text}</p>", {"markup", "heading"}),
        (f"> **{PLOT.text}**", {"markup"}),
        (
            f"## Plot\n\n1. “{PLOT.text}” (Guild 2020)",
            {"markup", "heading", "bullet", "quotation marks", "attribution"},
        ),
    ],
)
def test_surroundings_are_reported_and_count_for_nothing(text: str, kinds: set[str]) -> None:
    found = checked(text)
    assert found.verdict == "exact"
    assert {one.kind for one in found.surroundings} == kinds
    assert found.differences == ()
    assert same_words(found.text[found.start : found.end], PLOT.text) or "quotation marks" in kinds


def test_surroundings_do_not_hide_a_change() -> None:
    found = checked(f"Plot\n\n“{PLOT.text.replace('well', 'pond')}” (Guild, 2023)")
    assert found.verdict == "altered"
    assert [(one.canonical, one.given) for one in found.differences] == [("well", "pond")]


@pytest.mark.parametrize(
    "added",
    [
        " The Guild has lent tools to all of its members since it was founded in 2020.",
        "\nPlots are fun.",
        "\nThe Guild has 350 members",
        " (the Guild has 350 members)",
        "\n— as the Guild is not tired of saying",
        " Founded in 2020.",
        "\nPlots",
    ],
)
def test_words_about_the_body_or_the_term_after_the_wording_are_no_attribution(added: str) -> None:
    found = checked(PLOT.text + added)
    assert found.verdict == "extended"
    assert [one.operation for one in found.differences] == ["insert"]


def test_what_only_form_changed_is_named() -> None:
    assert checked(PLOT.text.upper()).formatting == ("letter case",)
    assert checked(PLOT.text.replace(" land", "\nland")).formatting == ("line breaks", "white space")


def test_a_known_slip_put_right_is_a_difference_that_says_so() -> None:
    wording = plot(
        "A plot has a gate conductive to talk and to the growing of food.", slips=(("conductive", "conducive"),)
    )
    found = check("A plot has a gate conducive to talk and to the growing of food.", wording)
    assert (found.verdict, [one.note for one in found.differences]) == ("altered", ["known slip"])


def test_the_wording_is_found_in_a_long_text() -> None:
    filler = "The guild met in the hall and spoke of fences, of rain and of the price of seeds. " * 200
    found = checked(f"{filler}\n\n{PLOT.text.replace('well', 'pond')}\n\n{filler}")
    assert found.verdict == "altered"
    assert [(one.canonical, one.given) for one in found.differences if one.operation == "replace"] == [("well", "pond")]


def test_without_a_term_the_nearest_wording_is_found() -> None:
    assert find(SHED.text.replace("tools", "rakes"), [PLOT, SHED, OLD]) is SHED
    assert find("The fee is due in May.", [PLOT, SHED, OLD]) is None


@pytest.mark.parametrize(
    ("text", "words_in_it"),
    [
        ("  \n", "empty"),
        ("a" * (LONGEST + 1), "up to 1,000,000 can be checked"),
        ("\x00\x01PNG", "no text"),
        ("A plot \ud800 is", "half a character at place 8"),
        ("\ufffd\x07" * 50 + "\x02" * 50, "no text"),
    ],
)
def test_what_cannot_be_checked_is_said_in_words(text: str, words_in_it: str) -> None:
    with pytest.raises(UserError, match=words_in_it):
        checked(text)


def test_five_megabytes_of_markup_take_no_time_of_their_own() -> None:
    # Expressions that start anew at each of many open brackets or quotation marks took minutes.
    for piece in ("<", "<b ", "[", "**", "“", "&", "- ", "(a", "\n> "):
        checked(PLOT.text + piece * (60_000 // len(piece)))


def test_the_shipped_cases_are_all_right_and_none_is_called_exact_that_changed() -> None:
    outcomes = run(SHIPPED, SHELF)
    assert len(outcomes) >= 60
    assert lenient(outcomes) == []
    assert [(one.case["id"], one.problems) for one in outcomes if one.problems] == []


def test_a_registry_gives_our_own_current_wording_first_and_the_one_of_a_day() -> None:
    ours = replace(PLOT.definition, valid_from=datetime.date(2010, 1, 1))
    ours_old = replace(
        OLD.definition, valid_from=datetime.date(1990, 1, 1), valid_to=datetime.date(2009, 12, 31), status="superseded"
    )
    theirs = replace(PLOT.definition, body="Town", acronyms=("TP",))
    registry = Registry((ours_old, ours, theirs), lambda _: 0)
    assert registry.definitions == (ours,)
    assert registry.versions("plot") == (ours, ours_old, theirs)
    assert registry.as_of("plot", datetime.date(2001, 5, 5)) is ours_old
    assert registry.as_of("plot", datetime.date(2020, 5, 5)) is ours
    found = registry.find("TP")
    assert found is not None
    assert found.definition is ours


def test_every_language_says_all_that_english_says_with_the_same_places_to_fill_in() -> None:
    english = messages("en")
    for language in tables():
        said = messages(language)
        assert said is english or language != "en"
        for table, sentences in english.items():
            assert {key: _filled(text) for key, text in said[table].items()} == {
                key: _filled(text) for key, text in sentences.items()
            }, (language, table)
        assert tables()[language].checking, language


def _filled(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))
