"""Where evidence stands: every quote of a question set, as spans of the documents that are indexed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.ask import Assistant
from corpus.errors import UserError
from corpus.spans import Span
from corpus.types import Document
from evals.questions import Question, Quote
from index.spelling import nearest_text

_NAMED = 5
# What stands round a quotation and is none of its words.
_MARKS = "\"'‘’“”«»„ \n\u00a0"
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a document, in code points. `marks` of them are quotation marks and blanks at its ends."""

    document_id: str
    start: int
    end: int

    marks: int = 0

    @property
    def length(self) -> int:
        return self.end - self.start

    def shared(self, document_id: str, start: int, end: int) -> int:
        """The number of characters that it has in common with another span."""
        return max(0, min(self.end, end) - max(self.start, start)) if document_id == self.document_id else 0


Evidence = Sequence[Sequence[Place]]
"""For each quote of a question the places where it stands: to cover one of them is to cover the quote."""


def locate(questions: Sequence[Question], assistant: Assistant) -> dict[str, Evidence]:
    """Where each question's evidence stands, by the question's id.

    Raises UserError, naming `file:line` and the nearest text, where a quote does not stand in its document.
    """
    documents = {info.id: assistant.snapshot.document(info.id) for info in assistant.documents}
    found: dict[str, Evidence] = {}
    problems: list[str] = []
    for question in questions:
        places = [list(_places(quote, documents)) for quote in question.evidence]
        missing = [quote for quote, where in zip(question.evidence, places, strict=True) if not where]
        problems += [_problem(question, quote, documents) for quote in missing]
        found[question.id] = places
    if problems:
        more = f"\n… and {len(problems) - _NAMED} more." if len(problems) > _NAMED else ""
        raise UserError("\n".join(problems[:_NAMED]) + more)
    return found


def _places(quote: Quote, documents: Mapping[str, Document]) -> Iterator[Place]:
    wanted = [quote.document_id] if quote.document_id else list(documents)
    for identifier in wanted:
        if document := documents.get(identifier):
            start = document.text.find(quote.quote)
            while start >= 0:
                marks = len(quote.quote) - len(quote.quote.strip(_MARKS))
                yield Place(identifier, start, start + len(quote.quote), marks)
                start = document.text.find(quote.quote, start + 1)


def _problem(question: Question, quote: Quote, documents: Mapping[str, Document]) -> str:
    shown = _shortened(quote.quote)
    if quote.document_id and quote.document_id not in documents:
        known = ", ".join(sorted(documents)[:20])
        return f"{question.place}: found evidence in document {quote.document_id!r}, expected one of {known}."
    among = [documents[quote.document_id]] if quote.document_id else list(documents.values())
    document, (start, end) = max(
        ((document, nearest_text(quote.quote, document.text)) for document in among),
        key=lambda found: _likeness(quote.quote, found[0].text[slice(*found[1])]),
    )
    return (
        f"{question.place}: found the evidence {shown!r}, which does not stand in {document.id}; nearest there is "
        f"{_shortened(document.text[start:end])!r}: quote it to the letter."
    )


def _likeness(left: str, right: str) -> int:
    """How many words two texts share."""
    return len(set(left.casefold().split()) & set(right.casefold().split()))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def is_covered(places: Sequence[Place], spans: Sequence[tuple[str, Span]]) -> bool:
    """Whether one of the places stands wholly inside one of the spans, given as (document id, span)."""
    return any(
        place.shared(document, *span) >= place.length - place.marks for place in places for document, span in spans
    )
