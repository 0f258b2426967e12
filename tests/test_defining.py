"""Whether a message asks what a term means: whatever is said around it, and not where something else is asked of it."""

from __future__ import annotations

import re

import pytest

from assistant.defining import asks_about_definitions, terms_to_define

NAMES = {
    "shared garden": "garden", "shared gardens": "garden", "sg": "garden", "sgs": "garden", "common plot": "garden",
    "lantern": "lantern", "lanterns": "lantern", "tool shed": "shed", "purpose": "purpose",
}  # fmt: skip


def mentioned(text: str) -> tuple[str, str] | None:
    spots = [(match.end(), len(name), name) for name in NAMES for match in re.finditer(rf"(?<!\w){name}(?!\w)", text)]
    return (max(spots)[2], NAMES[max(spots)[2]]) if spots else None


@pytest.mark.parametrize(
    ("message", "terms"),
    [
        ("My neighbour says we should start a 'shared garden'. What is that exactly, in your book?", ["garden"]),
        ("For a town ordinance I require the full statement of what constitutes a shared garden.", ["garden"]),
        ("I'm writing a piece and need one citable explanation of a lantern. What's yours?", ["lantern"]),
        ("what's an SG?? saw it in a slide deck yesterday", ["garden"]),
        ("Please explain the concept of shared gardens as the atlas employs it.", ["garden"]),
        ("Need both for our glossary pls: shared garden + lantern, what each one means", ["garden", "lantern"]),
        ("Could you give me the meaning of SG and the meaning of lantern?", ["garden", "lantern"]),
        ("We call ourselves a common plot over here. How would you folks define one?", ["garden"]),
        ("lantern = ? (in my town everybody uses this word)", ["lantern"]),
        ("Our council is drafting a decree on shared gardens. Which definition do you stand behind?", ["garden"]),
        ("If I buy a lantern, what kind of thing is that?", ["lantern"]),
        ("Shared gardens - what are they?", ["garden"]),
        ("My teacher wants no encyclopaedia, so what exactly counts as a lantern in your book?", ["lantern"]),
        ("We brand our yard a 'shared garden'. I'd like to know what the label formally means.", ["garden"]),
        ('I need one clean sentence for "lantern". How do you explain the term?', ["lantern"]),
        ("Explain “common plot” to me the way your club would.", ["garden"]),
        ("What sort of place do you people have in mind when you say shared garden?", ["garden"]),
        ("What do shared gardens and lanterns mean to you?", ["garden", "lantern"]),
        ("Somebody says a lantern has a wick. Is that what your definition says?", ["lantern"]),
    ],
)
def test_a_definition_is_wanted_however_it_is_asked_for(message: str, terms: list[str]) -> None:
    assert terms_to_define(message, mentioned) == terms


@pytest.mark.parametrize(
    "message",
    [
        "Has your shared garden definition been changed over the years?",
        "Who sat on the committee that drew up the lantern definition?",
        "When was the definition of a lantern adopted?",
        "Is a fence part of the idea of a shared garden?",
        "What are the tools of a shared garden?",
        "What is the main purpose of a lantern?",
        "What is a lantern's keeper tasked with?",
        "What is a lantern good for?",
        "Explain how shared gardens are run.",
        "What do shared gardens do?",
        "How many beds, on average, does a shared garden have?",
        "What is the difference between a lantern and a shared garden?",
        "We are a shared garden in Wales. What does it cost to join?",
        "My shared garden wants to join. What is that going to cost us?",
        "What is a windmill?",
        "We keep lanterns. How many members do you have?",
    ],
)
def test_what_else_is_asked_of_a_term_is_no_definition(message: str) -> None:
    assert terms_to_define(message, mentioned) == []


def test_a_question_about_a_definition_is_told_from_one_for_it() -> None:
    assert asks_about_definitions("who wrote your definition of a lantern")
    assert not asks_about_definitions("what is your definition of a lantern")
