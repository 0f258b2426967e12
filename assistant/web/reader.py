"""What the page of one document shows: the part of its text, the places that were asked for, its contents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import quote as percent_encode
from urllib.parse import urlencode

from assistant.web.cards import clip_end
from assistant.web.reading import Block, Mark, blocks, heading_of, part_at, parts
from corpus.spans import Span
from corpus.types import Document

MOST_FOUND = 1000
"""Places that a search in a document finds."""
MOST_ENTRIES = 150
_LISTED = 100
_EXCERPT = 90
_AROUND = 40
_LONGEST_ENTRY = 60
_SHAPES = {"'": "['‘’‚‛′`´]", '"': '["“”„‟″«»]', "-": "[-‐‑‒–—―−]"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What an address asks of a document. Numbers count from 1; 0 is none.

    `cited` are the spans of the citations named, by their ids; `at` is which of these, or of the places
    found, is opened.
    """

    cited: Mapping[str, Span]
    at: int = 0
    part: int = 0
    page: int = 0
    section: int = 0
    find: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place to go to: a citation, or words that were found."""

    number: int
    span: Span
    anchor: str
    excerpt: str
    address: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the contents; `level` counts from 1.

    `is_here` says that it is in the part shown, or is the page shown.
    """

    title: str
    level: int
    address: str
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """The way through a document. `kind` is "sections", "pages" or "parts": what its entries are."""

    kind: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """The addresses of the parts before and after the one shown, "" where there is none."""

    number: int
    count: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class View:
    """A part of a document with the places in it, as the page shows it; `start` is where the part begins."""

    blocks: list[Block]
    start: int
    around: Around
    stops: tuple[Stop, ...]
    current: Stop | None
    contents: Contents
    page: int | None
    pages: tuple[int, ...]

    @property
    def before(self) -> Stop | None:
        """The place before the one that is open."""
        return self.stops[self.current.number - 2] if self.current and self.current.number > 1 else None

    @property
    def after(self) -> Stop | None:
        """The place after the one that is open."""
        return self.stops[self.current.number] if self.current and self.current.number < len(self.stops) else None


def view(document: Document, wish: Wish) -> View:
    """The page that `wish` asks for."""
    cut = parts(document)
    stops = tuple(_stops(document, wish))
    current = _current(wish, stops)
    number = _part(document, wish, cut, current)
    shown = cut[number]
    page = _page(document, wish, shown, current)
    return View(
        blocks=blocks(document, list(_marks(wish, stops, current)), shown),
        start=shown[0],
        around=_around(document, wish, number, len(cut)),
        stops=stops,
        current=current,
        contents=_contents(document, cut, number, page),
        page=page,
        pages=_pages(document, current, page),
    )


def address(document_id: str, wish: Wish | None = None, anchor: str = "") -> str:
    """The address of a document as `wish` asks for it."""
    wish = wish or Wish({})
    named = [("cite", one) for one in wish.cited]
    numbers = [("at", wish.at), ("part", wish.part), ("page", wish.page), ("section", wish.section)]
    given = [*named, *(("find", one) for one in [wish.find] if one), *((name, one) for name, one in numbers if one)]
    asked = f"?{urlencode(given)}" if given else ""
    return f"/documents/{percent_encode(document_id)}{asked}{anchor and '#' + anchor}"


def found_in(text: str, wanted: str) -> list[Span]:
    """The first places that hold some words, whatever their case, blanks, quotation marks and hyphens are.

    >>> found_in("A well-known\\nWELL–known  place", "well-known place")
    [(13, 30)]
    """
    words = ["".join(_SHAPES.get(char, re.escape(char)) for char in word.translate(_PLAIN)) for word in wanted.split()]
    if not words:
        return []
    pattern = re.compile(r"\s+".join(words), re.IGNORECASE)
    return [match.span() for match in islice(pattern.finditer(text), MOST_FOUND)]


_PLAIN = {ord(char): shape for shape, group in _SHAPES.items() for char in group[1:-1] if char != shape}


def _stops(document: Document, wish: Wish) -> Iterator[Stop]:
    spans = (
        [(f"f-{number}", span) for number, span in enumerate(found_in(document.text, wish.find), 1)]
        if wish.find
        else list(wish.cited.items())
    )
    for number, (anchor, span) in enumerate(spans, 1):
        excerpt = _excerpt(document.text, span, wish.find) if number <= _LISTED else ""
        there = Wish(wish.cited, at=number, find=wish.find)
        yield Stop(number, span, anchor, excerpt, address(document.id, there, anchor))


