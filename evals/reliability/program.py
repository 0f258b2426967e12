"""The program that serves, in a process that can be killed or asked to stop, and calls of it over HTTP."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evals.reliability.world import World

_PATIENCE = 120.0
_A_TRY = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call came back with."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def call(
    address: str,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = _PATIENCE,
) -> Reply:
    """One request; the path is sent as it is, dots and all. Raises OSError or HTTPException where nothing came back."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=seconds)
    try:
        connection.putrequest(method, path.encode("utf-8").decode("latin-1"), skip_accept_encoding=True)
        for name, value in {"Content-Length": str(len(body or b"")), **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        reply = connection.getresponse()
        return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        connection.close()


class Program:
    """`assistant chat --staff` over a world, with the tiny encoder. `told` is what its own readers tell of (see
    `serving.py`); what it prints goes to `log`."""

    def __init__(self, world: World, *, talks: bool = False, slow: float = 0.0) -> None:
        self.log = world.folder / "program.log"
        self.told, sending = _context().Pipe(duplex=False)
        self.process = _context().Process(target=_serve, args=(world, sending, talks, slow, self.log))
        self.process.start()
        sending.close()
        try:
            self.address = self._first_words()
            self._wait_until_ready()
        except RuntimeError:
            self.kill()
            raise

    def _first_words(self) -> str:
        with suppress(EOFError):
            if self.told.poll(_PATIENCE):
                return str(self.told.recv())
        raise RuntimeError(f"the program did not start: {self._log_end()}")

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self.process.is_alive():
            with suppress(OSError):
                if call(self.address, "GET", "/readyz", seconds=_A_TRY).status == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"the program did not get ready: {self._log_end()}")

    def _log_end(self) -> str:
        return (
            self.log.read_text(encoding="utf-8", errors="replace")[-2000:] if self.log.exists() else "it says nothing"
        )

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.process.join()

    def heard(self) -> Iterator[tuple[Any, ...]]:
        """What its readers were told so far; of a program that ended, all."""
        with suppress(EOFError, OSError):
            while self.told.poll(0):
                yield self.told.recv()


@contextmanager
def running(world: World, *, talks: bool = False, slow: float = 0.0) -> Iterator[Program]:
    """The program over a world until the block ends; `slow` is how many seconds each answer takes more."""
    program = Program(world, talks=talks, slow=slow)
    try:
        yield program
    finally:
        program.kill()
        program.told.close()


@cache
def _context() -> ForkServerContext:
    """Processes that need not import the program anew: a third of the time that its start takes is saved."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["evals.reliability.serving"])
    return context


def _serve(world: World, sending: Connection, talks: bool, slow: float, log: Path) -> None:
    from evals.reliability.serving import serve

    serve(world, sending, talks=talks, slow=slow, log=log)
