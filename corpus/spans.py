"""A text's paragraphs and sentences as spans of it. Nothing is copied, changed or left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

# A run of blanks, or of stops, is looked at from its start only: from each of its characters takes its length squared.
PARAGRAPH_BREAK = re.compile(r"(?<![ \t\u00a0])(?:(?:[ \t\u00a0]*\r?\n){2,}|[ \t\u00a0]*\f\s*)")
# Every break holds one of these, and few other places of a text do.
_EDGE = re.compile(r"[\n\f]")
_BEFORE_AN_EDGE = " \t\u00a0\r"
_REACH = 600
_COLONS = ":："
_BLANKS = re.compile(r"\s*")
_MARKER = r"[ \t\u00a0]*(?:[-–—*•·▪◦‣]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t\u00a0]"
_LIST_ITEM = re.compile(rf"\r?\n(?={_MARKER})")
_BEGINS_AN_ITEM = re.compile(_MARKER)
_TERMINATOR = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[”’」』）]*|؟+|।+")
_TO_FIRST_LETTER = re.compile(r"\s*[\"'“‘«(\[¿¡„‚「『]*")
# "3. Outlook" at the start of a line, "am 3. Oktober" inside one.
_NUMBERING = re.compile(r"(?:^[ \t]*|\b(?:am|vom|zum|bis|ab|dem|den|der)\s)\d{1,2}\.$", re.MULTILINE)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|approx|ca|no|nos|art|arts|fig|figs|vol|ed|eds|pp|para|sec|al|st|mr|mrs|ms"
    r"|dr|prof|inc|ltd|co|corp|dept|univ|jr|sr|bzw|z\.b|d\.h|u\.a|nr|abs|sr|sra|núm|n[º°])"
    r"|(?:^|[\s(])(?-i:[A-ZÀ-ÖØ-ÞΑ-ΩА-Я](?:\.[A-ZÀ-ÖØ-ÞΑ-ΩА-Я])*))\.$",
    re.IGNORECASE,
)


def trim(text: str, start: int, end: int) -> Span:
    """The span without white space at its ends.

    >>> trim("  a b ", 0, 6)
    (2, 5)
    """
    # Nothing is copied: the span may be the rest of a very long text.
    while start < end and text[end - 1].isspace():
        end -= 1
    blanks = _BLANKS.match(text, start, end)
    return (blanks.end() if blanks else start), end


def paragraphs(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Blocks between blank lines or page breaks, without white space at their ends."""
    stop = len(text) if end is None else end
    return _split(text, start, stop, list(paragraph_breaks(text, start, stop)))


def paragraph_breaks(text: str, start: int, end: int) -> Iterator[Span]:
    """The matches of `PARAGRAPH_BREAK` in `text[start:end]`, looked for at the ends of lines only.

    >>> list(paragraph_breaks("one\\n\\ntwo\\nthree", 0, 14))
    [(3, 5)]
    """
    at = start
    while edge := _EDGE.search(text, at, end):
        first = edge.start()
        while first > at and text[first - 1] in _BEFORE_AN_EDGE:
            first -= 1
        tries = (PARAGRAPH_BREAK.match(text, place, end) for place in range(first, edge.end()))
        found = next((match for match in tries if match), None)
        if found:
            yield found.span()
        at = found.end() if found else edge.end()


def paragraphs_from(text: str, start: int, end: int) -> Iterator[Span]:
    """The paragraphs of `text[start:end]` one after the other, for who needs only the first ones."""
    while start < end:
        found = next(paragraph_breaks(text, start, end), (end, end))
        span = trim(text, start, found[0])
        if span[0] < span[1]:
            yield span
        start = found[1]


def paragraph_at(text: str, at: int, start: int = 0, end: int | None = None) -> Span:
    """The paragraph of `text[start:end]` that holds a place, found without looking at the whole text.

    >>> paragraph_at("one\\n\\ntwo\\n\\nthree", 6)
    (5, 8)
    """
    stop = len(text) if end is None else end
    after, _ = next(paragraph_breaks(text, at, stop), (stop, stop))
    return trim(text, _break_before(text, at, start), after)


