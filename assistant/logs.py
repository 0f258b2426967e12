"""The log: one line for each thing that happened, as plain words or as JSON, with the request that it belongs to."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

Form = Literal["plain", "json"]
OURS = ("assistant", "corpus", "evals", "index")
_FIELDS = "fields"
# What ends a line, moves a terminal's cursor, or turns the direction of writing.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FIT = re.compile(r"[A-Za-z0-9._-]{8,64}")
_request: ContextVar[str | None] = ContextVar("request", default=None)


def set_up(form: Form) -> None:
    """Log to standard error from now on: what this program does, and of its libraries the warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)


def with_fields(**fields: Any) -> dict[str, Any]:
    """What to give to a logger as `extra`, for values that stand beside the message."""
    return {_FIELDS: fields}


@contextmanager
def about(request: str | None) -> Iterator[None]:
    """What is logged belongs to a request, for as long as the block lasts."""
    before = _request.set(request or _request.get())
    try:
        yield
    finally:
        _request.reset(before)


def request_id() -> str | None:
    """The id of the request that is being answered."""
    return _request.get()


def new_id() -> str:
    return secrets.token_hex(8)


def is_id(given: str) -> bool:
    """Whether somebody else's id of a request can stand in our log.

    >>> is_id("6f1c2a0b-77e1"), is_id("short"), is_id("two\\nlines, of which one is forged")
    (True, False, False)
    """
    return _FIT.fullmatch(given) is not None


class PlainLines(logging.Formatter):
    """A line a record; further lines, such as those of a traceback, begin with a bar, so that none can be forged."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        told = "".join(f" {name}={_one_line(_plain(value))}" for name, value in fields.items())
        line = f"{_time(record)} {record.levelname} {record.name}: {_one_line(record.getMessage())}{told}"
        further = self.formatException(record.exc_info) if record.exc_info else ""
        return "\n".join([line, *(f"  | {_one_line(one)}" for one in further.split("\n") if further)])


class JsonLines(logging.Formatter):
    """A JSON object a line, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        row = {"time": _time(record), "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        row |= _fields(record)
        if record.exc_info:
            row["exception"] = self.formatException(record.exc_info)
        return json.dumps(row, default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    request = _request.get()
    own = {"request": request} if request else {}
    return own | getattr(record, _FIELDS, {})


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) and value and " " not in value else json.dumps(value, default=str)


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
