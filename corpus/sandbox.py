"""Reading and drawing in a child process with limits: a bomb, an endless loop or a crash costs one document.

One child reads one file after the other, since starting it takes longer than reading a page. It is
replaced when it dies, when a file takes too long, and after a number of files, so that what one
file left behind in memory does not count against another.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, TypeVar

from corpus.errors import UserError
from corpus.readers import read_file
from corpus.readers.types import Reading

MEMORY = 2**30
PROCESSOR = 20
"""Seconds of processor time for a file. Unlike time, they are the same on a busy machine."""
SECONDS = 60.0
# What the child may send: more text than this costs the process that receives it too much.
LONGEST = 100_000_000
_ABORTED = (-signal.SIGABRT, -signal.SIGTRAP, -signal.SIGILL)
_FILES_A_CHILD = 200
_GRACE = 5.0
_START = 60.0
_Value = TypeVar("_Value")


@dataclass(slots=True)
class _Child:
    process: SpawnProcess
    connection: Connection
    files: int = 0
    is_up: bool = False

    def wait(self) -> None:
        """Until it has started: on a busy machine that takes longer than a file may."""
        if not self.is_up:
            if not self.connection.poll(_START):
                raise UserError(f"the process that reads files did not start in {_START:g} s; try again")
            self.connection.recv()
            self.is_up = True

    def is_fit(self) -> bool:
        return self.files < _FILES_A_CHILD and self.process.is_alive()

    def stop(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


class Sandbox:
    """Does work on files in a child process; `memory` in bytes, `seconds` for each piece of work."""

    def __init__(self, memory: int = MEMORY, seconds: float = SECONDS) -> None:
        self._memory = memory
        self._seconds = seconds
        self._child: _Child | None = None

    def start(self) -> None:
        """Start a child now, so that the first file does not wait for it."""
        self._ready()

    def read(self, path: Path) -> Reading:
        """As `corpus.readers.read_file`. Raises UserError also where a limit was reached."""
        return self.run(partial(_read, path))

    def run(self, task: Callable[[], _Value]) -> _Value:
        """What `task` returns in the child, to which it and its result are sent (pickled).

        Raises UserError where the task does, where it fails otherwise, and where a limit was reached.
        """
        child = self._ready()
        child.files += 1
        try:
            child.wait()
            child.connection.send(task)
            if not child.connection.poll(self._seconds):
                raise UserError(f"reading it took more than {self._seconds:g} s; split it, or save it anew")
            value, refusal = child.connection.recv()
        except (EOFError, OSError):
            # OSError: it ended in the middle of a message.
            child.process.join(_GRACE)
            reason = self._reason(child.process.exitcode)
            self.close()
            raise UserError(reason) from None
        except UserError:
            self.close()
            raise
        if refusal is not None:
            raise UserError(refusal)
        done: _Value = value
        return done

    def _reason(self, exitcode: int | None) -> str:
        if exitcode == -signal.SIGXCPU:
            return f"reading it took more than {PROCESSOR} s of the processor; split it, or save it anew"
        if exitcode in _ABORTED:
            # PDFium ends its process where it gets no more memory.
            return (
                f"reading it crashed (exit code {exitcode}), mostly since it takes more than "
                f"{self._memory // 2**20} MB of memory; split it, or save it anew"
            )
        return f"reading it crashed (exit code {exitcode}); save it anew, or convert it"

    def close(self) -> None:
        """End the child; the next file starts another."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _ready(self) -> _Child:
        if self._child is not None and not self._child.is_fit():
            self.close()
        if self._child is None:
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, self._memory), daemon=True)
            process.start()
            theirs.close()
            self._child = _Child(process, ours)
        return self._child


@contextmanager
def sandbox(memory: int = MEMORY, seconds: float = SECONDS) -> Iterator[Sandbox]:
    """A sandbox that is closed afterwards."""
    made = Sandbox(memory, seconds)
    try:
        yield made
    finally:
        made.close()


def _serve(connection: Connection, memory: int) -> None:
    """In the child: do what is asked for until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # numpy comes with a reader, and would reserve memory for every core of the machine.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        connection.send(None)
    except OSError:
        return
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        _allow(PROCESSOR)
        try:
            connection.send(_attempt(task, memory))
        except MemoryError:
            connection.send((None, _too_much(memory)))


def _allow(seconds: int) -> None:
    """The kernel ends this process (SIGXCPU) after so much more processor time: no library can catch or outlast it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + seconds, hard))


def _too_much(memory: int) -> str:
    return f"reading it takes more than {memory // 2**20} MB of memory; split it, or save it anew"


def _read(path: Path) -> Reading:
    reading = read_file(path)
    if len(reading.text) > LONGEST:
        raise UserError(f"it holds {len(reading.text):,} characters, more than {LONGEST:,}; split it")
    return reading


def _attempt(task: Callable[[], Any], memory: int) -> tuple[Any, str | None]:
    try:
        return task(), None
    except UserError as error:
        return None, str(error)
    except MemoryError:
        return None, _too_much(memory)
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes a library raise costs that file alone
        said = " ".join(str(error).split())
        return None, f"reading it failed ({type(error).__name__}: {said}); save it anew, or convert it"
