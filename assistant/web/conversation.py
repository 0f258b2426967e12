"""A conversation: what was asked, and the answer or the problem that came back."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from typing import Any

from assistant.records.types import Kept, Verdict
from assistant.types import Answer, Checked, Done, Draft, Event, Sentence, Turn
from assistant.web.site import Site
from corpus.errors import UserError
from corpus.spans import sentences

BUG = "Something went wrong here, and it is not your question's fault. The server's log has the details."
STOPPED = "Stopped, as you asked. The question can be sent again."

LONGEST = 100
"""Exchanges of a conversation that the page keeps."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answer, or with one sentence about why there is none.

    With neither, the answer is still being looked for: `draft` is what has been written so far, `checked` those
    of its sentences, from the first on, that have been checked.
    `literal`: the question was searched for in its own words. `kept` is the answer's permanent id where it is
    kept; `related` are questions to go on with; `verdict` is what the reader said of the answer, `commented`
    whether words were added to it.
    """

    question: str
    answer: Answer | None = None
    problem: str | None = None
    literal: bool = False
    draft: str = ""
    checked: tuple[Sentence, ...] = ()
    kept: str | None = None
    related: tuple[str, ...] = ()
    verdict: Verdict | None = None
    commented: bool = False

    @property
    def unchecked(self) -> str:
        """What of the draft has not been checked yet."""
        spans = sentences(self.draft)[len(self.checked) :]
        return self.draft[spans[0][0] :] if spans else ""

    @property
    def pending(self) -> bool:
        return self.answer is None and self.problem is None


@dataclass(frozen=True, slots=True)
class Conversation:
    """The exchanges of one conversation, the newest last.

    `editing` is the number, from 1, of a question that is being changed. `id` is empty until something is asked.
    """

    id: str = ""
    exchanges: tuple[Exchange, ...] = ()
    editing: int | None = None

    def with_last(self, exchange: Exchange) -> Conversation:
        """The conversation with its newest exchange changed."""
        return replace(self, exchanges=(*self.exchanges[:-1], exchange))

    def asking(self, exchange: Exchange) -> Conversation:
        """The conversation with one more exchange, after those that a changed question leaves standing."""
        told = self.stopped().exchanges
        before = told if self.editing is None else told[: self.editing - 1]
        # Of a very long one the page keeps the newest: it is drawn anew with each answer.
        return Conversation(self.id or token_urlsafe(16), (*before, exchange)[-LONGEST:])

    def with_turn(self, turn: int, **changes: Any) -> Conversation:
        """The conversation with fields of one of its exchanges, counted from 1, changed."""
        changed = replace(self.exchanges[turn - 1], **changes)
        return replace(self, exchanges=(*self.exchanges[: turn - 1], changed, *self.exchanges[turn:]))

    def stopped(self) -> Conversation:
        """The conversation with an answer that was under way given up."""
        if not self.exchanges or not self.exchanges[-1].pending:
            return self
        return self.with_last(replace(self.exchanges[-1], problem=STOPPED))


def reply(site: Site, question: str, earlier: Iterable[Exchange]) -> Exchange:
    """The exchange that `question` leads to. A problem is a part of the conversation, never raised."""
    *_, last = replies(site, Exchange(question), earlier)
    return last


def replies(site: Site, asked: Exchange, earlier: Iterable[Exchange]) -> Generator[Exchange, None, None]:
    """The exchange as its answer comes about; the last one has the answer, or a problem, which is never raised.

    Closing the iterator stops the work.
    """
    answerer = site.get()
    if answerer is None:
        yield replace(asked, problem=site.obstacle)
        return
    try:
        yield from _coming(asked, answerer.stream(asked.question, tuple(said(earlier)), literally=asked.literal))
    except UserError as error:
        yield replace(asked, problem=str(error))
    except Exception:
        log.exception("a question could not be answered")
        yield replace(asked, problem=BUG)


def _coming(asked: Exchange, events: Iterable[Event]) -> Iterator[Exchange]:
    now = asked
    for event in events:
        if isinstance(event, Draft):
            now = replace(
                now, draft=now.draft + event.text if event.text else "", checked=now.checked if event.text else ()
            )
        elif isinstance(event, Checked):
            now = replace(now, checked=(*now.checked, event.sentence))
        elif isinstance(event, Done):
            now = replace(asked, answer=event.answer)
        # Without a draft there is nothing to see before the answer.
        if now.draft or now.answer:
            yield now


def said(exchanges: Iterable[Exchange]) -> Iterator[Turn]:
    """The conversation so far as messages; a question without an answer is no part of it."""
    for exchange in exchanges:
        if exchange.answer is not None:
            yield Turn("user", exchange.question)
            yield Turn("assistant", exchange.answer.text)


def reopened(identifier: str, kept: Sequence[Kept]) -> Conversation:
    """A conversation that was kept, to go on with."""
    exchanges = tuple(Exchange(one.answer.question, one.answer, kept=one.id, verdict=one.verdict) for one in kept)
    return Conversation(identifier, exchanges)


def turns(history: Iterable[Mapping[str, Any]]) -> tuple[Turn, ...]:
    """The messages of a call from outside.

    A program sends `content` as a string, a browser as a list of blocks; both mean the same.

    >>> turns([{"role": "user", "content": [{"type": "text", "text": "whats an AOI?"}]}])
    (Turn(role='user', content='whats an AOI?'),)
    """
    try:
        return tuple(Turn(str(message["role"]), _words(message["content"])) for message in history)
    except (AttributeError, KeyError, TypeError) as error:
        expected = 'a list of {"role": "user" or "assistant", "content": "…"}'
        raise UserError(f"The history could not be read: expected {expected}.") from error


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block if isinstance(block, str) else str(block.get("text", "")) for block in content)
