"""What the pages need of the program behind them, and whether it is there yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assistant.originals import Original
from assistant.records.types import Records
from assistant.registry import Registry
from assistant.types import Answer, Citation, Event, Turn
from corpus.types import Document, DocumentInfo, Drifted, Passage, Refused
from index.search import Hit

LOADING = "The index is still loading; ask again in a moment."


class Answerer(Protocol):
    """A loaded index with the answering on top of it."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The answer to `question`; raises UserError for what the asker can put right."""
        ...

    def stream(
        self, question: str, history: Sequence[Turn] = (), id: str | int | None = None, *, literally: bool = False
    ) -> Iterator[Event]:
        """The answer as it comes about; closing the iterator stops the work. Raises UserError as `ask` does."""
        ...

    def without_model(self) -> Answerer:
        """The same answerer, which asks no language model."""
        ...

    def context(self, citation: Citation) -> tuple[int, int]:
        """The span of the passage around `citation`, in its document's text."""
        ...

    def search(self, words: str, limit: int) -> Sequence[Hit]:
        """The passages nearest to some words, best first."""
        ...

    def joined(self, passage: Passage) -> tuple[int, int]:
        """The span of a passage with its neighbours that hold the rest of a definition or a list."""
        ...

    @property
    def documents(self) -> Sequence[DocumentInfo]: ...

    def document(self, document_id: str) -> Document | None:
        """A document with its text; None where there is none with this id."""
        ...

    def original(self, document: DocumentInfo) -> Original:
        """The file that a document was read from; raises UserError where it cannot be handed out."""
        ...

    def mentions(self, term: str) -> Sequence[Citation]:
        """The places at which the documents mention a term."""
        ...

    @property
    def registry(self) -> Registry: ...

    @property
    def drifted(self) -> Sequence[Drifted]:
        """The definitions whose wording their documents no longer have."""
        ...

    @property
    def refused(self) -> Sequence[Refused]: ...

    @property
    def index_version(self) -> str: ...

    @property
    def configuration(self) -> str:
        """What answers are made with, besides the index: the names of the models."""
        ...

    @property
    def passage_count(self) -> int: ...

    @property
    def model(self) -> Mapping[str, Any] | None:
        """The language model that writes, and how it does; None where none does."""
        ...

    @property
    def notice(self) -> str | None:
        """What is wrong with a newer index, where an older one has to serve."""
        ...

    @property
    def examples(self) -> Sequence[str]:
        """Questions that the documents answer, to start from."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """The answerer, which may still be loading or may have failed to load, and the site's own words.

    `get` returns None until the index is there; `failure` a plain sentence once loading has failed.
    """

    get: Callable[[], Answerer | None]
    failure: Callable[[], str | None]
    title: str
    contact: str | None
    pages: tuple[tuple[str, str], ...] = (
        ("Ask", "/"), ("Definitions", "/definitions"), ("Documents", "/documents")
    )  # fmt: skip
    """The pages that the bar names, each with its path."""
    records: Records | None = None
    """What is kept of conversations; None where there is no place to keep it."""

    @property
    def answerer(self) -> Answerer | None:
        """The answerer, as the templates name it."""
        return self.get()

    @property
    def obstacle(self) -> str:
        """Why `get` returns None, in words for the person who waits."""
        return self.failure() or LOADING
