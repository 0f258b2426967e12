"""HTML through trafilatura: the main text without menus and comments, headings, lists and tables kept."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import trafilatura
from trafilatura.settings import DEFAULT_CONFIG

from corpus.errors import UserError
from corpus.readers.encoding import decode_page
from corpus.readers.types import Block, Reading, assemble, sections_from

# With the default thresholds a short page falls back to one paragraph of all its words.
_THRESHOLDS = ("MIN_EXTRACTED_SIZE", "MIN_EXTRACTED_COMM_SIZE", "MIN_OUTPUT_SIZE", "MIN_OUTPUT_COMM_SIZE")
_LINE_BREAK = "\v"
_MAIN = "//article | //main | //*[@role='main']"
_MOST = 0.8


def read(path: Path) -> Reading:
    """Raises UserError when the page has no main text, or its encoding cannot be told."""
    page, remarks = decode_page(path.read_bytes())
    found = _extracted(page)
    if found is None:
        raise UserError("it holds no main text, only menus or nothing; save the page itself, not a frame or a script")
    text, headings = assemble(_blocks(found.body))
    if (marked := _with_main(page)) is not None and (other := _extracted(marked)) is not None:
        # Where nothing says which part is the main one, trafilatura keeps paragraphs and drops the headings.
        longer, with_headings = assemble(_blocks(other.body))
        if len(longer) >= len(text) and with_headings:
            text, headings = longer, with_headings
    title = headings[0].text if headings else found.title
    return Reading(text, sections_from(headings, len(text)), title=title, remarks=remarks)


def _extracted(page: Any) -> Any | None:
    """What trafilatura makes of a page, given as text or as a tree that it may change; None where it finds nothing."""
    found = trafilatura.bare_extraction(
        page,
        # Precision drops lists and headings: a document here was chosen, so its text is wanted whole.
        favor_recall=True,
        include_comments=False,
        include_tables=True,
        with_metadata=True,
        config=_config(),
    )
    return None if found is None or isinstance(found, dict) or found.body is None else found


def _with_main(page: str) -> Any | None:
    """The page's tree with its main part marked as such; None where the page marks one, or has no paragraphs.

    The main part is the innermost element that holds most of the paragraphs' characters.
    """
    tree = trafilatura.load_html(page)
    if tree is None or tree.xpath(_MAIN):
        return None
    paragraphs = {paragraph: len(paragraph.text_content()) for paragraph in tree.iter("p")}
    held: dict[Any, int] = {}
    for paragraph, characters in paragraphs.items():
        for around in paragraph.iterancestors("div", "section", "td"):
            held[around] = held.get(around, 0) + characters
    most = [element for element, characters in held.items() if characters > _MOST * sum(paragraphs.values())]
    if not most:
        return None
    max(most, key=lambda element: len(list(element.iterancestors()))).tag = "article"
    return tree


def _config() -> Any:
    config = deepcopy(DEFAULT_CONFIG)
    for threshold in _THRESHOLDS:
        config["DEFAULT"][threshold] = "1"
    return config


def _blocks(element: Any) -> Iterator[Block]:
    """The blocks of trafilatura's tree, in reading order."""
    for child in element:
        match child.tag:
            case "head":
                yield Block(_words(child), level=_level(child.get("rend")))
            case "list":
                yield from (Block(f"- {_words(item)}", tight=at > 0) for at, item in enumerate(child.iter("item")))
            case "table":
                yield from (Block(_row(row), tight=at > 0) for at, row in enumerate(child.iter("row")))
            case "div" | "body" | "main":
                yield from _blocks(child)
            case _:
                yield Block(_words(child))
        if child.tail and child.tail.strip():
            yield Block(" ".join(child.tail.split()))


def _words(element: Any) -> str:
    """An element's words as a browser shows them: white space as one space, a line break as one."""
    lines = "".join(_pieces(element)).split(_LINE_BREAK)
    return "\n".join(" ".join(line.split()) for line in lines).strip()


def _pieces(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        yield from (_LINE_BREAK,) if child.tag == "lb" else _pieces(child)
        yield child.tail or ""


def _row(row: Any) -> str:
    return " | ".join(_words(cell).replace("\n", " ") for cell in row.iter("cell"))


def _level(rend: str | None) -> int:
    return int(rend[1]) if rend and rend[1:].isdigit() else 2
