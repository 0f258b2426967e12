"""Sections to passages. A passage is a span of the document's text; fixed-size pieces would cut
definitions in two, so a small section stays whole and a long one becomes runs of whole sentences
that overlap."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.spans import Span, sentences, trim
from corpus.types import Document, Passage, Section

# all-MiniLM-L6-v2 reads 256 word pieces, about 1,200 characters of English.
WHOLE_SECTION = 1400
RUN = 1000
OVERLAP = 250

_HEADING_LINES = re.compile(r"[^\n]*(?:\n[ \t]*(?:=+|-+)[ \t]*(?=\r?\n|$))?")


def body_start(text: str, section: Section) -> int:
    """Where the text under a section's heading begins; the section's start where it has none."""
    if not section.heading_path:
        return section.start
    match = _HEADING_LINES.match(text, section.start, section.end)
    return match.end() if match else section.end


def passages(document: Document) -> list[Passage]:
    """The passages of a document in reading order. A heading with nothing under it gives none."""
    return [
        Passage(passage_id(document, start, end), document.id, start, end, section.heading_path)
        for section in document.sections
        for start, end in _section_spans(document, section)
    ]


def passage_id(document: Document, start: int, end: int) -> str:
    """Depends on the document's text and the span alone, so an unchanged passage keeps its id."""
    return f"p_{document.sha256[:12]}_{start}_{end}"


def _section_spans(document: Document, section: Section) -> list[Span]:
    body = trim(document.text, body_start(document.text, section), section.end)
    if body[0] >= body[1]:
        return []
    start, end = trim(document.text, section.start, section.end)
    if end - start <= WHOLE_SECTION:
        return [(start, end)]
    units = [piece for span in sentences(document.text, *body) for piece in _bounded(document.text, *span)]
    # The first run takes the heading line with it, so that the passages cover the section.
    units[0] = (start, units[0][1])
    return _runs(units)


def _bounded(text: str, start: int, end: int) -> list[Span]:
    """A sentence longer than a run (a table, a list without stops) in pieces cut at white space."""
    pieces: list[Span] = []
    while end - start > RUN:
        cut = max(text.rfind(" ", start + RUN // 2, start + RUN), text.rfind("\n", start + RUN // 2, start + RUN))
        cut = cut if cut > start else start + RUN
        pieces.append(trim(text, start, cut))
        start = trim(text, cut, end)[0]
    return [*pieces, (start, end)]


def _runs(units: Sequence[Span]) -> list[Span]:
    runs: list[Span] = []
    first = 0
    while first < len(units):
        last = first
        while last + 1 < len(units) and units[last + 1][1] - units[first][0] <= RUN:
            last += 1
        runs.append((units[first][0], units[last][1]))
        if last + 1 == len(units):
            break
        following = last + 1
        while following - 1 > first and units[last][1] - units[following - 1][0] <= OVERLAP:
            following -= 1
        first = following
    return runs
