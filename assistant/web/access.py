"""Who may open which page, in one table; and who it is that opens one now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from starlette.requests import HTTPConnection

from assistant.accounts import Person

Need = Literal["anyone", "member", "staff"]

ACCESS: tuple[tuple[str, Need], ...] = (
    ("/healthz", "anyone"),
    ("/readyz", "anyone"),
    # It looks itself: programs of this machine may, and staff (health.py).
    ("/metrics", "anyone"),
    ("/sign-in", "anyone"),
    ("/language/*", "anyone"),
    ("/site/*", "anyone"),
    ("/evaluation*", "staff"),
    ("/review*", "staff"),
    ("/index*", "staff"),
    ("/api/evaluation*", "staff"),
    ("/api/review*", "staff"),
    ("/api/index*", "staff"),
    ("*", "member"),
)
"""What a path needs, the first that fits. Where nobody is asked who they are, everybody may do everything."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who opens a page: `person` is None for the unknown.

    `signs_in` says whether this site asks who people are, `signs_out` whether this person can sign out here.
    """

    person: Person | None = None
    signs_in: bool = False
    signs_out: bool = False

    def may_open(self, path: str) -> bool:
        need = needed(path)
        if not self.signs_in or need == "anyone":
            return True
        return self.person is not None and (need == "member" or self.person.is_staff)


_visitor: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


def needed(path: str) -> Need:
    """
    >>> needed("/site/site.css"), needed("/site"), needed("/review/close"), needed("/c/c_1")
    ('anyone', 'member', 'staff', 'member')
    """
    return next(need for pattern, need in ACCESS if fnmatchcase(path, pattern))


def visitor() -> Visitor:
    """Who opens the page that is being made."""
    return _visitor.get() or Visitor()


@contextmanager
def visiting(someone: Visitor) -> Iterator[None]:
    """Pages are made for somebody, for as long as the block lasts."""
    before = _visitor.set(someone)
    try:
        yield
    finally:
        _visitor.reset(before)


def visitor_in(request: HTTPConnection | None) -> Visitor:
    """Who made a request: for what is answered outside of it, such as the events of the chat's framework."""
    found = request.scope.get("state", {}).get("visitor") if request is not None else None
    return found if isinstance(found, Visitor) else Visitor()


def person_in(request: HTTPConnection) -> Person | None:
    """The person who made a request; None for the unknown, and where nobody is asked."""
    return visitor_in(request).person


def user_in(request: HTTPConnection) -> str | None:
    """The name of the person who made a request; None for the unknown, and where nobody is asked."""
    person = person_in(request)
    return person.name if person else None
