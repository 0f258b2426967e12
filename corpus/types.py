"""The values of the corpus. `start` and `end` are offsets in Unicode code points into
`Document.text`, end exclusive, here and everywhere else in the project."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a paged format.

    `number` counts from 1; `label` is what the file calls the page ("xii") where that differs.
    """

    number: int
    start: int
    end: int
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it. The sections of a document cover its text without gaps.

    The span begins at the heading line itself; `heading_path` runs from the outermost heading to
    this one and is empty for text before the first heading.
    """

    heading_path: tuple[str, ...]
    start: int
    end: int

    @property
    def title(self) -> str:
        return " › ".join(self.heading_path)


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `text` holds every character that the reader got; nothing is folded in it.

    `sha256` is the digest of `text` in UTF-8, so it changes exactly when an offset can change.
    `remarks` are its reader's, for the person who put the file there.
    """

    id: str
    title: str
    path: str
    url: str | None
    language: str
    kind: str
    date: datetime.date | None
    sha256: str
    text: str = field(repr=False)
    sections: tuple[Section, ...] = field(repr=False)
    pages: tuple[Page, ...] = field(default=(), repr=False)
    remarks: tuple[str, ...] = ()

    def section_at(self, offset: int) -> Section:
        """The section that holds `offset`."""
        at = bisect_right(self.sections, offset, key=lambda section: section.start) - 1
        if at >= 0 and offset < self.sections[at].end:
            return self.sections[at]
        raise IndexError(f"offset {offset} is outside document {self.id!r} of {len(self.text)} characters")

    def page_at(self, offset: int) -> int | None:
        """The number of the page that holds `offset`; None where the format has no pages."""
        page = self._page_at(offset)
        return page.number if page else None

    def page_label_at(self, offset: int) -> str | None:
        """What the file calls the page that holds `offset`; None where that is its number, or there is none."""
        page = self._page_at(offset)
        return page.label if page else None

    def _page_at(self, offset: int) -> Page | None:
        at = bisect_right(self.pages, offset, key=lambda page: page.start) - 1
        return self.pages[at] if at >= 0 else None

    @property
    def info(self) -> DocumentInfo:
        """What a list of documents shows of this one."""
        return DocumentInfo(
            id=self.id,
            title=self.title,
            path=self.path,
            url=self.url,
            language=self.language,
            kind=self.kind,
            date=self.date,
            sha256=self.sha256,
            characters=len(self.text),
            pages=len(self.pages) or None,
            remarks=self.remarks,
        )


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document without its text: what is kept at hand of every document of an index.

    `pages` is None where the format has none; the rest is as in `Document`.
    """

    id: str
    title: str
    path: str
    url: str | None
    language: str
    kind: str
    date: datetime.date | None
    sha256: str
    characters: int
    pages: int | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of retrieval: `document.text[start:end]`, a small section or a run of sentences."""

    id: str
    document_id: str
    start: int
    end: int
    heading_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A canonical wording: a span of a document, and the names under which people ask for it.

    `names` are the other names in the document's language, `translations` maps a language code to
    the names of the term (never of the wording) in that language; `question` is one that asks for
    it, shown as an example. `status` is "current" or "superseded"; a wording is in force from
    `valid_from` to `valid_to`, both included, without end where there is none. `slips` are pairs of a
    word as the document has it and as people put it right.
    """

    term: str
    names: tuple[str, ...]
    acronyms: tuple[str, ...]
    translations: Mapping[str, tuple[str, ...]]
    body: str
    status: str
    valid_from: datetime.date | None
    document_id: str
    start: int
    end: int
    sha256: str
    question: str | None = None
    valid_to: datetime.date | None = None
    version: str | None = None
    approved_by: str | None = None
    approved_on: datetime.date | None = None
    slips: tuple[tuple[str, str], ...] = ()

    def in_force(self, day: datetime.date) -> bool:
        """Whether it is the wording of its body on a day."""
        return (self.valid_from or day) <= day <= (self.valid_to or day)


@dataclass(frozen=True, slots=True)
class Drifted:
    """A definition of the registry whose wording its document no longer has.

    `reason` is a sentence for the person who keeps the registry; `nearest` is the text that is there now.
    """

    term: str
    body: str
    document_id: str
    reason: str
    nearest: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that could not be used, and the reason in words for the person who put it there."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything that was read from a folder of documents, and everything that was refused."""

    documents: tuple[Document, ...]
    definitions: tuple[Definition, ...]
    refused: tuple[Refused, ...]
    drifted: tuple[Drifted, ...] = ()
