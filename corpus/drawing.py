"""Pages of PDF files as pictures, and where words stand on them: made in a child process, kept in memory.

A PDF is foreign input, so one that hangs, crashes or eats memory is refused like one that cannot be
read, and the refusal is kept for a while: the next reader does not wait for it again.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from corpus.errors import UserError
from corpus.readers.placing import Placed
from corpus.sandbox import MEMORY, Sandbox

WIDTHS = (800, 1600)
"""Pixels: the widths in which a page is drawn."""
SECONDS = 10.0
KEPT = 64_000_000
"""Bytes of pictures that are kept."""
_KEPT_ANSWERS = 2000
RETRY = 300.0
"""Seconds after which a page that was refused is tried again: it may have been the machine that was busy."""
_Value = TypeVar("_Value")


@cache
def drawn_by() -> str:
    """The release that draws: another may draw another picture."""
    return version("pypdfium2")


class Drawing:
    """Draws pages, one at a time. May be used from several threads.

    `digest` names the content of a file: what is kept of it is kept under that name.
    """

    def __init__(self, memory: int = MEMORY, seconds: float = SECONDS, kept: int = KEPT) -> None:
        self._sandbox = Sandbox(memory, seconds)
        self._lock = threading.Lock()
        self._kept = kept
        self._answers: dict[tuple[object, ...], object] = {}
        self._refused: dict[tuple[object, ...], float] = {}
        self._size = 0

    def image(self, path: Path, digest: str, number: int, width: int) -> bytes:
        """A page, counted from 1, as a PNG. Raises UserError where it cannot be drawn."""
        return self._once((digest, number, width), partial(_image, path, number, width))

    def boxes(
        self, path: Path, digest: str, number: int, text: str, spans: Sequence[tuple[int, int]]
    ) -> list[Placed | None]:
        """As `corpus.readers.pdfium.page_boxes`. Raises UserError where the page cannot be read."""
        return self._once((digest, number, text, tuple(spans)), partial(_boxes, path, number, text, tuple(spans)))

    def close(self) -> None:
        """End the child; the next page starts another."""
        with self._lock:
            self._sandbox.close()

    def _once(self, key: tuple[object, ...], task: Callable[[], _Value]) -> _Value:
        with self._lock:
            if key in self._answers and time.monotonic() < self._refused.get(key, math.inf):
                answer = self._answers.pop(key)
                self._answers[key] = answer
            else:
                self._refused.pop(key, None)
                answer = self._attempt(task)
                self._keep(key, answer)
        if isinstance(answer, UserError):
            # A new one: an exception that is raised twice grows a traceback each time.
            raise UserError(str(answer))
        value: _Value = answer  # type: ignore[assignment]
        return value

    def _attempt(self, task: Callable[[], _Value]) -> _Value | UserError:
        try:
            return self._sandbox.run(task)
        except UserError as error:
            return UserError(str(error))

    def _keep(self, key: tuple[object, ...], answer: object) -> None:
        self._answers[key] = answer
        self._size += _size(answer)
        if isinstance(answer, UserError):
            self._refused[key] = time.monotonic() + RETRY
        while len(self._answers) > 1 and (self._size > self._kept or len(self._answers) > _KEPT_ANSWERS):
            oldest = next(iter(self._answers))
            self._refused.pop(oldest, None)
            self._size -= _size(self._answers.pop(oldest))


def _size(answer: object) -> int:
    return len(answer) if isinstance(answer, bytes) else 0


# Called in the child, which alone imports PDFium.
def _image(path: Path, number: int, width: int) -> bytes:
    from corpus.readers.pdfium import page_image

    return page_image(path, number, width)


def _boxes(path: Path, number: int, text: str, spans: Sequence[tuple[int, int]]) -> list[Placed | None]:
    from corpus.readers.pdfium import page_boxes

    return page_boxes(path, number, text, spans)
