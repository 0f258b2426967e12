"""A tiny real answerer over an invented document, with a history of what it was asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from assistant.citations import cite
from assistant.originals import Original
from assistant.registry import Registry
from assistant.types import Answer, Citation, Mode, Outcome, Sentence, Turn
from corpus.errors import UserError
from corpus.types import Definition, Document, DocumentInfo, Drifted, Page, Refused, Section

LANTERNS = (
    "Lanterns\n"
    "Kept by the harbour office since 1901.\n"
    "A lantern is a vessel of light: it has a flame, a glass and a keeper.\n"
    "Its keeper trims it at dusk.\n"
    "\n"
)
ODD = (
    "Odd signs\n"
    "The keeper wrote ${1+1} and {{title}} and `tick` and *stars* on the glass, and "
    "<img src=x onerror=\"document.title='hacked'\"> beneath it.\r\n"
    "Nobody knows why."
)
LANTERN = "A lantern is a vessel of light: it has a flame, a glass and a keeper.\nIts keeper trims it at dusk."
HOSTILE = ODD[len("Odd signs\n") : ODD.index("\r\n")]


def make_document(
    text: str = LANTERNS + ODD,
    sections: tuple[Section, ...] | None = None,
    identifier: str = "harbour/lanterns",
) -> Document:
    cut = len(LANTERNS)
    return Document(
        id=identifier,
        title="The harbour book",
        path="harbour/lanterns.txt",
        url="https://harbour.example/book",
        language="en",
        kind="handbook",
        date=date(2026, 11, 22),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        sections=sections or (Section(("Lanterns",), 0, cut), Section(("Lanterns", "Odd signs"), cut, len(text))),
        pages=(Page(1, 0, cut), Page(2, cut, len(text))),
    )


def make_definition(document: Document, quote: str = LANTERN, **more: Any) -> Definition:
    """A canonical wording in a document; `more` are fields that differ."""
    start = document.text.index(quote)
    made = Definition(
        term="lantern",
        names=("lanterns", "harbour light"),
        acronyms=("LT",),
        translations={"es": ("linterna",)},
        body="Harbour office",
        status="current",
        valid_from=date(2001, 5, 1),
        document_id=document.id,
        start=start,
        end=start + len(quote),
        sha256=hashlib.sha256(quote.encode()).hexdigest(),
    )
    return replace(made, **more)


class Library:
    """Answers two questions, refuses the rest, and remembers what it was asked."""

    def __init__(self) -> None:
        self.page = make_document()
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.shelf: Sequence[Document] = (self.page,)
        self.notice: str | None = None
        self.refused: Sequence[Refused] = (Refused("harbour/map.pdf", "The file is empty."),)
        self.index_version = "g1"
        self.passage_count = 2
        self.examples: Sequence[str] = ("What is a lantern?", "What is on the glass?")
        self.registry = Registry((make_definition(self.page),), lambda word: 2)
        self.drifted: Sequence[Drifted] = ()
        self.files: dict[str, Original] = {}

    @property
    def documents(self) -> Sequence[DocumentInfo]:
        return [document.info for document in self.shelf]

    def document(self, document_id: str) -> Document | None:
        return next((document for document in self.shelf if document.id == document_id), None)

    def original(self, document: DocumentInfo) -> Original:
        if document.id not in self.files:
            raise UserError(f"The file of “{document.title}” is not kept here.")
        return self.files[document.id]

    def mentions(self, term: str) -> Sequence[Citation]:
        return (self.cited("glass"),) if term == "glass" else ()

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        self.asked.append((question, tuple(history)))
        if "flood" in question:
            raise UserError("The question is too wet: ask a dry one.")
        if "storm" in question:
            raise RuntimeError("a mistake of ours")
        if "glass" in question:
            return self.answer(question, "extractive", HOSTILE)
        if "lantern" in question:
            return self.answer(question, "definition", LANTERN)
        return self.refusal(question)

    def context(self, citation: Citation) -> tuple[int, int]:
        section = self.page.section_at(citation.start)
        return section.start, section.end

    def cited(self, quote: str, number: int = 1) -> Citation:
        start = self.page.text.index(quote)
        return cite(number, self.page, start, start + len(quote))

    def answer(self, question: str, mode: Mode, quote: str) -> Answer:
        return make_answer(question, "answered", mode, quote, (self.cited(quote),))

    def refusal(self, question: str) -> Answer:
        nearest = (self.cited("Its keeper trims it at dusk."),)
        text = "The documents say nothing of this."
        return make_answer(question, "not_found", "extractive", text, (), nearest, "no passage names it")


def make_answer(
    question: str,
    outcome: Outcome,
    mode: Mode,
    text: str,
    citations: tuple[Citation, ...],
    nearest: tuple[Citation, ...] = (),
    reason: str | None = None,
) -> Answer:
    sentences = tuple(Sentence(one.quote, "verbatim", (one.number,)) for one in citations)
    marked = " ".join(f"{one.quote} [{one.number}]" for one in citations)
    return Answer(
        id=None,
        question=question,
        standalone_question=question,
        outcome=outcome,
        reason=reason,
        mode=mode,
        language="en",
        text=marked or text,
        confidence=0.9 if citations else 0.1,
        sentences=sentences,
        citations=citations,
        nearest=nearest,
        index_version="g1",
        seconds={"total": 0.0},
    )