def paragraphs_around(text: str, at: int, start: int = 0, end: int | None = None) -> Span:
    """The paragraph that holds a place, with the one before it and the one after it."""
    stop = len(text) if end is None else end
    first, last = paragraph_at(text, at, start, stop)
    before, after = trim(text, start, first)[1], trim(text, last, stop)[0]
    if before > start:
        first = paragraph_at(text, before - 1, start, stop)[0]
    if after < stop:
        last = paragraph_at(text, after, start, stop)[1]
    return first, last


def _break_before(text: str, at: int, start: int) -> int:
    """Where the last break of paragraphs before a place ends; the start where there is none."""
    reach = _REACH
    while True:
        low = max(start, at - reach)
        # A break that the window cuts is seen whole by a wider one.
        last = max((end for _, end in paragraph_breaks(text, low, at)), default=None)
        if last is not None:
            return last
        if low == start:
            return start
        reach *= 4


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Sentences and list items, never across a paragraph's end.

    A line's end is white space, as in text that was wrapped, unless a list item begins after it.

    >>> [("A. Smith came. He left!")[a:b] for a, b in sentences("A. Smith came. He left!")]
    ['A. Smith came.', 'He left!']
    """
    return [
        sentence
        for paragraph in paragraphs(text, start, end)
        for item in _list_items(text, *paragraph)
        for sentence in _split(text, *item, _sentence_breaks(text, *item))
    ]


def lists(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Lists of marked items, each with the paragraph that leads it in with a colon.

    >>> lists("We lend:\\n\\n- tools\\n- seeds\\n\\nAsk us.")
    [(0, 25)]
    """
    found: list[Span] = []
    before: Span | None = None
    follows = False
    for paragraph in paragraphs(text, start, end):
        items = _list_items(text, *paragraph)
        marked = [bool(_BEGINS_AN_ITEM.match(text, *item)) for item in items]
        if follows and marked[0]:
            found[-1] = (found[-1][0], paragraph[1])
        elif len(items) > 1 or marked[0]:
            leads = before is not None and text[before[1] - 1] in _COLONS and marked[0]
            found.append((before[0] if leads and before else paragraph[0], paragraph[1]))
        follows = marked[-1]
        before = paragraph
    return found


def list_items(text: str, start: int, end: int) -> tuple[Span | None, list[Span]]:
    """What stands before the first marked item of `text[start:end]`, None where nothing does, and the items.

    >>> list_items("We lend:\\n\\n- tools\\n- seeds", 0, 24)
    ((0, 8), [(10, 17), (18, 24)])
    """
    found = [item for paragraph in paragraphs(text, start, end) for item in _list_items(text, *paragraph)]
    first = next((at for at, item in enumerate(found) if _BEGINS_AN_ITEM.match(text, *item)), len(found))
    return (found[0][0], found[first - 1][1]) if first else None, found[first:]


def begins_an_item(text: str, at: int) -> bool:
    """Whether a marked item of a list begins at a place.

    >>> begins_an_item("We lend:\\n- tools", 9), begins_an_item("We lend:\\n- tools", 0)
    (True, False)
    """
    return bool(_BEGINS_AN_ITEM.match(text, at))


def _list_items(text: str, start: int, end: int) -> list[Span]:
    return _split(text, start, end, [match.span() for match in _LIST_ITEM.finditer(text, start, end)])


def _sentence_breaks(text: str, start: int, end: int) -> list[Span]:
    return [
        (match.end(), match.end())
        for match in _TERMINATOR.finditer(text, start, end)
        if _ends_a_sentence(text, start, match, end)
    ]


def _ends_a_sentence(text: str, start: int, match: re.Match[str], end: int) -> bool:
    if not match.group().startswith((".", "…")):
        return True
    opened = _TO_FIRST_LETTER.match(text, match.end(), end)
    if opened and text[opened.end() : min(opened.end() + 1, end)].islower():
        return False
    if match.group() == "." and _NUMBERING.search(text, max(start, match.start() - 8), match.end()):
        return False
    # Only the words near the full stop can be an abbreviation.
    return not (match.group() == "." and _ABBREVIATION.search(text[max(start, match.start() - 12) : match.end()]))


def _split(text: str, start: int, end: int, breaks: list[Span]) -> list[Span]:
    starts = [start, *(stop for _, stop in breaks)]
    ends = [*(begin for begin, _ in breaks), end]
    spans = (trim(text, begin, stop) for begin, stop in zip(starts, ends, strict=True))
    return [span for span in spans if span[0] < span[1]]
