"""Readers that do what damaged files make libraries do. The child imports this module and arms them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus import sandbox
from corpus.readers import READERS
from corpus.readers.types import Reading


def _hang(path: Path) -> Reading:
    time.sleep(60)
    raise AssertionError


def _die(path: Path) -> Reading:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _exit(path: Path) -> Reading:
    os._exit(3)


def _eat(path: Path) -> Reading:
    return Reading("x" * 2**31, ())


def _raise(path: Path) -> Reading:
    return Reading(str(1 // 0), ())


def _spin(path: Path) -> Reading:
    while True:
        pass


def _recurse(path: Path) -> Reading:
    return _recurse(path)


BOMBS = {
    ".hang": _hang,
    ".die": _die,
    ".exit": _exit,
    ".eat": _eat,
    ".raise": _raise,
    ".recurse": _recurse,
    ".spin": _spin,
}


def serve(connection, memory) -> None:  # type: ignore[no-untyped-def]
    """What the child runs: the bombs among the readers, then the real thing."""
    READERS.update(BOMBS)
    sandbox.PROCESSOR = 1
    _REAL_SERVE(connection, memory)


_REAL_SERVE = sandbox._serve


@contextmanager
def armed() -> Iterator[None]:
    """While this lasts, new children know the bombs."""
    sandbox._serve = serve
    try:
        yield
    finally:
        sandbox._serve = _REAL_SERVE
