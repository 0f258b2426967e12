"""A document's text cut where its page changes its look: at headings, at pages, at marked spans.

A long text is shown in parts. The pieces of all parts, put together again, are the text, character
for character.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.spans import Span
from corpus.types import Document, Section

LONGEST_PART = 60_000
"""Characters that are shown at once."""
_USUAL_PART = 40_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A span to set off, with its anchor. `kind` is "cited" or "found"; `is_current` is the one that was opened."""

    start: int
    end: int
    anchor: str
    kind: str = "cited"
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that lies in the same marks throughout, with the anchors of those that begin here.

    `kind` is that of the mark it lies in, "" outside; `page` is the page that begins here.
    """

    text: str
    kind: str
    is_current: bool
    anchors: tuple[str, ...]
    page: int | None


@dataclass(frozen=True, slots=True)
class Block:
    """A heading of a level from 2 to 6, below the title of the page, or text under one (level 0).

    `section` is the number of the section that a heading opens, from 1; 0 for text.
    """

    level: int
    section: int
    pieces: tuple[Piece, ...]


def blocks(document: Document, marks: Sequence[Mark] = (), part: Span | None = None) -> list[Block]:
    """A part of a document in order, by default the whole, with the marks set off."""
    first, last = part or (0, len(document.text))
    sections = document.sections or (Section((), 0, len(document.text)),)
    shown = _marks_in(marks, first, last)
    begin = max(bisect_right(sections, first, key=lambda section: section.start) - 1, 0)
    stop = max(bisect_left(sections, last, key=lambda section: section.start), 1)
    return [
        Block(level, number if level else 0, tuple(_pieces(document, max(start, first), min(end, last), shown)))
        for number, section in enumerate(sections[begin:stop], begin + 1)
        for start, end, level in _parts_of(document, section)
        if max(start, first) < min(end, last)
    ]


def parts(document: Document) -> list[Span]:
    """The spans in which a document is shown: cut at sections, else at pages, paragraphs, lines or words."""
    cuts = [0]
    while len(document.text) - cuts[-1] > LONGEST_PART:
        cuts.append(_cut(document, cuts[-1]))
    return list(zip(cuts, [*cuts[1:], len(document.text)], strict=True))


def part_at(cut: Sequence[Span], offset: int) -> int:
    """The index of the part that holds an offset; the nearest one for an offset outside."""
    return min(max(bisect_right(cut, offset, key=lambda span: span[0]) - 1, 0), len(cut) - 1)


def heading_of(section: Section) -> str:
    """The heading that a section opens with; "" for text before the first heading."""
    return section.heading_path[-1] if section.heading_path else ""


def _cut(document: Document, start: int) -> int:
    least, most = start + _USUAL_PART // 2, start + _USUAL_PART
    for starts in ([one.start for one in document.sections], [one.start for one in document.pages]):
        at = bisect_right(starts, most) - 1
        if at >= 0 and starts[at] > least:
            return starts[at]
    for mark in ("\n\n", "\n", " "):
        at = document.text.rfind(mark, least, most)
        if at >= 0:
            return at + len(mark)
    return most


def _marks_in(marks: Sequence[Mark], first: int, last: int) -> list[Mark]:
    return sorted((one for one in marks if one.start < last and one.end > first), key=lambda one: one.start)


def _parts_of(document: Document, section: Section) -> Iterator[tuple[int, int, int]]:
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


def _pieces(document: Document, start: int, end: int, marks: Sequence[Mark]) -> Iterator[Piece]:
    pages = _pages_in(document, start, end)
    near = _marks_in(marks, start, end)
    ends = (cut for one in near for cut in (one.start, one.end))
    cuts = sorted({start, *(cut for cut in (*ends, *pages) if start < cut < end)})
    for begin, stop in zip(cuts, [*cuts[1:], end], strict=True):
        inside = [one for one in near if one.start <= begin < one.end]
        current = next((one for one in inside if one.is_current), None)
        shown = current or (inside[0] if inside else None)
        yield Piece(
            text=document.text[begin:stop],
            kind=shown.kind if shown else "",
            is_current=current is not None,
            anchors=tuple(one.anchor for one in inside if one.start == begin),
            page=pages.get(begin),
        )


def _pages_in(document: Document, start: int, end: int) -> dict[int, int]:
    """The pages that begin in a span, by where they begin."""
    pages = document.pages
    first = bisect_left(pages, start, key=lambda page: page.start)
    last = bisect_left(pages, end, key=lambda page: page.start)
    return {page.start: page.number for page in pages[first:last]}
