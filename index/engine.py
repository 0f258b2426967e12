"""Where the documents of a build are read and its texts are encoded: in this process, or on many machines.

An engine changes when and where the work is done, never what comes of it: the texts that are encoded together are
the same, so are the vectors, to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from corpus.errors import UserError
from corpus.readers.types import Reading
from corpus.sandbox import sandbox
from index.encode import Encoder, Vectors
from index.late import Bits, coded, packed

LOCAL, RAY = "local", "ray"
PARTS = "parts"
"""The folder inside an index in which an engine keeps what a build has done so far."""
_INSTALL = "python -m pip install -c constraints.txt 'association-assistant[scale]'"


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that are encoded together: sentences, or passages, each of which has its language."""

    kind: Literal["passages", "sentences"]
    texts: tuple[str, ...]
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """What came of a batch: a vector for each text, and its words, packed of a passage and coded of a sentence."""

    vectors: Vectors
    words: tuple[Bits, ...]


def encoded(encoder: Encoder, batch: Batch) -> Encoded:
    """A batch, encoded here."""
    vectors, words = encoder.encode_with_words(batch.texts)
    if batch.kind == "sentences":
        return Encoded(vectors, tuple(coded(one.vectors) for one in words))
    return Encoded(vectors, tuple(packed(one, of) for one, of in zip(words, batch.languages, strict=True)))


@dataclass(frozen=True, slots=True)
class Work:
    """What a build will need: its encoder, the files that are new with their SHA-256, and where parts may be kept."""

    encoder: Encoder
    files: tuple[tuple[Path, str], ...]
    parts: Path


class Crew(Protocol):
    """An engine at work for one build."""

    def read(self, path: Path) -> Reading:
        """The content of a file. Raises UserError where it cannot be used, or a limit was reached."""
        ...

    def encode(self, batches: Sequence[Batch]) -> Iterator[Encoded]:
        """What comes of some batches, in their order."""
        ...


class Engine(Protocol):
    """Can be pickled: a build hands it to its child processes.

    `passages_at_once` is how many passages are put into batches together, on which the vectors depend in their last
    digits; `runs_at_once` is how many times so many are handed to the crew at once.
    """

    @property
    def passages_at_once(self) -> int: ...

    @property
    def runs_at_once(self) -> int: ...

    def crew(self, work: Work) -> AbstractContextManager[Crew]:
        """The crew for a build. Raises UserError where it cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Everything in this process, the reading in a child of it with limits."""

    passages_at_once: int = 2000
    runs_at_once: int = 1

    @contextmanager
    def crew(self, work: Work) -> Iterator[Crew]:
        """As `Engine.crew`. The child starts while the model is checked."""
        with sandbox() as reader:
            reader.start()
            yield _Here(work.encoder, reader.read)


@dataclass(frozen=True, slots=True)
class _Here:
    encoder: Encoder
    read: Callable[[Path], Reading]

    def encode(self, batches: Sequence[Batch]) -> Iterator[Encoded]:
        return (encoded(self.encoder, batch) for batch in batches)


def open_engine(name: str) -> Engine:
    """The engine of a name. Raises UserError where there is none, or its package is not installed."""
    if name == LOCAL:
        return LocalEngine()
    if name != RAY:
        raise UserError(f"Found the engine {name!r}, expected {LOCAL} or {RAY}.")
    from index.ray_engine import RayEngine, is_installed

    if not is_installed():
        raise UserError(f"The engine {RAY} needs the package ray, which is not installed: {_INSTALL}.")
    return RayEngine()
