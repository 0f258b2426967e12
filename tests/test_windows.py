"""Which sentences the reader is shown: a window is read once, whoever lies in it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.calibration import Logistic, Ranker
from assistant.expected import with_others
from assistant.extract import Candidate, Evidence, marked, ranked, read, shown
from assistant.gate import tells_only_of_before
from corpus.spans import Span, sentences
from corpus.types import Document, Section
from index.reader import Reading

TEXT = (
    "The garden opens at nine. It closes on 3 May. Dogs stay out.\n\n"
    "The shed has a key. Ask Ana for it. She is in on Mondays. Bring the key back.\n"
)
DOCUMENT = Document("d", "D", "d.txt", None, "en", "text", None, "0" * 64, TEXT, (Section((), 0, len(TEXT)),))
SPANS = sentences(TEXT)
PLAIN = Logistic(0.0, {"similarity": 1.0})


def candidate(number: int, similarity: float, document: Document = DOCUMENT, *, is_heading: bool = False) -> Candidate:
    return Candidate(
        document, SPANS[number], 1.0, 1.0, 1.0, similarity, 1.0, 1.0, 0, has_expected=True, is_heading=is_heading
    )


class Marking:
    """Reads a window by its length, marks the first words of the sentence that it is asked about, and counts."""

    name = "marking"

    def __init__(self) -> None:
        self.windows: list[str] = []

    def prepare(self) -> None:
        """Nothing to make."""

    def is_prepared(self) -> bool:
        return True

    def read(self, question: str, windows: Sequence[str], sentences: Sequence[Span]) -> list[Reading]:
        self.windows += dict.fromkeys(windows)
        return [
            Reading(float(len(window)), 1.0, (start, start + 10))
            for window, (start, _) in zip(windows, sentences, strict=True)
        ]


def text(span: Span | None) -> str:
    assert span is not None
    return TEXT[slice(*span)]


def test_neighbours_share_the_window_of_the_better_one() -> None:
    found = shown([candidate(1, 0.9), candidate(0, 0.8), candidate(5, 0.7), candidate(2, 0.6)])
    assert [one.span for one in found] == [SPANS[1], SPANS[0], SPANS[5], SPANS[2]]
    first, second, other, third = (text(one.window) for one in found)
    assert first == second == third == "The garden opens at nine. It closes on 3 May. Dogs stay out."
    assert other == "Ask Ana for it. She is in on Mondays. Bring the key back."


def test_no_more_windows_than_that_but_everyone_who_lies_in_them() -> None:
    ranking = [candidate(1, 0.9), candidate(6, 0.8), candidate(0, 0.7), candidate(5, 0.6)]
    assert [one.span for one in shown(ranking, most=1)] == [SPANS[1], SPANS[0]]
    assert [one.span for one in shown(ranking, most=2)] == [SPANS[1], SPANS[6], SPANS[0], SPANS[5]]


def test_headings_and_other_languages_are_not_shown() -> None:
    french = Document("f", "F", "f.txt", None, "fr", "text", None, "0" * 64, TEXT, (Section((), 0, len(TEXT)),))
    assert shown([candidate(1, 0.9, is_heading=True), candidate(1, 0.8, french)]) == []


def test_what_was_read_comes_first_and_what_was_not_is_kept() -> None:
    reader = Marking()
    found = [candidate(1, 0.9), candidate(0, 0.8), candidate(3, 0.7, is_heading=True)]
    evidence = read(Evidence(tuple(found), (), 0.0, None, 1), reader, "When does it close?")
    assert reader.windows == ["The garden opens at nine. It closes on 3 May. Dogs stay out."]
    assert [one.reading is not None for one in evidence.candidates] == [True, True, False]
    again = ranked(evidence, Ranker(PLAIN, Logistic(0.0, {"similarity": -1.0, "answers": 0.0})))
    assert again.read
    assert [one.span for one in again.candidates] == [SPANS[0], SPANS[1], SPANS[3]]
    assert not ranked(evidence, Ranker(PLAIN)).read


def test_a_mark_is_counted_from_the_shared_window_and_lies_in_its_own_sentence() -> None:
    class Dating(Marking):
        def read(self, question: str, windows: Sequence[str], sentences: Sequence[Span]) -> list[Reading]:
            places = [window.index("3 May") for window in windows]
            return [Reading(1.0, 1.0, (place, place + 5)) for place in places]

    evidence = read(Evidence((candidate(0, 0.9), candidate(1, 0.8)), (), 0.0, None, 1), Dating(), "When?")
    outside, inside = evidence.candidates
    assert marked(outside, "date") is None
    assert text(marked(inside, "date")) == "3 May"


def test_of_several_names_told_together_all_are_marked() -> None:
    said = (
        "The guide was written by the warden Ana Roth along with Guild experts Max Klee and Per Jahn, and member "
        "Jo van Dijk."
    )
    document = Document("g", "G", "g.txt", None, "en", "text", None, "0" * 64, said, (Section((), 0, len(said)),))

    class Naming(Marking):
        def read(self, question: str, windows: Sequence[str], sentences: Sequence[Span]) -> list[Reading]:
            start = said.index("Ana Roth")
            return [Reading(1.0, 1.0, (start, start + len("Ana Roth"))) for _ in windows]

    one = Candidate(document, (0, len(said)), 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0, has_expected=True)
    (found,) = read(Evidence((one,), (), 0.0, None, 1), Naming(), "Who wrote it?").candidates
    mark = marked(found, "name")
    assert mark is not None
    assert said[slice(*mark)] == said[said.index("Ana Roth") : -1]


def test_who_is_told_of_next_did_nothing_together_with_the_one_before() -> None:
    for said in (
        "It was won by Ann Lee, and Bo Ek took the third place.",
        "Ann Lee, who won, thanked Bo Ek.",
        "By Ann Lee. Bo Ek won.",
    ):
        assert with_others(said, said.index("Ann Lee") + len("Ann Lee")) == said.index("Ann Lee") + len("Ann Lee")


@pytest.mark.parametrize(
    ("question", "only_before"),
    [
        ("Who is the head gardener?", True),
        ("who's head gardener right now", True),
        ("Who was the head gardener?", False),
        ("Who is the former head gardener?", False),
        ("Who is the author of the guide?", False),
    ],
)
def test_who_held_a_place_before_is_not_told_as_who_holds_it(question: str, *, only_before: bool) -> None:
    said = "The guide was written by the former Guild head gardener Ana Roth."
    document = Document("g", "G", "g.txt", None, "en", "text", None, "0" * 64, said, (Section((), 0, len(said)),))
    one = Candidate(document, (0, len(said)), 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0, has_expected=True)
    assert tells_only_of_before(question, Evidence((one,), (), 0.0, "name", 1)) is only_before
