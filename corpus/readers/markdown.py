"""Markdown: the text is the file's own, marks included; headings come from its parser."""

from __future__ import annotations

import itertools
from pathlib import Path

from markdown_it import MarkdownIt

from corpus.readers.encoding import decode
from corpus.readers.types import Heading, Reading, sections_from

_PARSER = MarkdownIt("commonmark")


def read(path: Path) -> Reading:
    """Raises UserError as the text reader does."""
    text, remarks = decode(path.read_bytes())
    headings = _headings(text)
    return Reading(
        text, sections_from(headings, len(text)), title=headings[0].text if headings else None, remarks=remarks
    )


def _headings(text: str) -> list[Heading]:
    starts = _line_starts(text)
    tokens = _PARSER.parse(text)
    return [
        Heading(starts[token.map[0]], int(token.tag.removeprefix("h")), _plain(inline.content))
        for token, inline in itertools.pairwise(tokens)
        # A heading inside a quotation or a list is not a section of the document.
        if token.type == "heading_open" and token.map and token.level == 0 and inline.content.strip()
    ]


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for index, char in enumerate(text):
        # The parser counts "\r\n" as one line end and a lone "\r" as one too.
        if char == "\n" or (char == "\r" and text[index + 1 : index + 2] != "\n"):
            starts.append(index + 1)
    return starts


def _plain(content: str) -> str:
    rendered = _PARSER.parseInline(content)[0].children or []
    return " ".join("".join(child.content for child in rendered).split())
