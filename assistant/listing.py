"""What is listed and looked up, as records: command line, HTTP API, endpoints and tools give the same."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Protocol

from assistant.check import Canon, definition_record, unknown_term
from assistant.citations import cite, resolve
from assistant.shapes import DefinitionAnswer, DocumentDetails, DocumentRecord, PassageRecord
from assistant.types import Answer, Citation, Turn
from corpus.errors import UserError
from corpus.spans import Span
from corpus.types import Definition, Document, DocumentInfo, Passage
from index.search import Hit

FOUND = 10
"""Passages that a search gives where nobody says how many."""
MOST_FOUND = 50
LONGEST_WORDS = 1_000
_LISTED = 20


class UnknownError(UserError):
    """There is nothing of that name here."""


class Library(Canon, Protocol):
    """Documents that can be searched, with their definitions."""

    @property
    def documents(self) -> Sequence[DocumentInfo]: ...

    def search(self, words: str, limit: int, /) -> Sequence[Hit]:
        """The passages nearest to some words, best first."""
        ...

    def joined(self, passage: Passage, /) -> Span:
        """The span of a passage with its neighbours that hold the rest of a definition or a list."""
        ...


class Program(Library, Protocol):
    """A library that answers too."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The answer to `question`; raises UserError for what the asker can put right."""
        ...


def found_passages(library: Library, words: str, limit: int = FOUND) -> list[PassageRecord]:
    """The passages nearest to some words, best first. Raises UserError where there is nothing to search for."""
    if not words.strip():
        raise UserError("There is nothing to search for: give some words.")
    if len(words) > LONGEST_WORDS:
        raise UserError(
            f"Found {len(words):,} characters to search for, up to {LONGEST_WORDS:,} are read: give fewer words."
        )
    if not 1 <= limit <= MOST_FOUND:
        raise UserError(f"Found limit = {limit}, expected a number from 1 to {MOST_FOUND}.")
    return [_passage_record(library, hit) for hit in library.search(words, limit)]


def _passage_record(library: Library, hit: Hit) -> PassageRecord:
    passage = hit.passage
    document = known_document(library, passage.document_id)
    start, end = library.joined(passage)
    whole = (start, end) == (passage.start, passage.end)
    citation = cite(1, document, passage.start, passage.end)
    return {
        "passage_id": passage.id,
        "document_id": document.id,
        "title": document.title,
        "section": " › ".join(passage.heading_path),
        "page": citation.page,
        "page_label": citation.page_label,
        "start": passage.start,
        "end": passage.end,
        "score": round(hit.score, 6),
        "dense_rank": hit.dense_rank,
        "lexical_rank": hit.lexical_rank,
        "text": citation.quote,
        "joined": None if whole else {"start": start, "end": end, "text": document.text[start:end]},
        "citation_id": citation.id,
        "url": citation.url,
    }


def document_record(document: DocumentInfo) -> DocumentRecord:
    """A document without its text, as plain values."""
    return {
        "id": document.id,
        "title": document.title,
        "path": document.path,
        "url": document.url,
        "language": document.language,
        "kind": document.kind,
        "date": document.date.isoformat() if document.date else None,
        "pages": document.pages,
        "characters": document.characters,
        "sha256": document.sha256,
    }


def document_details(document: Document) -> DocumentDetails:
    """A document with its sections and pages, without its text."""
    return {
        **document_record(document.info),
        "sections": [
            {"title": one.title, "heading_path": list(one.heading_path), "start": one.start, "end": one.end}
            for one in document.sections
        ],
        "page_spans": [
            {"number": one.number, "label": one.label, "start": one.start, "end": one.end} for one in document.pages
        ],
    }


def known_document(library: Library, document_id: str) -> Document:
    """A document with its text. Raises UnknownError, with the ids that there are."""
    document = library.document(document_id)
    if document is None:
        known = [info.id for info in library.documents]
        more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        expected = f"expected one of {', '.join(known[:_LISTED])}{more}" if known else "the index holds none"
        raise UnknownError(f"There is no document {document_id!r}; {expected}.")
    return document


def text_of(document: Document, start: int, end: int) -> str:
    """A document's text from `start` to `end`, in code points. Raises UserError for no such span."""
    length = len(document.text)
    if not 0 <= start <= end <= length:
        raise UserError(f"Found the span {start} to {end}, expected 0 ≤ start ≤ end ≤ {length} (the text's length).")
    return document.text[start:end]


def cited(library: Library, citation_id: str) -> Citation:
    """The citation with an id. Raises UnknownError where no document here has that text."""
    place = resolve(citation_id, library.documents)
    if place is None:
        raise UnknownError(
            f"The citation {citation_id!r} belongs to no text that is here now: it may have been replaced."
        )
    info, start, end = place
    return cite(1, known_document(library, info.id), start, end)


def defined(library: Canon, term: str) -> Definition:
    """The definition with a name. Raises UnknownError, with the terms that are near."""
    found = library.registry.find(term)
    if found is None:
        raise UnknownError(unknown_term(library, term))
    return found.definition


def definition_answer(library: Canon, term: str, as_of: str | None = None) -> DefinitionAnswer:
    """The wording of a term, of a day where one is given, with the term's other wordings.

    Raises UnknownError for no such term or a day without a wording, UserError for what is no day.
    """
    definition = defined(library, term)
    shown = in_force(library, definition, as_of) if as_of else definition
    versions = library.registry.versions(shown.term)
    others = [definition_record(library, one) for one in versions if one is not shown]
    return {**definition_record(library, shown), "others": others}


def in_force(library: Canon, definition: Definition, given: str) -> Definition:
    """The wording of a term on a day. Raises UserError for no day, UnknownError for a day without one."""
    try:
        day = datetime.date.fromisoformat(given)
    except ValueError as error:
        raise UserError(f"Found the date {given!r}, expected one such as 2020-01-01.") from error
    found = library.registry.as_of(definition.term, day)
    if found is None:
        first = min(
            (one.valid_from for one in library.registry.versions(definition.term) if one.valid_from), default=day
        )
        raise UnknownError(f"No wording of {definition.term!r} was in force on {day}; the first one is of {first}.")
    return found
