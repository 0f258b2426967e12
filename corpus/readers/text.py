"""Plain text: every character is kept, headings are found as bare short lines."""

from __future__ import annotations

import re
from pathlib import Path

from corpus.readers.encoding import decode
from corpus.readers.types import Heading, Reading, sections_from
from corpus.spans import paragraphs
from corpus.split import body_start

HEADING_MAX_CHARACTERS = 80
HEADING_MAX_WORDS = 12
# A line that ends like a sentence, a list's introduction or an item of one is not a heading.
_ENDS_LIKE_TEXT = re.compile(r"[.!?;:,…。！？；：，、؟؛][\"'”’»)\]]*$")
_BULLET = re.compile(r"[-–—*•·▪◦‣]\s")


def read(path: Path) -> Reading:
    """Raises UserError when the file holds no text."""
    text, remarks = decode(path.read_bytes())
    headings = bare_headings(text)
    sections = sections_from(headings, len(text))
    if not any(text[body_start(text, section) : section.end].strip() for section in sections):
        # Nothing but bare lines: then they are the text.
        sections = sections_from([], len(text))
    return Reading(text, sections, title=headings[0].text if headings else None, remarks=remarks)


def bare_headings(text: str) -> list[Heading]:
    """The headings of a text without markup: a short line of its own between blank lines.

    A line that begins in lower case is a tag-line and belongs to what stands around it.
    """
    return [
        Heading(start, 1, " ".join(text[start:end].split()))
        for start, end in paragraphs(text)
        if is_bare_heading(text[start:end])
    ]


def is_bare_heading(line: str) -> bool:
    """Whether a paragraph is one short line that reads as a heading.

    >>> [is_bare_heading(line) for line in ("Our mission", "our motto", "It rains.")]
    [True, False, False]
    """
    first = next((char for char in line if char.isalnum()), "")
    return (
        "\n" not in line
        and len(line) <= HEADING_MAX_CHARACTERS
        and len(line.split()) <= HEADING_MAX_WORDS
        and any(char.isalpha() for char in line)
        and not first.islower()
        and not _ENDS_LIKE_TEXT.search(line)
        and not _BULLET.match(line)
    )
