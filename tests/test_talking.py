"""A conversation without a browser: what happens when a reader does several things at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.web.conversation import STOPPED, Conversation
from assistant.web.site import Site
from assistant.web.talking import Step, Talker, act, ask
from tests.browser.library import Library
from tests.fakes import MemoryRecords


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture
def site(records: MemoryRecords) -> Site:
    library = Library()
    library.patience = 3
    return Site(lambda: library, lambda: None, "t", None, records=records)


@pytest.fixture
def by() -> Talker:
    return Talker(None)


def last(steps: Iterator[Step]) -> Conversation:
    *_, step = steps
    return step.talk


def asked(talk: Conversation) -> list[str]:
    return [one.question for one in talk.exchanges]


def test_an_answer_under_way_does_not_bring_back_a_conversation_that_was_left(site: Site, by: Talker) -> None:
    under_way = ask(site, Conversation(), "What is a lantern, written?", by)
    talk = next(under_way).talk
    by.runs.pop(talk.id)
    assert list(under_way) == []


def test_a_question_put_while_another_is_answered_leaves_none_searching_for_ever(site: Site, by: Talker) -> None:
    first = ask(site, Conversation(), "What is a lantern, written?", by)
    talk = next(first).talk
    both = last(act(site, talk, {"act": "ask", "question": "What is on the glass?"}, by))
    assert [(one.question, one.problem) for one in both.exchanges] == [
        ("What is a lantern, written?", STOPPED), ("What is on the glass?", None),
    ]  # fmt: skip
    assert list(first) == []


def test_a_stop_holds_although_the_question_is_put_again(site: Site, by: Talker) -> None:
    first = ask(site, Conversation(), "What is a lantern, written?", by)
    talk = next(first).talk
    by.runs[talk.id].stopped = True
    again = last(act(site, talk.stopped(), {"act": "retry", "turn": "1"}, by))
    assert again.exchanges[0].answer is not None
    assert list(first) == []


def test_what_leads_on_does_not_wipe_a_verdict_that_came_before_it(site: Site, by: Talker) -> None:
    steps = ask(site, Conversation(), "What is on the glass?", by)
    next(steps)
    answered = next(steps).talk
    judged = last(act(site, answered, {"act": "judge", "turn": "1", "verdict": "up"}, by))
    assert judged.exchanges[0].verdict == "up"
    assert list(steps) == []


def test_nothing_is_judged_or_changed_while_an_answer_is_under_way(site: Site, by: Talker) -> None:
    talk = last(ask(site, Conversation(), "What is a lantern?", by))
    under_way = ask(site, talk, "What is a lantern, written?", by)
    talk = next(under_way).talk
    assert list(act(site, talk, {"act": "judge", "turn": "1", "verdict": "up"}, by)) == []
    assert list(act(site, talk, {"act": "edit", "turn": "1"}, by)) == []
    assert asked(last(under_way)) == ["What is a lantern?", "What is a lantern, written?"]


def test_a_replaced_question_is_in_the_conversation_no_longer(site: Site, by: Talker, records: MemoryRecords) -> None:
    talk = last(ask(site, Conversation(), "What is a lantern?", by))
    talk = last(ask(site, talk, "What is on the glass?", by))
    editing = last(act(site, talk, {"act": "edit", "turn": "1"}, by))
    talk = last(ask(site, editing, "How many boats are there?", by))
    assert asked(talk) == ["How many boats are there?"]
    assert [one.answer.question for one in records.conversation(talk.id)] == ["How many boats are there?"]
    assert len(records.kept) == 3


def test_a_conversation_that_is_not_there_is_not_gone_on_with_under_its_name(site: Site, by: Talker) -> None:
    opened = last(act(site, Conversation(), {"act": "open", "conversation": "of-somebody-else"}, by))
    assert opened == Conversation()


@pytest.mark.parametrize(
    "pressed",
    [{}, {"act": "unknown"}, {"act": "retry", "turn": "7"}, {"act": "judge", "turn": "-1"}, {"act": "ask"}],
)
def test_what_no_button_sends_does_nothing(site: Site, by: Talker, pressed: dict[str, str]) -> None:
    assert list(act(site, Conversation(), pressed, by)) == []
