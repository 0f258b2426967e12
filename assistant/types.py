"""The values of an answer. Chat, command line, API and evaluation all use the same `Answer`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["answered", "partial", "not_found"]
Mode = Literal["definition", "extractive", "model"]
Kind = Literal[
    "definition", "expansion", "comparison", "compound", "name", "check", "question", "smalltalk", "outside", "none"
]
Support = Literal["verbatim", "supported", "unsupported"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation so far. `role` is "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Form:
    """A question in a language of the documents, word for word.

    `alternatives` holds a group for each of its words of content, renderings any of which will do; it is
    empty where `text` is read as it stands.
    """

    language: str
    text: str
    alternatives: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """What was understood of a question.

    `standalone` is the question as it is searched for: the topic of earlier turns put in, a
    misspelt name corrected. `term` is what a definition question asks for, in the asker's words;
    `definition` is the registry's term for it, None where the registry has none. `forms` are the
    question word for word in other languages of the documents; `readings` are other ways to take a
    long message; `parts` are the questions that one message asks; `sides` are what a comparison
    compares, and `aspect` in what; `quoted` is a text of which is asked whether it is still right, and
    `parts` then the question as it is understood where that text is no canonical wording.
    """

    question: str
    standalone: str
    kind: Kind
    language: str
    term: str | None = None
    definition: str | None = None
    forms: tuple[Form, ...] = ()
    readings: tuple[str, ...] = ()
    parts: tuple[Query, ...] = ()
    sides: tuple[str, ...] = ()
    aspect: str | None = None
    quoted: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A span of a document. `quote` is exactly `document.text[start:end]`.

    `id` depends on the document's text and the span alone. `page` counts from 1 where the format
    has pages; `page_label` is what the file calls it where that differs. `url` is the source
    address with a text fragment that marks the quote. `mark` is the span, within the quote, of the
    words that a question for a name, a date, a number and so on asked for; None where they are not known.
    """

    number: int
    id: str
    document_id: str
    title: str
    section: str
    page: int | None
    page_label: str | None
    start: int
    end: int
    quote: str
    url: str | None
    mark: tuple[int, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The citation as plain JSON values."""
        return _plain(self)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer and the numbers of the citations that carry it."""

    text: str
    support: Support
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer record of the contract; `as_dict` is its JSON shape.

    `notice` says in a line, in the asker's language, what a language model had to do with the answer that a
    reader should know: that sentences were removed, or that it could not be asked. None where there is nothing.
    """

    id: str | int | None
    question: str
    standalone_question: str
    outcome: Outcome
    reason: str | None
    mode: Mode
    language: str
    text: str
    confidence: float
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    index_version: str
    seconds: Mapping[str, float] = field(compare=False)
    notice: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON values, keys in the contract's order."""
        return _plain(self)  # type: ignore[no-any-return]


Stage = Literal["reading", "searching", "writing", "checking"]


@dataclass(frozen=True, slots=True)
class Status:
    """What is being done now, for as long as nothing else is told."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class Draft:
    """Text that a model has written since the last draft; nothing in it is checked yet.

    An empty text says that what was drafted before is void.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence that was checked: part of the answer, or removed where its support is "unsupported".

    `number` counts a drafted sentence's place from 0, so that it can be put in the place of its draft.
    """

    sentence: Sentence
    number: int


@dataclass(frozen=True, slots=True)
class Done:
    """The answer, which is all that counts; always the last event."""

    answer: Answer


Event = Status | Draft | Checked | Done


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def answer_of(record: Mapping[str, Any]) -> Answer:
    """The answer whose `as_dict` the record is. Raises KeyError or TypeError where it is no such record."""
    citations = {key: tuple(map(_citation_of, record[key])) for key in ("citations", "nearest")}
    sentences = tuple(Sentence(one["text"], one["support"], tuple(one["citations"])) for one in record["sentences"])
    return Answer(**{**record, **citations, "sentences": sentences})


def _citation_of(record: Mapping[str, Any]) -> Citation:
    mark = record.get("mark")
    return Citation(**{**record, "mark": (mark[0], mark[1]) if mark else None})
