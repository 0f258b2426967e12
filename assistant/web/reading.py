"""A document's text cut where its page changes its look: at headings, at pages, at a cited span.

The pieces, put together again, are the text, character for character.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from corpus.types import Document, Section


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is cited as a whole, or not at all.

    `opens` is true of the first cited piece; `page` is the page that begins here.
    """

    text: str
    cited: bool
    opens: bool
    page: int | None


@dataclass(frozen=True, slots=True)
class Block:
    """A heading of a level from 2 to 6, below the title of the page, or text under one (level 0)."""

    level: int
    pieces: tuple[Piece, ...]


def blocks(document: Document, cited: tuple[int, int] | None = None) -> list[Block]:
    """The whole document in order, with the span `cited` set off."""
    return [
        Block(level, tuple(_pieces(document, start, end, cited)))
        for section in document.sections or (Section((), 0, len(document.text)),)
        for start, end, level in _parts(document, section)
    ]


def _parts(document: Document, section: Section) -> Iterator[tuple[int, int, int]]:
    body = _heading_end(document.text, section)
    if body > section.start:
        yield section.start, body, min(1 + len(section.heading_path), 6)
    if section.end > body:
        yield body, section.end, 0


def _heading_end(text: str, section: Section) -> int:
    """Where the heading line ends; the section's start where it does not begin with its heading."""
    line_break = text.find("\n", section.start, section.end)
    end = section.end if line_break < 0 else line_break + 1
    named = section.heading_path and section.heading_path[-1] in text[section.start : end]
    return end if named else section.start


def _pieces(document: Document, start: int, end: int, cited: tuple[int, int] | None) -> Iterator[Piece]:
    pages = {page.start: page.number for page in document.pages}
    first, last = cited or (0, 0)
    cuts = sorted({start, *(cut for cut in (first, last, *pages) if start < cut < end)})
    for begin, stop in zip(cuts, [*cuts[1:], end], strict=True):
        inside = first <= begin < last
        yield Piece(document.text[begin:stop], inside, inside and begin == first, pages.get(begin))
