"""What a reader hands back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from corpus.types import Page, Section


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of one file. `sections` cover `text` without gaps; `title` is the file's own.

    `remarks` are for the person who put the file there: an encoding that was guessed, pages
    without text.
    """

    text: str
    sections: tuple[Section, ...]
    pages: tuple[Page, ...] = ()
    title: str | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found in a text. `level` counts from 1, the outermost."""

    start: int
    level: int
    text: str


def sections_from(headings: list[Heading], length: int) -> tuple[Section, ...]:
    """Sections that cover `length` characters, each from its heading to the next one."""
    sections: list[Section] = []
    if length and (not headings or headings[0].start > 0):
        sections.append(Section((), 0, headings[0].start if headings else length))
    path: list[Heading] = []
    ends = [*(heading.start for heading in headings[1:]), length]
    for heading, end in zip(headings, ends, strict=False):
        path = [outer for outer in path if outer.level < heading.level] + [heading]
        sections.append(Section(tuple(part.text for part in path), heading.start, end))
    return tuple(sections)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or table row of a format that has them.

    `level` counts from 1 for a heading. A `tight` block follows the one before on the next line.
    """

    text: str
    level: int | None = None
    tight: bool = False


def assemble(blocks: Iterable[Block]) -> tuple[str, list[Heading]]:
    """The text of blocks, a blank line between them, and the headings in it."""
    parts: list[str] = []
    headings: list[Heading] = []
    length = 0
    for block in blocks:
        if not block.text.strip():
            continue
        if parts:
            parts.append("\n" if block.tight else "\n\n")
            length += len(parts[-1])
        if block.level is not None:
            headings.append(Heading(length, block.level, " ".join(block.text.split())))
        parts.append(block.text)
        length += len(block.text)
    return "".join(parts), headings
