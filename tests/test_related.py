"""Questions to go on with, and questions searched for in their own words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.ask import Assistant
from assistant.messages import messages
from assistant.related import MOST, related
from assistant.types import Answer, Turn
from assistant.web import cards
from assistant.web.speech import speaking
from index.search import Snapshot
from tests.fakes import calibration


@pytest.fixture
def assistant(snapshot: Snapshot) -> Assistant:
    return Assistant.over(snapshot, calibration=calibration())


class Counted:
    """An assistant that counts what it is asked."""

    def __init__(self, assistant: Assistant) -> None:
        self.registry = assistant.registry
        self.document = assistant.document
        self.asked: list[str] = []
        self._assistant = assistant

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        self.asked.append(question)
        return self._assistant.ask(question, history)


def test_what_is_offered_is_answered_and_leads_to_other_words(assistant: Assistant) -> None:
    answer = assistant.ask("Who published the atlas?")
    offered = related(assistant, answer)
    assert "What is a shared garden?" in offered
    for question in offered:
        found = assistant.ask(question)
        assert found.outcome == "answered", question
        assert {one.id for one in found.citations} - {one.id for one in answer.citations}, question


def test_the_definition_that_was_given_is_not_offered_again(assistant: Assistant) -> None:
    assert "What is a shared garden?" not in related(assistant, assistant.ask("what is a shared garden?"))


def test_questions_are_offered_in_the_askers_language(assistant: Assistant) -> None:
    answer = assistant.ask("¿Quién publicó el atlas?")
    assert answer.language == "es"
    wanted = messages("es")["frame"]["ask_meaning"].format(term="huerto compartido")
    assert wanted in related(assistant, answer)


def test_only_a_few_are_tried_and_fewer_offered(assistant: Assistant) -> None:
    counted = Counted(assistant)
    offered = related(counted, assistant.ask("Who published the atlas?"))
    assert len(offered) <= MOST
    assert len(counted.asked) <= 5


def test_small_talk_leads_nowhere(assistant: Assistant) -> None:
    assert related(assistant, assistant.ask("hello")) == ()


def test_a_misspelt_name_is_searched_for_as_typed_on_request(assistant: Assistant) -> None:
    usual = assistant.ask("what is a shared gardn?")
    literal = assistant.ask("what is a shared gardn?", literally=True)
    assert (usual.mode, usual.standalone_question) == ("definition", "what is a shared garden?")
    assert literal.mode != "definition"
    assert literal.standalone_question == "what is a shared gardn?"


def test_a_follow_up_is_searched_for_without_its_topic_on_request(assistant: Assistant) -> None:
    history = (Turn("user", "What is a shared garden?"), Turn("assistant", "…"))
    usual = assistant.ask("and what does it lend?", history)
    literal = assistant.ask("and what does it lend?", history, literally=True)
    assert "shared garden" in usual.standalone_question
    assert "shared garden" not in literal.standalone_question


def test_the_page_begins_with_questions_in_the_readers_language(assistant: Assistant) -> None:
    assert list(cards.examples(assistant)) == ["What is a shared garden?"]
    with speaking("es"):
        (question,) = cards.examples(assistant)
    assert "huerto compartido" in question
    assert assistant.ask(question).mode == "definition"
