"""A check as two texts side by side, cut where they differ: what a page needs to colour it.

The pieces of a side, put together again, are its text, character for character.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from assistant.web.speech import said
from corpus.check import Check
from corpus.differences import Difference

Look = Literal["same", "removed", "added", "around"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text of one look; `note` is the label of its difference."""

    text: str
    look: Look
    note: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """The canonical wording and the given text, in pieces."""

    canonical: tuple[Piece, ...]
    given: tuple[Piece, ...]


_SIGNS = {
    "exact": ("✓", "good"),
    "formatting_only": ("✓", "good"),
    "altered": ("≠", "bad"),
    "truncated": ("…", "bad"),
    "extended": ("+", "bad"),
    "other_term": ("⇄", "bad"),
    "earlier_version": ("↺", "bad"),
    "unrelated": ("✗", "bad"),
}


VERDICTS = tuple(_SIGNS)


def sign(verdict: str) -> str:
    """A sign for a verdict, for those who do not see colours."""
    return _SIGNS[verdict][0]


def tone(verdict: str) -> str:
    """ "good" where the wording is there and nothing else, "bad" else."""
    return _SIGNS[verdict][1]


def name(verdict: str) -> str:
    """A verdict as people read it.

    >>> name("formatting_only")
    'Formatting only'
    """
    return said(verdict.replace("_", " ").capitalize())


def review(found: Check) -> Review:
    """Both sides of a check."""
    if found.verdict == "unrelated":
        return Review((Piece(found.canonical, "same"),), (Piece(found.text, "same"),))
    left = [(one.start, one.end, one.note or "") for one in found.differences if one.start < one.end]
    right = [(one.given_start, one.given_end, one.note or "") for one in _given(found.differences)]
    return Review(
        tuple(_pieces(found.canonical, left, "removed")),
        tuple(_with_surroundings(found, list(_pieces(found.text, right, "added")))),
    )


def excerpt(found: Check, start: int, end: int) -> Check:
    """A check of a long text as one of `text[start:end]`: a place with a little of what is around it."""
    changes = tuple(
        replace(one, given_start=one.given_start - start, given_end=one.given_end - start) for one in found.differences
    )
    return replace(
        found, text=found.text[start:end], start=found.start - start, end=found.end - start, differences=changes
    )


def versions_review(older: str, newer: str, changes: Sequence[Difference]) -> Review:
    """An earlier wording beside the one that came after it; `changes` are from the older to the newer."""
    left = [(one.start, one.end, "") for one in changes if one.start < one.end]
    right = [(one.given_start, one.given_end, "") for one in changes if one.given_start < one.given_end]
    return Review(tuple(_pieces(older, left, "removed")), tuple(_pieces(newer, right, "added")))


def _given(differences: Sequence[Difference]) -> list[Difference]:
    return sorted((one for one in differences if one.given_start < one.given_end), key=lambda one: one.given_start)


def _pieces(text: str, marked: Sequence[tuple[int, int, str]], look: Look) -> Iterator[Piece]:
    at = 0
    for start, end, note in marked:
        if start > at:
            yield Piece(text[at:start], "same")
        yield Piece(text[start:end], look, note)
        at = end
    if at < len(text):
        yield Piece(text[at:], "same")


def _with_surroundings(found: Check, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """What stands before and after the wording, and is no difference, set off."""
    at = 0
    for piece in pieces:
        end = at + len(piece.text)
        if piece.look != "same":
            yield piece
        else:
            cuts = sorted({at, end, *(cut for cut in (found.start, found.end) if at < cut < end)})
            for begin, stop in pairwise(cuts):
                inside = found.start <= begin < found.end
                yield Piece(found.text[begin:stop], "same" if inside else "around")
        at = end
