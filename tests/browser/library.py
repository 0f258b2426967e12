"""A tiny real answerer over an invented document, with a history of what it was asked."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from assistant.citations import cite
from assistant.originals import Original
from assistant.registry import Registry
from assistant.types import Answer, Checked, Citation, Done, Draft, Event, Mode, Outcome, Sentence, Status, Turn
from corpus.errors import UserError
from corpus.types import Definition, Document, DocumentInfo, Drifted, Page, Passage, Refused, Section
from index.search import Hit

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
        # What a reader asked in the chat, without what the page itself tries.
        self.followed: list[tuple[str, tuple[Turn, ...]]] = []
        self.shelf: Sequence[Document] = (self.page,)
        self.notice: str | None = None
        self.model: dict[str, Any] | None = None
        self.refused: Sequence[Refused] = (Refused("harbour/map.pdf", "The file is empty."),)
        self.index_version = "g1"
        self.passage_count = 2
        self.configuration = "harbour"
        # How many twentieths of a second an answer is being written, and how often that was stopped.
        self.patience = 10
        self.stopped = 0
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

    def stream(
        self, question: str, history: Sequence[Turn] = (), id: str | int | None = None, *, literally: bool = False
    ) -> Iterator[Event]:
        self.followed.append((question, tuple(history)))
        yield Status("searching")
        if "written" in question:
            yield from self._written()
        answer = self.ask(question, history)
        # A question that was understood in another way than it was typed.
        standalone = question if literally else question.replace("lanten", "lantern")
        yield Done(replace(answer, standalone_question=standalone))

    def _written(self) -> Iterator[Event]:
        """What a slow model writes: its first sentence is checked, its second is not in the documents."""
        first, second = "It has a flame. ", "It hums at night. "
        try:
            yield Status("writing")
            yield Draft(first)
            yield Draft(second)
            yield Checked(Sentence(first.strip(), "supported", (1,)), 0)
            yield Checked(Sentence(second.strip(), "unsupported", ()), 1)
            for _ in range(self.patience):
                time.sleep(0.05)
                yield Draft("And more. ")
        except GeneratorExit:
            self.stopped += 1
            raise

    def without_model(self) -> Library:
        return self

    def search(self, words: str, limit: int) -> Sequence[Hit]:
        """The sections that hold one of the words, the one with most of them first."""
        wanted = set(words.lower().split())
        counted = [(len(wanted & set(re.findall(r"\w+", self._words(one)))), one) for one in self.page.sections]
        best = sorted((some for some in counted if some[0]), key=lambda some: -some[0])[:limit]
        passages = [Passage(f"p{one.start}", self.page.id, one.start, one.end, one.heading_path) for _, one in best]
        return [Hit(one, float(best[at][0]), None, at + 1, 0.0) for at, one in enumerate(passages)]

    def _words(self, section: Section) -> str:
        return self.page.text[section.start : section.end].lower()

    def joined(self, passage: Passage) -> tuple[int, int]:
        return passage.start, passage.end

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
