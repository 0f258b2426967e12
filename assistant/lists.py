"""Lists as they stand in a document: the sentence that introduces one, and every item of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.language import plain
from assistant.parts import cues, gives_orders
from corpus.spans import Span, begins_an_item, list_items, lists, paragraph_at, sentences, trim
from corpus.types import Document

_COLONS = (":", "：")
# A list goes on for so many characters to either side of one of its items; a longer one is not quoted whole.
_REACH = 6000
_LONGEST = 8000
_LONGEST_LINE = 160
_ENDS = (".", ";", ",", "!", "?")
_LETTERED = re.compile(r"(?<!\S)\(?(?P<mark>[a-z]|\d{1,2})\)(?=\s)")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as a span of a document. `pieces`: the sentence that introduces it, where there is one, and its items."""

    document_id: str
    span: Span
    pieces: tuple[Span, ...]


def asks_for_list(question: str) -> bool:
    """Whether a question asks for all of several things.

    >>> asks_for_list("What are the six kinds of plots?"), asks_for_list("When was it founded?")
    (True, False)
    """
    return bool(cues().listing.search(plain(question)))


def introduces(text: str) -> bool:
    """Whether a sentence says nothing without the list below it."""
    return text.rstrip().endswith(_COLONS) or bool(cues().introducing.search(plain(text)))


def whole_list(document: Document, span: Span) -> Listing | None:
    """The list that a sentence introduces or is an item of; None where it is in none, or in one that gives orders
    to a program or is too long to quote."""
    text = document.text
    start, end = _room(document, span)
    low = _start_of_paragraph(text, max(start, span[0] - _REACH), start, end)
    high = _end_of_paragraph(text, min(end, span[1] + _REACH), start, end)
    found = (_marked(text, span, low, high), _below_colon(text, span, low, high), _lettered(text, span, low, high))
    pieces = next((pieces for pieces in found if pieces), ())
    whole = (pieces[0][0], pieces[-1][1]) if pieces else (0, 0)
    if not pieces or whole[1] - whole[0] > _LONGEST or any(gives_orders(text[slice(*one)]) for one in pieces):
        return None
    return Listing(document.id, whole, tuple(pieces))


def _room(document: Document, span: Span) -> Span:
    """The section around a span, with those beside it that begin with an item: in plain text these look like
    numbered headings."""
    section = document.section_at(span[0])
    start, end = section.start, section.end
    while start > 0 and span[0] - start < _REACH and begins_an_item(document.text, start):
        start = document.section_at(start - 1).start
    while end < len(document.text) and end - span[1] < _REACH and begins_an_item(document.text, end):
        end = document.section_at(end).end
    return start, end


def _start_of_paragraph(text: str, at: int, start: int, end: int) -> int:
    return min(at, paragraph_at(text, at, start, end)[0])


def _end_of_paragraph(text: str, at: int, start: int, end: int) -> int:
    return max(at, paragraph_at(text, max(start, at - 1), start, end)[1])


def _marked(text: str, span: Span, low: int, high: int) -> Sequence[Span]:
    """Items that begin with a bullet, a number or a letter on a line of their own."""
    for start, end in lists(text, low, high):
        before, items = list_items(text, start, end)
        if len(items) < 2:
            continue
        lead = _lead(text, before) if before else _lead_of_items(text, span, start)
        pieces = [*([lead] if lead else []), *items[:-1], _last_item(text, items)]
        if pieces[0][0] <= span[0] < pieces[-1][1]:
            return pieces
    return ()


def _lead(text: str, before: Span) -> Span:
    return sentences(text, *before)[-1]


def _lead_of_items(text: str, span: Span, start: int) -> Span | None:
    """A sentence right above a list that was found as the answer introduces it, though it has no colon."""
    return span if span[1] <= start and not text[span[1] : start].strip() else None


def _last_item(text: str, items: Sequence[Span]) -> Span:
    """The last item without the text that goes on below it, as it does in a file without empty lines."""
    start, end = items[-1]
    line = text.find("\n", start, end)
    if line < 0 or any("\n" in text[slice(*item)] for item in items[:-1]):
        return start, end
    first, after = trim(text, start, line), trim(text, line, end)
    return first if text[after[0]].isupper() or text[first[1] - 1] in ".!?" else (start, end)


def _below_colon(text: str, span: Span, low: int, high: int) -> Sequence[Span]:
    """Short lines without marks under a sentence that ends in a colon."""
    lead: Span | None = None
    items: list[Span] = []
    for line, gap in _lines(text, low, high):
        # One empty line may stand between the sentence and its lines.
        if gap and items and lead:
            if _is_list(text, items) and lead[0] <= span[0] < items[-1][1]:
                return [_lead(text, lead), *items]
            lead, items = None, []
        if text[line[1] - 1] in _COLONS:
            lead, items = (line, []) if gap or lead is None or items else ((lead[0], line[1]), [])
        elif lead:
            items.append(line)
    inside = lead and items and lead[0] <= span[0] < items[-1][1]
    return [_lead(text, lead), *items] if lead and inside and _is_list(text, items) else ()


def _lines(text: str, start: int, end: int) -> Iterator[tuple[Span, bool]]:
    """The lines that hold something, each with whether an empty one stands above it."""
    gap = True
    for match in re.compile(r"[^\n\f]*").finditer(text, start, end):
        line = trim(text, *match.span())
        if line[0] < line[1]:
            yield line, gap
            gap = False
        elif match.end() > match.start() or text[match.start() - 1 : match.start()] in ("\n", "\f"):
            gap = True


def _is_list(text: str, lines: Sequence[Span]) -> bool:
    """Whether lines are items and no sentence that was wrapped: each begins anew, or ends as items do."""
    said = [text[slice(*line)] for line in lines]
    anew = all(one[0].isupper() or one[0].isdigit() for one in said)
    ended = all(one.endswith(_ENDS) for one in said[:-1])
    return len(said) > 1 and all(len(one) <= _LONGEST_LINE for one in said) and (anew or ended)


def _lettered(text: str, span: Span, low: int, high: int) -> Sequence[Span]:
    """Items "a) … b) …" in running text, where they are more than the one sentence that was found."""
    start, end = paragraph_at(text, span[0], low, high)
    marks = list(_LETTERED.finditer(text, start, end))
    runs = [at for at, mark in enumerate(marks) if mark["mark"] in ("a", "1")]
    for first, after in pairwise([*runs, len(marks)]):
        run = marks[first : first + _in_order([mark["mark"] for mark in marks[first:after]])]
        if len(run) < 2:
            continue
        lead = sentences(text, start, run[0].start())[-1:]
        ends = [*(mark.start() for mark in run[1:]), sentences(text, run[-1].end(), end)[0][1]]
        items = [trim(text, mark.start(), stop) for mark, stop in zip(run, ends, strict=True)]
        pieces = [*lead, *items]
        one_sentence = span[0] <= pieces[0][0] and pieces[-1][1] <= span[1]
        if pieces[0][0] <= span[0] < pieces[-1][1] and not one_sentence:
            return pieces
    return ()


def _in_order(marks: Sequence[str]) -> int:
    """How many marks from the first on follow each other in the alphabet or in counting."""
    values = [int(mark) if mark.isdigit() else ord(mark) for mark in marks]
    return next((at for at in range(1, len(values)) if values[at] != values[at - 1] + 1), len(values))
