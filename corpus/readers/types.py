"""What a reader hands back."""

from __future__ import annotations

from dataclasses import dataclass

from corpus.types import Page, Section


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of one file. `sections` cover `text` without gaps; `title` is the file's own."""

    text: str
    sections: tuple[Section, ...]
    pages: tuple[Page, ...] = ()
    title: str | None = None


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
