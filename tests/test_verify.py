"""The checks of a model's sentences: each trap by its name, and the figures that `evals.claims` must hold."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.claim import Claim, whole
from assistant.drafts import claims_so_far, draft_so_far, from_markers, read_reply
from assistant.native import claims_of
from assistant.verify.claims import judged
from assistant.verify.grounds import Cite, Ground, Grounds, located, verified
from assistant.verify.tokens import tokens
from evals.claims import problems, shipped

DOCK = "The dock has 40 berths and 12 cranes. It is not open on Sundays. Barges over 80 metres must take a pilot."
YARD = "The yard repairs barges.\nIts foreman keeps the keys."
GROUNDS = Grounds.of_texts({"k1": DOCK, "k2": YARD})


def test_no_shipped_trap_passes_and_four_of_five_honest_claims_are_supported() -> None:
    found = shipped()
    assert {name: problems(some) for name, some in found.items()} == {"development": [], "held out": []}
    counts = [sum(one.label == label for some in found.values() for one in some) for label in ("refuse", "support")]
    assert counts[0] >= 90
    assert counts[1] >= 90


@pytest.mark.parametrize(
    ("claim", "source", "reason"),
    [
        ("The dock has 41 berths.", "The dock has 40 berths.", "“41” is not in the source"),
        ("It is open on Sundays.", "It is not open on Sundays.", "leaves out “not”"),
        ("Barges must dock.", "Barges over 80 metres must dock.", "leaves out “over 80 metres”"),
        ("Barges may take a pilot.", "Barges must take a pilot.", "“may” is not in the source"),
        ("All barges must dock.", "Barges must dock.", "“All” is not in the source"),
        ("The dock has 12 berths.", "The dock has 40 berths and 12 cranes.", None),
        ("Grau owns Blau.", "Blau owns Grau.", None),
        ("Blau is owned by Grau.", "Blau owns Grau.", None),
        ("The yard was repaired.", "The yard repairs barges.", None),
        ("Dock.", "The dock has 40 berths.", "it says too little to be checked"),
    ],
)
def test_each_check_tells_its_reason(claim: str, source: str, reason: str | None) -> None:
    found = judged(claim, [source])
    assert found.support == "unsupported"
    assert found.reason == reason if reason else found.reason


def test_a_passive_with_its_agent_is_the_same_statement() -> None:
    assert judged("Grau is owned by Blau.", ["Blau owns Grau."]).support == "supported"


def test_paraphrases_are_checked_in_english_alone() -> None:
    found = judged("El muelle tiene 40 amarres.", ["El muelle posee 40 amarres."], "es")
    assert (found.support, found.reason) == (
        "unsupported", "it is no quotation, and paraphrases are checked in English alone",
    )  # fmt: skip
    assert judged("El  muelle posee 40 amarres.", ["El muelle posee 40 amarres."], "es").support == "verbatim"


@pytest.mark.parametrize(
    ("cites", "reason"),
    [
        ((), "it cites nothing"),
        ((Cite("k9", "The dock has 40 berths"),), "no passage has the key 'k9'"),
        ((Cite("k2", "The dock has 40 berths"),), "the quotation is not in the passage 'k2'"),
        ((Cite("k1", "The dock has 41 berths"),), "the quotation is not in the passage 'k1'"),
        ((Cite("k1", "The dock has 40 berths. Barges over 80 metres"),), "the quotation is not in the passage 'k1'"),
        ((Cite("k1", "dock"),), "the quotation is not in the passage 'k1'"),
        ((Cite("k1", "40 berths"), Cite("k2", "barges and keys")), "the quotation is not in the passage 'k2'"),
    ],
    ids=["none", "invented key", "wrong key", "altered digit", "stitched", "one word", "second one wrong"],
)
def test_a_sentence_rests_on_what_was_sent_or_on_nothing(cites: tuple[Cite, ...], reason: str) -> None:
    found = verified("The dock has 40 berths and 12 cranes.", cites, GROUNDS)
    assert (found.support, found.reason, found.spans) == ("unsupported", reason, ())


def test_a_verbatim_sentence_comes_back_as_the_document_has_it() -> None:
    found = verified("the  DOCK has 40 berths and 12 cranes.", (Cite("k1", "“has 40 berths”"),), GROUNDS)
    assert (found.text, found.support) == ("The dock has 40 berths and 12 cranes.", "verbatim")
    assert [DOCK[slice(*span)] for _, span in found.spans] == ["The dock has 40 berths and 12 cranes."]


NEIGHBOURS = "The dock has 40 berths and 12 cranes. It is not open on Sundays."


@pytest.mark.parametrize(
    ("claim", "cites", "support"),
    [
        (NEIGHBOURS, (Cite("k1", "has 40 berths"), Cite("k1", "not open on Sundays")), "verbatim"),
        (
            "The dock has 40 berths and 12 cranes. Barges over 80 metres must take a pilot.",
            (Cite("k1", "has 40 berths"), Cite("k1", "must take a pilot")),
            "unsupported",
        ),
        (
            "The dock has 40 berths and 12 cranes. The yard repairs barges.",
            (Cite("k1", "has 40 berths"), Cite("k2", "yard repairs barges")),
            "unsupported",
        ),
    ],
    ids=["neighbours", "one left out between", "of two documents"],
)
def test_joined_sentences_are_a_quotation_only_where_they_stand_side_by_side(
    claim: str, cites: tuple[Cite, ...], support: str
) -> None:
    found = verified(claim, cites, GROUNDS)
    assert (found.text, found.support) == (claim, support)


@pytest.mark.parametrize("id", ["", "statutes"])
def test_the_same_places_of_two_documents_are_not_side_by_side(id: str) -> None:
    one, other = "The dock has 40 berths. It is shut.", "The mole has 90 lamps!! The yard is new."
    grounds = Grounds({"k1": Ground(one, 0, len(one), id), "k2": Ground(other, 0, len(other), id and f"{id} of 1990")})
    cites = (Cite("k1", "has 40 berths"), Cite("k2", "yard is new"))
    assert verified("The dock has 40 berths. The yard is new.", cites, grounds).support == "unsupported"


def test_a_quotation_is_found_where_only_its_shape_differs_and_not_in_another_passage_of_the_document() -> None:
    text = "Un- \nused. The spin-\noff “pays”  rent."
    assert located("the spinoff 'pays' rent", Ground(text, 0, len(text))) == (11, len(text) - 1)
    assert located("the spinoff 'pays' rent", Ground(text, 0, 11)) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("at least 2.4 million euros", "no less than €2,400,000"),
        ("3 May 2024", "May 3rd, 2024"),
        ("2024-05-03", "the 3rd of May 2024"),
        ("twenty-five", "25"),
        ("two hundred and forty", "240"),
        ("6.30 pm", "18:30"),
        ("18 per cent", "18%"),
        ("over 80 metres", "more than 80 m"),
        ("three or more", "at least 3"),
        ("isn't", "is not"),
    ],
)
def test_numbers_and_dates_are_compared_by_what_they_say(one: str, other: str) -> None:
    def said(text: str) -> list[str]:
        return [token.norm for token in tokens(f"it {text}") if token.counts or token.kind == "be"]

    assert said(one) == said(other)


@pytest.mark.parametrize(
    ("one", "other"), [("-4 degrees", "4 degrees"), ("5 km", "5 m"), ("$5", "€5"), ("over 5", "5"), ("10%", "10")]
)
def test_signs_units_currencies_and_bounds_tell_numbers_apart(one: str, other: str) -> None:
    assert [token.norm for token in tokens(f"it {one}")] != [token.norm for token in tokens(f"it {other}")]


def test_markers_keep_each_sentence_with_its_sources() -> None:
    text = 'The dock has 40 berths [k1 "has 40 berths"]. It is shut. [k1 “not open”; k2 "the keys"] And more.'
    assert from_markers(text) == (
        Claim("The dock has 40 berths", (Cite("k1", "has 40 berths"),)),
        Claim("It is shut.", (Cite("k1", "not open"), Cite("k2", "the keys"))),
        Claim("And more", ()),
    )
    assert from_markers("It is well known.") == ()


def test_two_objects_in_one_reply_are_none_that_can_be_read() -> None:
    one = '{"found": true, "claims": [{"text": "A b.", "cites": []}]}'
    assert read_reply(f"{one} {one}").claims is None
    assert read_reply(f"Of course! {one}").claims == (Claim("A b.", ()),)


def test_a_reply_nested_deeper_than_python_goes_is_none_that_can_be_read() -> None:
    deep = '{"found": true, "claims": [' + '{"text": ' * 100_000
    assert read_reply(deep).claims is None
    assert claims_so_far(deep) == []


def test_half_a_surrogate_pair_reaches_no_claim_and_no_draft() -> None:
    row = r'{"text": "A \ud800b.", "cites": [{"key": "k\udfff1", "quote": "q\ud83d"}]}'
    assert read_reply(f'{{"found": true, "claims": [{row}]}}').claims == (Claim("A b.", (Cite("k1", "q"),)),)
    assert draft_so_far(r'{"claims": [{"text": "A b \ud83d') == "A b "
    assert from_markers('A\ud800 b. [k1 "a quote\udfff"]') == (Claim("A b.", (Cite("k1", "a quote"),)),)
    assert whole("a \N{SLICE OF PIZZA}") == "a \N{SLICE OF PIZZA}"


def test_a_reply_that_is_coming_shows_no_key_and_no_quotation() -> None:
    coming = (
        '{"found": true, "claims": [{"text": "A \\"b\\" c.", "cites": [{"key": "k1", "quote": "q"}]}, {"text": "D\\'
    )
    assert draft_so_far(coming) == 'A "b" c. D'
    assert claims_so_far(coming) == [Claim('A "b" c.', (Cite("k1", "q"),))]
    assert draft_so_far('A b. [k1 "q') == "A b. "


def test_citations_that_a_provider_gives_pass_the_same_verifier() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "text", "text": "The dock has 40 berths.", "annotations": [
            {"type": "citation", "title": "k1", "cited_text": "The dock has 40 berths and 12 cranes."},
        ]},
        {"type": "text", "text": "The yard repairs ships.", "annotations": [
            {"type": "citation", "url": "https://example.org", "cited_text": "The yard repairs barges."},
        ]},
        {"type": "text", "text": "It costs nothing."},
    ]  # fmt: skip
    claims = claims_of(blocks, GROUNDS)
    assert [claim.cites for claim in claims] == [
        (Cite("k1", "The dock has 40 berths and 12 cranes."),), (Cite("k2", "The yard repairs barges."),), (),
    ]  # fmt: skip
    assert [verified(one.text, one.cites, GROUNDS).support for one in claims] == [
        "supported", "unsupported", "unsupported",
    ]  # fmt: skip
