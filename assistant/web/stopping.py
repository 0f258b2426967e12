"""Whether the program is about to stop, and what is still being answered: the server and the pages share it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 20.0
"""Seconds for which answers that are under way are waited for."""
# A page that has sent its question opens the stream of its answer a moment later.
_BETWEEN = 0.5


class Stopping:
    """Used from the server's own thread alone. Times by `clock`, in seconds."""

    def __init__(self, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._begun: float | None = None
        self._running = 0
        self._idle_since = -_BETWEEN

    @property
    def has_begun(self) -> bool:
        return self._begun is not None

    @property
    def running(self) -> int:
        """How many answers are under way."""
        return self._running

    def begin(self) -> None:
        """From now on nothing new is answered."""
        if self._begun is None:
            self._begun = self._clock()

    @property
    def is_done(self) -> bool:
        """Whether nothing is answered any more, or has been waited for long enough."""
        now = self._clock()
        idle = not self._running and now - self._idle_since >= _BETWEEN
        return self._begun is not None and (idle or now - self._begun >= self._patience)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Something is answered for as long as the block lasts."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._idle_since = self._clock()
