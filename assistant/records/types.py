"""What is kept of conversations, feedback and review, and what a store of it can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from assistant.types import Answer

Verdict = Literal["up", "down", "missing"]
"""A reader's word on an answer: helpful, not helpful, or "tell staff that this is missing"."""
VERDICTS: tuple[Verdict, ...] = ("up", "down", "missing")
Resolution = Literal["question_set", "alias", "document_missing", "note"]
"""What staff did about an answer that was not helpful."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given. `id` is its permanent name; `asked_at` is in UTC; `user` None for the unknown."""

    id: str
    answer: Answer
    asked_at: datetime
    conversation: str
    user: str | None
    configuration: str
    verdict: Verdict | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in a list of them; `title` is its first question."""

    id: str
    title: str
    updated_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Review:
    """An answer for staff to look at: refused, partly answered, or called not helpful."""

    kept: Kept
    resolution: Resolution | None = None
    note: str = ""
    resolved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the staff's log: who did what, and to what. `user` None where it is not known, or forgotten."""

    at: datetime
    user: str | None
    action: str
    subject: str


class Records(Protocol):
    """A store of what was asked. Every method raises UserError where the database cannot be reached."""

    def keep(self, answer: Answer, *, conversation: str, user: str | None, configuration: str) -> str | None:
        """Keep an answer; its permanent id, or None where nothing is kept (the setting is off)."""
        ...

    def answer(self, identifier: str) -> Kept | None: ...

    def conversations(self, user: str, limit: int = 50) -> Sequence[Conversation]:
        """A person's conversations, newest first."""
        ...

    def conversation(self, identifier: str, user: str | None = None) -> Sequence[Kept]:
        """The answers of a conversation in order, without those of other people."""
        ...

    def withdraw(self, identifiers: Sequence[str], user: str | None = None) -> None:
        """Take answers of a person out of their conversation: their question was put again. Their addresses stay."""
        ...

    def remove_conversation(self, identifier: str, user: str) -> bool: ...

    def judge(self, identifier: str, verdict: Verdict | None, comment: str, user: str | None) -> bool:
        """A reader's word on an answer, taken back with None; False where there is no such answer."""
        ...

    def to_review(self, *, resolved: bool = False) -> Sequence[Review]:
        """What staff should look at, newest first."""
        ...

    def resolve(self, identifiers: Sequence[str], resolution: Resolution, note: str, user: str | None) -> int:
        """Close items of the review; how many were open."""
        ...

    def log(self, action: str, subject: str, user: str | None) -> None:
        """Write into the staff's log what was done, and to what."""
        ...

    def export(self, user: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Everything kept (of one person), as plain JSON values, oldest first."""
        ...

    def forget(self, user: str) -> int:
        """Remove everything that is kept of a person; how many answers that was."""
        ...

    def expire(self, now: datetime) -> int:
        """Remove what is older than the setting allows; how many answers that was."""
        ...

    def close(self) -> None: ...


class Sessions(Protocol):
    """Who is signed in. A session is known by the SHA-256 of its token: what is kept lets nobody sign in."""

    def begin_session(self, token_sha256: str, user: str, expires_at: datetime) -> None: ...

    def session(self, token_sha256: str, now: datetime) -> str | None:
        """Whose session it is; None where there is none, or it has expired."""
        ...

    def end_session(self, token_sha256: str) -> None: ...