def _excerpt(text: str, span: Span, find: str) -> str:
    """The words of a place; those around it too where the words themselves are what was looked for."""
    before = max(span[0] - _AROUND, 0) if find else span[0]
    words = " ".join(text[before : span[1] + _EXCERPT].split()) if find else " ".join(text[slice(*span)].split())
    return clip_end(words, _EXCERPT)


def _current(wish: Wish, stops: Sequence[Stop]) -> Stop | None:
    """The place that is open: the first one where no other and no part of the text is asked for."""
    if not stops or (not wish.at and (wish.part or wish.page or wish.section)):
        return None
    return stops[min(max(wish.at, 1), len(stops)) - 1]


def _part(document: Document, wish: Wish, cut: Sequence[Span], current: Stop | None) -> int:
    if current:
        return part_at(cut, current.span[0])
    if wish.part:
        return min(wish.part, len(cut)) - 1
    if 0 < wish.section <= len(document.sections):
        return part_at(cut, document.sections[wish.section - 1].start)
    page = next((one for one in document.pages if one.number == wish.page), None)
    return part_at(cut, page.start) if page else 0


def _page(document: Document, wish: Wish, shown: Span, current: Stop | None) -> int | None:
    """The page of which the picture is shown."""
    if any(page.number == wish.page for page in document.pages):
        return wish.page
    return document.page_at(current.span[0] if current else shown[0])


def _pages(document: Document, current: Stop | None, page: int | None) -> tuple[int, ...]:
    """The pages that the open place stands on, else the one shown."""
    if current is None:
        return () if page is None else (page,)
    start, end = current.span
    return tuple(one.number for one in document.pages if one.start < end and one.end > start)


def _marks(wish: Wish, stops: Sequence[Stop], current: Stop | None) -> Iterator[Mark]:
    for identifier, (start, end) in wish.cited.items():
        yield Mark(start, end, identifier, is_current=current is not None and current.anchor == identifier)
    if wish.find:
        for stop in stops:
            yield Mark(*stop.span, stop.anchor, "found", stop is current)


def _around(document: Document, wish: Wish, number: int, count: int) -> Around:
    kept = Wish(wish.cited, find=wish.find)
    before = address(document.id, replace(kept, part=number)) if number else ""
    after = address(document.id, replace(kept, part=number + 2)) if number + 1 < count else ""
    return Around(number + 1, count, before, after)


def _contents(document: Document, cut: Sequence[Span], number: int, page: int | None) -> Contents:
    depths = [len(section.heading_path) for section in document.sections if section.heading_path]
    deepest = max((depth for depth in set(depths) if sum(one <= depth for one in depths) <= MOST_ENTRIES), default=0)
    if deepest:
        return Contents("sections", tuple(_sections(document, cut[number], deepest)))
    if len(document.pages) > 1 and not depths:
        return Contents("pages", tuple(_page_entries(document, page)))
    if len(cut) == 1:
        return Contents("parts", ())
    return Contents("parts", tuple(_part_entries(document, cut, number)))


def _sections(document: Document, shown: Span, deepest: int) -> Iterator[Entry]:
    for number, section in enumerate(document.sections, 1):
        if 0 < len(section.heading_path) <= deepest:
            here = shown[0] <= section.start < shown[1]
            there = address(document.id, Wish({}, section=number), f"s-{number}")
            yield Entry(heading_of(section), len(section.heading_path), there, here)


def _page_entries(document: Document, shown: int | None) -> Iterator[Entry]:
    for page in document.pages:
        there = address(document.id, Wish({}, page=page.number), f"page-{page.number}")
        yield Entry(str(page.number), 1, there, page.number == shown)


def _part_entries(document: Document, cut: Sequence[Span], number: int) -> Iterator[Entry]:
    """The parts by their first words, and below the one shown its headings."""
    for at, (start, end) in enumerate(cut):
        line = document.text[start : start + 200].strip().partition("\n")[0]
        words = heading_of(document.section_at(start)) or line
        yield Entry(clip_end(words, _LONGEST_ENTRY), 1, address(document.id, Wish({}, part=at + 1)), at == number)
        if at == number:
            inside = _sections(document, (start, end), max(len(one.heading_path) for one in document.sections))
            yield from islice((replace(one, level=2) for one in inside if one.is_here), MOST_ENTRIES)
