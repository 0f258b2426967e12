"""What a reader does in a conversation, and what comes of it: asking, asking again, changing, judging, reopening."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from assistant.records.types import VERDICTS, Records
from assistant.related import related
from assistant.types import Answer
from assistant.web.conversation import Conversation, Exchange, reopened, replies
from assistant.web.site import Site
from corpus.errors import UserError

log = logging.getLogger(__name__)

_DRAFTS_APART = 0.1
"""Seconds between two drafts that are shown: a fast model sends more than a page can draw."""


@dataclass(frozen=True, slots=True)
class Step:
    """The conversation as it is to be shown now; `typed` is what is put into the question box, None leaves it."""

    talk: Conversation
    typed: str | None = None


@dataclass(frozen=True, slots=True)
class Talker:
    """Who talks, and which conversations were told to stop: their answers under way are given up at the next event."""

    user: str | None
    stops: set[str] = field(default_factory=set)


def act(site: Site, talk: Conversation, pressed: Mapping[str, Any], by: Talker) -> Iterator[Step]:
    """What a button of the transcript does; `pressed` is what it carries. What is not known does nothing."""
    turn = _turn(pressed, talk)
    match pressed.get("act"):
        case "ask":
            yield from ask(site, talk, str(pressed.get("question", "")), by)
        case "retry" | "literal" as wanted if turn:
            again = talk.exchanges[turn - 1]
            asked = Exchange(again.question, literal=again.literal or wanted == "literal")
            yield from _answered(site, talk.before(turn), asked, by)
        case "edit":
            yield Step(replace(talk, editing=turn or None), talk.exchanges[turn - 1].question if turn else "")
        case "judge" | "comment" if turn and site.records:
            yield Step(_judged(site.records, talk, turn, pressed, by.user))
        case "open" if site.records:
            identifier = str(pressed.get("conversation", ""))
            yield Step(reopened(identifier, site.records.conversation(identifier, by.user)), "")


def _turn(pressed: Mapping[str, Any], talk: Conversation) -> int:
    """The number of the turn that was meant, from 1; 0 for none."""
    said = str(pressed.get("turn", ""))
    return int(said) if said.isdecimal() and int(said) <= len(talk.exchanges) else 0


def ask(site: Site, talk: Conversation, question: str, by: Talker) -> Iterator[Step]:
    """The conversation with a question, and then with what is answered; nothing where nothing was asked."""
    if question.strip():
        yield from _answered(site, talk, Exchange(question), by)


def _answered(site: Site, talk: Conversation, asked: Exchange, by: Talker) -> Iterator[Step]:
    """First the question alone, so that it is seen at once, then the answer as it comes about, then what leads on."""
    talk = talk.asking(asked)
    by.stops.discard(talk.id)
    yield Step(talk, "")
    last, shown_at = asked, 0.0
    with closing(replies(site, asked, talk.exchanges[:-1])) as coming:
        for last in coming:
            if talk.id in by.stops and last.pending:
                by.stops.discard(talk.id)
                yield Step(talk.stopped(), asked.question)
                return
            if last.pending and monotonic() - shown_at > _DRAFTS_APART:
                shown_at = monotonic()
                # By now the next question may stand in the box: leave it.
                yield Step(talk.with_last(last))
    last = _recorded(site, talk, last, by.user)
    # After a problem the words come back.
    yield Step(talk.with_last(last), asked.question if last.problem else None)
    if leads := _leading_on(site, last.answer):
        yield Step(talk.with_last(replace(last, related=leads)))


def _recorded(site: Site, talk: Conversation, exchange: Exchange, user: str | None) -> Exchange:
    """The exchange with its answer's permanent id; without one where the records cannot be reached."""
    answerer = site.get()
    if site.records is None or exchange.answer is None or answerer is None:
        return exchange
    try:
        made_with = answerer.configuration
        kept = site.records.keep(exchange.answer, conversation=talk.id, user=user, configuration=made_with)
    except UserError as error:
        log.warning("An answer was not kept: %s", error)
        return exchange
    return replace(exchange, kept=kept)


def _leading_on(site: Site, answer: Answer | None) -> tuple[str, ...]:
    answerer = site.get()
    return (
        related(answerer.without_model(), answer)
        if answerer and answer and (answer.citations or answer.nearest)
        else ()
    )


def _judged(
    records: Records, talk: Conversation, turn: int, pressed: Mapping[str, Any], user: str | None
) -> Conversation:
    """The conversation with a reader's word on an answer; the same word again takes it back."""
    exchange = talk.exchanges[turn - 1]
    if exchange.kept is None:
        return talk
    if pressed["act"] == "comment":
        records.judge(exchange.kept, exchange.verdict, str(pressed.get("words", "")), user)
        return talk.with_turn(turn, commented=True)
    verdict = next((one for one in VERDICTS if one == pressed.get("verdict") != exchange.verdict), None)
    records.judge(exchange.kept, verdict, "", user)
    return talk.with_turn(turn, verdict=verdict, commented=False)
