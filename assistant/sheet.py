"""An answer laid out for a file: what every form of export sets, worked out from what a card shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import quote as percent_encode

from assistant.records.types import Kept
from assistant.registry import Registry
from assistant.types import Answer, Citation
from assistant.web import cards
from assistant.web.speech import said

_WEB = ("https://", "http://")
_UNFIT = re.compile(r"[\s<>\"`\\]")
"""What ends an address where a text holds one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of the answer: its text before, in and after the words that were asked for.

    `numbers` are its citations'; `support` says so where it is not in the documents' own words; `is_note` where
    it is the assistant's word on the documents ("the documents say …") and no quotation. `language` is that of
    the documents that it quotes, where we know it.
    """

    before: str
    found: str = ""
    after: str = ""
    numbers: tuple[int, ...] = ()
    support: str = ""
    is_note: bool = False
    language: str = ""

    @property
    def text(self) -> str:
        return self.before + self.found + self.after


@dataclass(frozen=True, slots=True)
class Cited:
    """A source: its number, its words to the letter, and where they stand.

    `address` is empty where there is none, `language` (the document's) where we do not know it.
    """

    number: int
    quote: str
    title: str
    section: str
    page: str
    body: str
    address: str
    language: str = ""

    @property
    def place(self) -> str:
        parts = (" ".join(part.split()) for part in (self.title, self.section, self.page, self.body))
        return " · ".join(part for part in parts if part)

    @property
    def shown_address(self) -> str:
        """The address without what makes a browser mark the quote: what fits on a line and can be typed."""
        return self.address.partition("#:~:text=")[0]


@dataclass(frozen=True, slots=True)
class Sheet:
    """An answer with its sources, or with the nearest passages (`heading` says which), ready to be set.

    `colophon` are sentences on where the answer comes from; `address` is its permanent one, empty where there is none.
    """

    question: str
    kind: str
    searched_for: str
    lines: tuple[Line, ...]
    heading: str
    sources: tuple[Cited, ...]
    language: str
    colophon: str
    address: str


def sheet(
    answer: Answer,
    base: str = "",
    *,
    address: str = "",
    asked_at: datetime | None = None,
    registry: Registry | None = None,
    languages: Mapping[str, str] = MappingProxyType({}),
) -> Sheet:
    """The answer laid out. `base` is the address of this site, for sources that have none of their own.

    `registry` tells whose wording a source is, `languages` the language of a document by its id.
    """
    refused = answer.outcome == "not_found"
    quoted = answer.nearest if refused else answer.citations
    return Sheet(
        question=" ".join(answer.question.split()),
        kind=said(cards.kind(answer).words),
        searched_for=cards.searched_for(answer) or "",
        lines=tuple(_lines(answer, languages)),
        heading=said("What comes nearest") if refused else said("Sources of this answer"),
        sources=tuple(_cited(one, base.rstrip("/"), registry, languages) for one in quoted),
        language=answer.language,
        colophon=_colophon(answer, asked_at),
        address=address,
    )


def sheets(
    kept: Sequence[Kept],
    base: str = "",
    *,
    registry: Registry | None = None,
    languages: Mapping[str, str] = MappingProxyType({}),
) -> list[Sheet]:
    """The answers of a conversation laid out; each has its permanent address where `base` is given."""
    base = base.rstrip("/")
    return [
        sheet(
            one.answer,
            base,
            address=f"{base}/a/{one.id}" if base else "",
            asked_at=one.asked_at,
            registry=registry,
            languages=languages,
        )
        for one in kept
    ]


def _lines(answer: Answer, languages: Mapping[str, str]) -> list[Line]:
    lines = [Line(answer.notice, is_note=True)] if answer.notice else []
    if answer.outcome == "not_found":
        return [*lines, Line(answer.text)]
    numbered = cards.numbered(answer)
    notes = [cards.lead(answer)]
    for paragraph in cards.paragraphs(answer):
        lines += [Line(note, is_note=True) for note in (*notes, paragraph.lead) if note]
        notes = []
        if not paragraph.citations:
            lines.append(Line(paragraph.text, is_note=True))
            continue
        language = languages.get(numbered[paragraph.citations[0]].document_id, "")
        quoted = language if paragraph.support == "verbatim" else ""
        lines.append(Line(*paragraph.pieces, paragraph.citations, _support(paragraph), language=quoted))
    return lines + [Line(note, is_note=True) for note in (*notes, cards.remark(answer)) if note]


def _support(paragraph: cards.Paragraph) -> str:
    if paragraph.support == "supported":
        return said("in other words, checked")
    return said("not in the documents") if paragraph.support == "unsupported" else ""


def _cited(citation: Citation, base: str, registry: Registry | None, languages: Mapping[str, str]) -> Cited:
    own = _UNFIT.sub(_percent, citation.url) if citation.url and citation.url.startswith(_WEB) else ""
    return Cited(
        number=citation.number,
        quote=citation.quote,
        title=citation.title,
        section=citation.section,
        page=cards.page_in_words(citation.page, citation.page_label),
        body=cards.body_of(citation, registry) if registry else "",
        address=own or (f"{base}/c/{citation.id}" if base else ""),
        language=languages.get(citation.document_id, ""),
    )


def _percent(character: re.Match[str]) -> str:
    return percent_encode(character[0])


def _colophon(answer: Answer, asked_at: datetime | None) -> str:
    if asked_at is None:
        return said("From the index {version}.", version=answer.index_version)
    day = cards.day(asked_at.date())
    return said("Answered on {day} from the index {version}.", day=day, version=answer.index_version)
