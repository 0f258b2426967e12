"""What a reader does in a conversation, and what comes of it: asking, asking again, changing, judging, reopening."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
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


@dataclass(slots=True)
class Run:
    """An answer under way: whether it was told to stop; whether it is there, and only what leads on is missing."""

    stopped: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Talker:
    """Who talks, and what is under way in which conversation. A run that is not there any more shows nothing more."""

    user: str | None
    runs: dict[str, Run] = field(default_factory=dict)

    @contextmanager
    def running(self, talk: Conversation) -> Iterator[Run]:
        """An answer is under way in a conversation, in the place of any that was."""
        run = self.runs[talk.id] = Run()
        try:
            yield run
        finally:
            if self.is_current(talk, run):
                del self.runs[talk.id]

    def is_current(self, talk: Conversation, run: Run) -> bool:
        """Whether a run is still the one whose answer the page waits for."""
        return self.runs.get(talk.id) is run

    def interrupts(self, talk: Conversation) -> bool:
        """Whether the page may be changed now; what leads on from an answer is then no longer waited for."""
        run = self.runs.get(talk.id)
        if run is not None and not run.answered:
            return False
        self.runs.pop(talk.id, None)
        return True


def act(site: Site, talk: Conversation, pressed: Mapping[str, Any], by: Talker) -> Iterator[Step]:
    """What a button of the transcript does; `pressed` is what it carries. What is not known does nothing."""
    turn = _turn(pressed, talk)
    match pressed.get("act"):
        case "ask":
            yield from ask(site, talk, str(pressed.get("question", "")), by)
        case "retry" | "literal" as wanted if turn:
            again = talk.exchanges[turn - 1]
            asked = Exchange(again.question, literal=again.literal or wanted == "literal")
            yield from _answered(site, replace(talk, editing=turn), asked, by)
        case "edit" if by.interrupts(talk):
            yield Step(replace(talk, editing=turn or None), talk.exchanges[turn - 1].question if turn else "")
        case "judge" | "comment" if turn and site.records and by.interrupts(talk):
            yield Step(_judged(site.records, talk, turn, pressed, by.user))
        case "open" if site.records:
            identifier = str(pressed.get("conversation", ""))
            by.runs.pop(talk.id, None)
            kept = site.records.conversation(identifier, by.user)
            # What is not there is not gone on with under its name.
            yield Step(reopened(identifier, kept) if kept else Conversation(), "")


def _turn(pressed: Mapping[str, Any], talk: Conversation) -> int:
    """The number of the turn that was meant, from 1; 0 for none."""
    said = str(pressed.get("turn", ""))
    return int(said) if said.isdecimal() and int(said) <= len(talk.exchanges) else 0


def ask(site: Site, talk: Conversation, question: str, by: Talker) -> Iterator[Step]:
    """The conversation with a question, and then with what is answered; nothing where nothing was asked."""
    if question.strip():
        yield from _answered(site, talk, Exchange(question), by)


def _answered(site: Site, before: Conversation, asked: Exchange, by: Talker) -> Iterator[Step]:
    """First the question alone, so that it is seen at once, then the answer as it comes about, then what leads on."""
    talk = before.asking(asked)
    _withdraw(site, before, talk, by)
    with by.running(talk) as run:
        yield Step(talk, "")
        last = asked
        with closing(_coming(site, talk, asked)) as coming:
            for last in coming:
                if not by.is_current(talk, run):
                    return
                if run.stopped:
                    yield Step(talk.stopped(), asked.question)
                    return
                if last.pending:
                    # By now the next question may stand in the box: leave it.
                    yield Step(talk.with_last(last))
        last = _recorded(site, talk, last, by.user)
        run.answered = True
        # After a problem the words come back.
        yield Step(talk.with_last(last), asked.question if last.problem else None)
        leads = _leading_on(site, last.answer)
        if leads and by.is_current(talk, run):
            yield Step(talk.with_last(replace(last, related=leads)))


def _coming(site: Site, talk: Conversation, asked: Exchange) -> Generator[Exchange, None, None]:
    """The exchange as it comes about, drafts not more often than a page can draw them."""
    shown_at = 0.0
    with closing(replies(site, asked, talk.exchanges[:-1])) as coming:
        for exchange in coming:
            if not exchange.pending or monotonic() - shown_at > _DRAFTS_APART:
                shown_at = monotonic()
                yield exchange


def _withdraw(site: Site, before: Conversation, now: Conversation, by: Talker) -> None:
    """What a changed question replaced belongs to the conversation no longer."""
    kept = {one.kept for one in now.exchanges}
    gone = [one.kept for one in before.exchanges if one.kept and one.kept not in kept]
    if site.records is None or not gone or len(now.exchanges) > len(before.exchanges):
        return
    try:
        site.records.withdraw(gone, by.user)
    except UserError as error:
        log.warning("Answers that were replaced stay in their conversation: %s", error)


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
