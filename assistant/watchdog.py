"""Reading what another machine sends within a time, whatever it sends: a trickle of bytes resets no clock here."""

from __future__ import annotations

import contextvars
import logging
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from queue import Empty, Full, Queue
from typing import Any, Generic, TypeVar

log = logging.getLogger(__name__)
_Item = TypeVar("_Item")
_AT_ONCE = 64
_LOOK_UP = 0.2


class Cords:
    """Tells the work of the thread that reads which response it has open, so that another thread can end it."""

    def __init__(self) -> None:
        self._mine = threading.local()

    def opened(self, response: Any) -> None:
        """For httpx to call, in the reading thread, with each response (`is_closed`, `extensions`)."""
        work: _Work[Any] | None = getattr(self._mine, "work", None)
        if work is not None:
            work.opened(response)

    def hold(self, work: _Work[Any]) -> None:
        """This thread does that work from now on."""
        self._mine.work = work


def watched(produce: Callable[[], Generator[_Item]], until: float, cords: Cords) -> Iterator[_Item]:
    """The items of a generator, which runs in a thread of its own, until a time by `time.monotonic`.

    Closing the iterator cuts the thread's response, and so does the end of the time. Raises TimeoutError
    at that time, and whatever the generator raises.
    """
    work = _Work(produce, cords)
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work.run,), name="model reply", daemon=True)
    thread.start()
    try:
        while (item := work.next(until)) is not None:
            yield item[0]
    finally:
        work.leave()


class _Work(Generic[_Item]):
    """A generator that is run in one thread and followed in another."""

    def __init__(self, produce: Callable[[], Generator[_Item]], cords: Cords) -> None:
        self._produce = produce
        self._cords = cords
        self._gone = threading.Event()
        self._response: Any = None
        self._given: Queue[tuple[_Item] | Exception | None] = Queue(_AT_ONCE)

    def opened(self, response: Any) -> None:
        self._response = response
        if self._gone.is_set():
            _shut(response)

    def leave(self) -> None:
        """Nobody follows any more: the response that is read now or opened later ends."""
        self._gone.set()
        if self._response is not None:
            _shut(self._response)

    def run(self) -> None:
        self._cords.hold(self)
        try:
            with closing(self._produce()) as items:
                for item in items:
                    if not self._put((item,)):
                        return
            self._put(None)
        except Exception as error:  # noqa: BLE001 - handed to the thread that follows, which raises it
            self._put(error)

    def next(self, until: float) -> tuple[_Item] | None:
        """The next item, None at the end. Raises TimeoutError, and what the generator raised."""
        left = until - time.monotonic()
        try:
            # What is there already is too late all the same: a server that sends without end is not followed.
            found = self._given.get(timeout=left) if left > 0 else TimeoutError("not done in time")
        except Empty:
            raise TimeoutError("not done in time") from None
        if isinstance(found, Exception):
            raise found
        return found

    def _put(self, found: tuple[_Item] | Exception | None) -> bool:
        """Whether somebody still follows."""
        while not self._gone.is_set():
            try:
                self._given.put(found, timeout=_LOOK_UP)
            except Full:
                continue
            return True
        return False


def _shut(response: Any) -> None:
    """End a response that another thread reads: it wakes as if the server had gone."""
    stream = None if response.is_closed else response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream is not None else None
    if connection is None:
        return
    try:
        # Shut down and not closed: only this wakes a thread that waits for bytes.
        connection.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        log.debug("The connection was gone already (%s).", error)
