"""Words of a text found among the characters that a page draws, and characters' boxes merged to lines.

Two readers of a PDF agree on its letters and digits and seldom on its blanks, hyphens and breaks:
only letters and digits are compared.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

# Characters further apart than so many heights of the line are not joined: a table's cells, two columns.
_GAP = 2.0
_SHORTEST_LINE = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: on a page that is drawn in fractions of its width and height, from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Placed:
    """The boxes over the words of one span, a line each, in reading order."""

    lines: tuple[Box, ...]


def places(shown: Sequence[str], text: str, spans: Sequence[tuple[int, int]]) -> list[list[int] | None]:
    """For each span of `text`, the indices of the `shown` characters that are its words; None where they are not there.

    Words that stand several times are told apart by how often they stand in `text` before.

    >>> places(list("one two one"), "one\\ntwo\\none", [(8, 11), (4, 5), (0, 0)])
    [[8, 9, 10], [4], None]
    """
    drawn, at = _letters(shown)
    written, offsets = _letters(text)
    breaks = [bisect_left(offsets, at) for at, char in enumerate(text) if char == "\n"]
    found: list[list[int] | None] = []
    for start, end in spans:
        inside = [place for place, offset in enumerate(offsets) if start <= offset < end]
        hit = _found(drawn, written, inside[0], inside[-1] + 1, breaks) if inside else None
        found.append(None if hit is None else _indices(hit, at))
    return found


def lines_of(boxes: Iterable[Box]) -> list[Box]:
    """Boxes of characters in reading order, those beside each other on a line merged."""
    lines: list[Box] = []
    for box in boxes:
        if lines and _is_beside(lines[-1], box):
            lines[-1] = _around(lines[-1], box)
        else:
            lines.append(box)
    return lines


def _letters(characters: Iterable[str]) -> tuple[str, list[int]]:
    """The letters and digits as they are compared, each with the index of the character that it is of."""
    pairs = [
        (letter, at)
        for at, char in enumerate(characters)
        for letter in unicodedata.normalize("NFKC", char).casefold()
        if letter.isalnum()
    ]
    return "".join(letter for letter, _ in pairs), [at for _, at in pairs]


def _found(drawn: str, written: str, start: int, end: int, breaks: Sequence[int]) -> list[tuple[int, int]] | None:
    """The runs of `drawn` that are `written[start:end]`: one, or one for each of its lines.

    Columns and foot notes: the two readers may have the page's lines in another order.
    """
    whole = _same_place(drawn, written, start, end)
    if whole is not None:
        return [(whole, whole + end - start)]
    cuts = [start, *(cut for cut in breaks if start < cut < end), end]
    lines = list(pairwise(cuts))
    if min(stop - begin for begin, stop in lines) < _SHORTEST_LINE:
        # A few letters stand everywhere: a wrong mark is worse than none.
        return None
    runs = [
        (at, at + stop - begin) for begin, stop in lines if (at := _same_place(drawn, written, begin, stop)) is not None
    ]
    return runs if len(runs) == len(lines) else None


def _same_place(drawn: str, written: str, start: int, end: int) -> int | None:
    """Where a piece of `written` stands in `drawn`: the occurrence of the same rank, else the last."""
    wanted = written[start:end]
    rank = sum(1 for at in _occurrences(written, wanted) if at < start)
    at = None
    for count, at in enumerate(_occurrences(drawn, wanted)):  # noqa: B007 - the last one is what is wanted
        if count == rank:
            break
    return at


def _occurrences(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _indices(runs: Iterable[tuple[int, int]], at: Sequence[int]) -> list[int]:
    """The characters of runs of letters, with the marks and blanks that stand inside them."""
    return [index for start, end in runs for index in range(at[start], at[end - 1] + 1)]


def _is_beside(line: Box, box: Box) -> bool:
    overlap = min(line.top + line.height, box.top + box.height) - max(line.top, box.top)
    gap = max(line.left, box.left) - min(line.left + line.width, box.left + box.width)
    return overlap > min(line.height, box.height) / 2 and gap < _GAP * max(line.height, box.height)


def _around(one: Box, other: Box) -> Box:
    left, top = min(one.left, other.left), min(one.top, other.top)
    right = max(one.left + one.width, other.left + other.width)
    bottom = max(one.top + one.height, other.top + other.height)
    return Box(left, top, right - left, bottom - top)
