"""A conversation: what was asked, and the answer or the problem that came back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.types import Answer, Turn
from assistant.web.site import Site
from corpus.errors import UserError

BUG = "Something went wrong here, and it is not your question's fault. The server's log has the details."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answer, or with one sentence about why there is none.

    With neither, the answer is still being looked for.
    """

    question: str
    answer: Answer | None = None
    problem: str | None = None

    @property
    def pending(self) -> bool:
        return self.answer is None and self.problem is None


def reply(site: Site, question: str, earlier: Iterable[Exchange]) -> Exchange:
    """The exchange that `question` leads to. A problem is a part of the conversation, never raised."""
    answerer = site.get()
    if answerer is None:
        return Exchange(question, problem=site.obstacle)
    try:
        return Exchange(question, answer=answerer.ask(question, tuple(said(earlier))))
    except UserError as error:
        return Exchange(question, problem=str(error))
    except Exception:
        log.exception("a question could not be answered")
        return Exchange(question, problem=BUG)


def said(exchanges: Iterable[Exchange]) -> Iterator[Turn]:
    """The conversation so far as messages; a question without an answer is no part of it."""
    for exchange in exchanges:
        if exchange.answer is not None:
            yield Turn("user", exchange.question)
            yield Turn("assistant", exchange.answer.text)


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
