"""The picture of a page beside its text, with the cited words marked where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.citations import page_name
from assistant.originals import Original
from assistant.web.files import original_address, picture_address
from assistant.web.reader import View, Wish, address
from assistant.web.site import Answerer
from assistant.web.speech import said
from corpus.drawing import WIDTHS, Drawing
from corpus.errors import UserError
from corpus.readers.placing import Placed
from corpus.types import Document, Page

_MOST_MARKED = 60


@dataclass(frozen=True, slots=True)
class Shade:
    """A box over words of a page, its sides in percent of the picture."""

    left: str
    top: str
    width: str
    height: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page that the open place stands on, or one beside it."""

    name: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page as printed, with the addresses of the pages beside it.

    `picture` is its address in two widths, "" where it cannot be drawn; `sentence` says what is marked on it, or
    why nothing is (then `is_wrong`).
    """

    name: str
    alt: str
    links: tuple[PageLink, ...]
    before: str
    after: str
    original: str
    picture: str = ""
    larger: str = ""
    widths: tuple[int, int] = WIDTHS
    shades: tuple[Shade, ...] = ()
    sentence: str = ""
    is_wrong: bool = False


def leaf_of(
    answerer: Answerer, drawing: Drawing, document: Document, wish: Wish, view: View
) -> tuple[Leaf | None, str]:
    """The page to show beside a part of the text, None where there is none, and what is wrong with the file, or ""."""
    try:
        found = answerer.original(document.info)
    except UserError as error:
        return None, str(error)
    if found.is_changed:
        return None, said(
            "The file has changed since it was indexed: this is the text of the file before, "
            "and its pages are not shown."
        )
    page = next((one for one in document.pages if one.number == view.page), None)
    if page is None or found.path.suffix.lower() != ".pdf":
        return None, ""
    return _leaf(drawing, document, found, wish, view, page), ""


def _leaf(drawing: Drawing, document: Document, found: Original, wish: Wish, view: View, page: Page) -> Leaf:
    leaf = _bare(document, wish, view, page)
    wanted = _wanted(wish, view, page)
    text = document.text[page.start : page.end]
    spans = [(max(start, page.start) - page.start, min(end, page.end) - page.start) for start, end, _ in wanted]
    try:
        # Drawn now, so that a page that cannot be is said to be so, and the picture is ready when it is fetched.
        drawing.image(found.path, found.sha256, page.number, WIDTHS[0])
        placed = drawing.boxes(found.path, found.sha256, page.number, text, spans) if spans else []
    except UserError as error:
        sentence = said("This page cannot be shown: {reason}.", reason=str(error).rstrip("."))
        return replace(leaf, sentence=sentence, is_wrong=True)
    sentence, is_wrong = _sentence(placed, wish)
    return replace(
        leaf,
        alt=f"{leaf.alt}; {sentence}" if sentence else leaf.alt,
        picture=picture_address(document.id, page.number, WIDTHS[0]),
        larger=picture_address(document.id, page.number, WIDTHS[1]),
        shades=_shades(placed, [current for _, _, current in wanted]),
        sentence=sentence,
        is_wrong=is_wrong,
    )


def _bare(document: Document, wish: Wish, view: View, page: Page) -> Leaf:
    """The page without its picture."""
    name = _capital(page_name(page.number, page.label))
    numbers = {one.number for one in document.pages}
    before, after = page.number - 1, page.number + 1
    return Leaf(
        name=name,
        alt=said("{page} of “{title}”", page=name, title=document.title),
        links=tuple(
            PageLink(str(number), _turned(document, wish, view, number), number == page.number)
            for number in (view.pages if len(view.pages) > 1 else ())
        ),
        before=_turned(document, wish, view, before) if before in numbers else "",
        after=_turned(document, wish, view, after) if after in numbers else "",
        original=original_address(document.id, page.number),
    )


def _turned(document: Document, wish: Wish, view: View, number: int) -> str:
    """The same place with another page beside it; without a place, that page's text."""
    at = view.current.number if view.current else 0
    anchor = "printed" if at else f"page-{number}"
    return address(document.id, replace(wish, at=at, page=number, part=0, section=0), anchor)


def _wanted(wish: Wish, view: View, page: Page) -> list[tuple[int, int, bool]]:
    """The spans to mark on a page, the one that is open first."""
    spans = [*wish.cited.values(), *(one.span for one in view.stops)]
    here = [span for span in dict.fromkeys(spans) if span[0] < page.end and span[1] > page.start]
    open_now = view.current.span if view.current else None
    ordered = sorted(here, key=lambda span: span != open_now)[:_MOST_MARKED]
    return [(*span, span == open_now) for span in ordered]


def _shades(placed: Sequence[Placed | None], current: Sequence[bool]) -> tuple[Shade, ...]:
    return tuple(
        Shade(_percent(box.left), _percent(box.top), _percent(box.width), _percent(box.height), is_current)
        for one, is_current in zip(placed, current, strict=True)
        if one is not None
        for box in one.lines
    )


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"


def _sentence(placed: Sequence[Placed | None], wish: Wish) -> tuple[str, bool]:
    if not placed:
        return "", False
    if all(one is not None for one in placed):
        words = said("the words found are marked") if wish.find else said("the cited words are marked")
        return words, False
    if placed[0] is None:
        return said("these words were not found on the picture of the page, so they are not marked on it"), True
    return said("the words are marked; others of this page were not found on its picture"), True


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
