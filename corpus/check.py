"""Whether a text still has a canonical wording: a verdict, and the differences word by word.

No score ever makes a text exact: that it is, or differs in form only, is decided by comparing every
word and mark (`corpus.differences`). How much two texts share only tells what was altered from
what is unrelated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from corpus.differences import Difference, Hunk, Word, difference, hunks, words
from corpus.errors import UserError
from corpus.locate import Locator
from corpus.spans import Span, sentences
from corpus.surroundings import Surrounding, after, before, without_markup
from corpus.types import Definition

Verdict = Literal[
    "exact", "formatting_only", "altered", "truncated", "extended", "other_term", "earlier_version", "unrelated"
]

LONGEST = 1_000_000
"""Characters of a text that can be checked against one wording; longer ones are audited."""
# A longer text is searched for the place that is meant; what is compared is that place.
_LONG = 6_000
# Shares of the weight of words: of the wording's, or of the text's where so many words agree.
_SHARE, _SHARE_OF_TEXT, _FEWEST = 0.5, 0.6, 6
_SMALLEST_PART = 3
# Among different terms the nearer one is meant where it is so much nearer.
_NEARER = 0.2
_ELLIPSIS = re.compile(r"[(\[]?(?:\.{2,4}|…)[)\]]?")
_QUOTE_MARK = re.compile(r"['\"‘’‚‛“”„‟«»‹›「」『』]+")


@dataclass(frozen=True, slots=True)
class Wording:
    """A definition and its text, which is taken from its document. `names` are those of the term and its body."""

    definition: Definition
    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """What a text has of a wording.

    `formatting` names what differs where only that does; `match` is the other definition that the
    text is the wording of; `start` and `end` are the place of the wording in `text`, the given one
    without its markup; `share` is how much of the weight of the wording's words the text has, `nearness`
    the shared weight of that of both together, `run` the most words that agree in a row.
    """

    verdict: Verdict
    definition: Definition
    canonical: str
    text: str
    start: int
    end: int
    differences: tuple[Difference, ...] = ()
    formatting: tuple[str, ...] = ()
    surroundings: tuple[Surrounding, ...] = ()
    match: Definition | None = None
    share: float = 0.0
    nearness: float = 0.0
    run: int = 0

    @property
    def is_intact(self) -> bool:
        """Whether every word and mark of the wording is there, in order, with nothing between them."""
        return self.verdict in ("exact", "formatting_only", "extended")


def check(text: str, asked: Wording, others: Sequence[Wording] = ()) -> Check:
    """Whether a text has the wording asked for; `others` are those that it may have instead.

    Raises UserError where there is no text, too much of it, or something that is none.
    """
    check_text(text)
    found = compare(text, asked)
    if found.verdict in ("exact", "formatting_only"):
        return found
    compared = [(other, compare(text, other)) for other in others]
    for other, one in compared:
        if one.verdict in ("exact", "formatting_only"):
            return _instead(found, one, other)
    if found.verdict in ("extended", "truncated"):
        return found
    nearest = max(compared, key=lambda pair: pair[1].nearness, default=None)
    if nearest and nearest[1].verdict != "unrelated" and _is_meant(nearest[1], found):
        return _instead(found, nearest[1], nearest[0])
    return found


def find(text: str, wordings: Sequence[Wording]) -> Wording | None:
    """The wording that a text is nearest to; None where it is related to none."""
    check_text(text)
    compared = [(compare(text, one), one) for one in wordings]
    related = [pair for pair in compared if pair[0].verdict != "unrelated"]
    if not related:
        return None
    return max(related, key=lambda pair: (pair[0].is_intact, pair[0].nearness))[1]


def check_text(text: str) -> None:
    """Raises UserError where a text cannot be compared, in words for the person who gave it."""
    if not text.strip():
        raise UserError("The text to check is empty: paste the words that are meant to be the definition.")
    if len(text) > LONGEST:
        raise UserError(
            f"The text has {len(text):,} characters, up to {LONGEST:,} can be checked: "
            "give the passage, or let `assistant definitions audit FILE` search the whole."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"What was given holds half a character at place {error.start + 1}: paste it again.") from error
    strange = sum(char == "\x00" or unicodedata.category(char) in ("Cc", "Co") for char in text[:4000])
    strange -= sum(text[:4000].count(char) for char in "\t\n\r\f\v")
    if "\x00" in text or strange > 0.02 * min(len(text), 4000):
        raise UserError("What was given is no text (it holds control characters): paste text.")


def compare(text: str, wording: Wording) -> Check:
    """What a text has of one wording; the verdict knows of no other one."""
    text, markup = without_markup(text, wording.text)
    canonical = words(wording.text)
    start, end = _region(text, wording.text)
    given = words(text[start:end], {word.key for word in canonical})
    given = [Word(word.key, word.start + start, word.end + start) for word in given]
    return _Comparison(wording, canonical, text, given, markup).check()


def compare_within(text: str, wording: Wording, start: int, end: int) -> Check:
    """What a place of a longer text has of a wording: what stands around it there is nobody's addition."""
    canonical = words(wording.text)
    given = words(text[start:end], {word.key for word in canonical})
    given = [Word(word.key, word.start + start, word.end + start) for word in given]
    return _Comparison(wording, canonical, text, given, (), alone=False).check()


def _is_meant(other: Check, asked: Check) -> bool:
    return asked.verdict == "unrelated" or other.nearness > asked.nearness + _NEARER


def _instead(asked: Check, found: Check, other: Wording) -> Check:
    """The check of a text that has another wording than the one asked for."""
    same_term = other.definition.term == asked.definition.term
    earlier = same_term and other.definition.body == asked.definition.body
    if earlier and not found.is_intact:
        return asked
    verdict: Verdict = "earlier_version" if earlier else "other_term"
    kept = asked.differences if earlier else _whole(asked)
    return replace(
        asked, verdict=verdict, match=other.definition, differences=kept, surroundings=found.surroundings,
        start=found.start, end=found.end, formatting=found.formatting,
    )  # fmt: skip


def _whole(asked: Check) -> tuple[Difference, ...]:
    """One difference for texts that have nothing to do with each other."""
    canonical, given = asked.canonical, asked.text.strip()
    at = asked.text.find(given)
    return (Difference("replace", canonical, given, 0, len(canonical), at, at + len(given)),)


def _region(text: str, canonical: str) -> Span:
    """The part of a text that is compared: all of it, or the place in a long one that follows the wording best."""
    if len(text) <= max(_LONG, 3 * len(canonical)):
        return 0, len(text)
    places = Locator([canonical]).places(text)
    best = max(places, key=lambda place: place.runs, default=None)
    return (best.start, best.end) if best else (0, min(len(text), 3 * len(canonical)))


class _Comparison:
    """The words of a wording against those of a text, `alone` where the text should hold nothing else."""

    def __init__(
        self,
        wording: Wording,
        canonical: Sequence[Word],
        text: str,
        given: Sequence[Word],
        markup: tuple[Surrounding, ...],
        *,
        alone: bool = True,
    ) -> None:
        self._wording = wording
        self._canonical = canonical
        self._text = text
        self._given = given
        self._around: list[Surrounding] = list(markup)
        self._markup = bool(markup)
        self._alone = alone
        self._added: list[Difference] = []
        self._marks: list[Span] = []
        self._first, self._last = 0, len(given)
        self._hunks = hunks(canonical, given)

    def check(self) -> Check:
        self._take_before()
        self._take_after()
        self._hunks = [hunk for hunk in self._hunks if not self._is_quote_mark(hunk)]
        share, nearness, related = self._related()
        found = [difference(self._wording.text, self._canonical, self._text, self._given, h) for h in self._hunks]
        found = [self._noted(one) for one in found]
        verdict = self._verdict(related)
        start, end = self._place()
        base = Check(
            verdict, self._wording.definition, self._wording.text, self._text, start, end,
            surroundings=tuple(self._around), share=share, nearness=nearness, run=self._longest_run(),
        )  # fmt: skip
        if verdict == "unrelated":
            return replace(base, differences=_whole(base), surroundings=())
        ordered = sorted([*self._added, *found], key=lambda one: (one.start, one.given_start))
        return replace(base, differences=tuple(ordered), formatting=() if ordered else self._formatting())

    def _verdict(self, related: bool) -> Verdict:
        cuts = [hunk for hunk in self._hunks if self._is_cut(hunk)]
        if not related:
            return "unrelated"
        if len(cuts) < len(self._hunks) or any(self._has_moved(cut) for cut in cuts):
            return "altered"
        if cuts:
            return "truncated"
        if self._added:
            return "extended"
        start, end = self._place()
        mine, theirs = self._wording.text.strip(), self._text[start:end]
        for begin, stop in reversed(self._marks):
            theirs = theirs[: begin - start] + theirs[stop - start :]
        if self._markup:
            mine, theirs = (re.sub(r"[ \t\r\n]+", " ", one) for one in (mine, theirs))
        return "exact" if mine == theirs else "formatting_only"

    def _place(self) -> Span:
        """Where the text has the wording, in characters."""
        if self._first >= self._last:
            return 0, 0
        return self._given[self._first].start, self._given[self._last - 1].end

    def _take_before(self) -> None:
        """Take what stands before the wording out of the differences: surroundings, or words that were added."""
        if not self._hunks or self._hunks[0].start or self._hunks[0].given_start:
            return
        hunk = self._hunks[0]
        if hunk.given_end == 0 or hunk.given_end >= len(self._given):
            return
        leading = self._text[: self._given[hunk.given_end].start]
        around = before(leading, self._wording.names)
        replaces = hunk.end > 0
        if replaces and not self._stands_apart(leading, around.rest, at_end=False):
            return
        self._hunks[0] = Hunk(0, hunk.end, hunk.given_end, hunk.given_end)
        if not replaces:
            del self._hunks[0]
        self._first = hunk.given_end
        self._around.extend(reversed(around.found))
        if around.rest and self._alone:
            start = self._text.find(around.rest)
            self._added.append(Difference("insert", "", around.rest, 0, 0, start, start + len(around.rest)))

    def _take_after(self) -> None:
        """The same for what stands after the wording."""
        length = len(self._canonical)
        self._end_at_paragraph()
        if not self._hunks or self._hunks[-1].end != length or self._hunks[-1].given_end != len(self._given):
            self._take_rest()
            return
        hunk = self._hunks[-1]
        if hunk.given_start == hunk.given_end or hunk.given_start == 0:
            return
        at = self._given[hunk.given_start - 1].end
        trailing = self._text[at:]
        around = after(trailing, (self._wording.definition.body,))
        replaces = hunk.start < length
        if replaces and not self._stands_apart(trailing, around.rest, at_end=True):
            return
        self._hunks[-1] = Hunk(hunk.start, length, hunk.given_start, hunk.given_start)
        if not replaces:
            del self._hunks[-1]
        self._last = hunk.given_start
        self._around.extend(around.found)
        self._add_after(around.rest, at)

    def _end_at_paragraph(self) -> None:
        """Where other words begin in a new paragraph instead of the wording's end, a full stop that both end with, or
        a word or two within, agrees by chance."""
        length = len(self._canonical)
        for number, hunk in enumerate(self._hunks):
            if hunk.start == hunk.end or hunk.given_start in (0, hunk.given_end):
                continue
            missing = sum(one.end - one.start for one in self._hunks[number:])
            agreeing = length - hunk.start - missing
            before_it = self._text[self._given[hunk.given_start - 1].end :]
            if agreeing <= _SMALLEST_PART and missing > agreeing and re.match(r"\s*?\n[ \t]*\r?\n", before_it):
                self._hunks[number:] = [Hunk(hunk.start, length, hunk.given_start, len(self._given))]
                return

    def _take_rest(self) -> None:
        """What stands beyond the part of a long text that was compared."""
        if self._given and self._alone and (rest := self._text[self._given[-1].end :].strip()):
            self._add_after(rest, self._given[-1].end)

    def _add_after(self, rest: str, at: int) -> None:
        if rest and self._alone:
            end = len(self._wording.text)
            start = self._text.find(rest, at)
            self._added.append(Difference("insert", "", rest, end, end, start, start + len(rest)))

    def _stands_apart(self, around: str, rest: str, *, at_end: bool) -> bool:
        """Whether what stands where the wording's end is missing is no new wording of it, but something beside it."""
        if not self._alone:
            return True
        if not rest:
            edge = around.rstrip(" \t") if not at_end else around.lstrip(" \t")
            return bool(re.search(r"\n\s*\n\s*$|[:：–—-]\s*$", around) if not at_end else not edge[:1].isalnum())
        return bool(re.match(r"\s*\n[ \t]*\r?\n", around) if at_end else re.search(r"\n[ \t]*\r?\n\s*$", around))

    def _is_quote_mark(self, hunk: Hunk) -> bool:
        """Whether a run only puts a quotation mark before the last full stop, or at the start of a paragraph."""
        if hunk.start != hunk.end:
            return False
        span = self._given[hunk.given_start].start, self._given[hunk.given_end - 1].end
        mark = self._text[slice(*span)]
        if not _QUOTE_MARK.fullmatch(mark):
            return False
        closes = hunk.start == len(self._canonical) - 1 and self._canonical[-1].is_mark
        opens = bool(re.search(r"\n[ \t]*$", self._text[: span[0]])) and any(
            one.kind == "quotation marks" for one in self._around
        )
        if closes or opens:
            self._around.append(Surrounding("quotation marks", mark))
            self._marks.append(span)
        return closes or opens

    def _is_cut(self, hunk: Hunk) -> bool:
        """Whether a run leaves an end of the wording out, or whole sentences."""
        left = "".join("".join(word.key) for word in self._given[hunk.given_start : hunk.given_end])
        if left and not _ELLIPSIS.fullmatch(left) and not self._is_cut_word(hunk, left):
            return False
        if hunk.start == hunk.end:
            return False
        if hunk.start == 0 or hunk.end == len(self._canonical):
            return True
        spans = sentences(self._wording.text)
        starts, ends = {start for start, _ in spans}, {end for _, end in spans}
        return self._canonical[hunk.start].start in starts and self._canonical[hunk.end - 1].end in ends

    def _has_moved(self, cut: Hunk) -> bool:
        """Whether what is missing in its place was added at an end."""
        keys = [word.key for word in self._canonical[cut.start : cut.end]]
        if len(keys) < _SMALLEST_PART:
            return False
        for one in self._added:
            added = [word.key for word in words(one.given, keys)]
            if any(added[at : at + len(keys)] == keys for at in range(len(added) - len(keys) + 1)):
                return True
        return False

    def _is_cut_word(self, hunk: Hunk, left: str) -> bool:
        """Whether a text ends, or begins, in the middle of a word."""
        if hunk.given_end - hunk.given_start != 1 or hunk.start == hunk.end:
            return False
        if hunk.end == len(self._canonical) and hunk.given_end == self._last:
            return "".join(self._canonical[hunk.start].key).startswith(left)
        return (
            hunk.start == 0 and hunk.given_start == self._first
            and "".join(self._canonical[hunk.end - 1].key).endswith(left)
        )  # fmt: skip

    def _related(self) -> tuple[float, float, bool]:
        """The share of the wording that the text has, how near the two are, and whether that is enough."""
        missing = sum(_weight(self._canonical[hunk.start : hunk.end]) for hunk in self._hunks)
        whole = _weight(self._canonical)
        theirs = _weight(self._given[self._first : self._last])
        matched = whole - missing
        left = sum(hunk.end - hunk.start for hunk in self._hunks)
        # Marks are no words: a text that shares commas shares nothing.
        marks = sum(word.is_mark for word in self._canonical)
        gone = sum(word.is_mark for hunk in self._hunks for word in self._canonical[hunk.start : hunk.end])
        count = len(self._canonical) - left - (marks - gone)
        share = matched / whole if whole else 0.0
        nearness = matched / (whole + theirs - matched) if whole + theirs > matched else 0.0
        of_text = matched / theirs if theirs else 0.0
        is_part = not any(hunk.given_start < hunk.given_end for hunk in self._hunks) and count >= _SMALLEST_PART
        return share, nearness, is_part or share >= _SHARE or (of_text >= _SHARE_OF_TEXT and count >= _FEWEST)

    def _longest_run(self) -> int:
        """The most words of the wording that the text has one after the other."""
        cuts = [(0, 0), *((hunk.start, hunk.end) for hunk in self._hunks), (len(self._canonical),) * 2]
        return max(after[0] - before[1] for before, after in pairwise(cuts))

    def _noted(self, one: Difference) -> Difference:
        """A difference that is a known slip of the document put right, or the reverse, says so."""
        pair = {one.canonical.lower(), one.given.lower()}
        is_slip = any(pair == {wrong.lower(), right.lower()} for wrong, right in self._wording.definition.slips)
        return replace(one, note="known slip") if is_slip else one

    def _formatting(self) -> tuple[str, ...]:
        """What differs in form between the wording and the text, where all words are the same."""
        start, end = self._place()
        mine, theirs = self._wording.text.strip(), self._text[start:end]
        if mine == theirs:
            return ()
        return tuple(name for name, differs in _FORMS.items() if differs(mine, theirs))


def _weight(some: Sequence[Word]) -> float:
    """Words of content count four times as much as others, marks hardly."""
    return sum(0.05 if word.is_mark else 1.0 if len("".join(word.key)) >= 4 else 0.25 for word in some)


def _letters(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isalnum())


def _shapes(text: str, kinds: tuple[str, ...]) -> list[str]:
    return [char for char in text if unicodedata.category(char) in kinds]


def _broken(text: str) -> int:
    return len(re.findall(r"[^\W\d_][-\u00ad\u2010][ \t]*\r?\n", text))


_FORMS: dict[str, Callable[[str, str], bool]] = {
    "letter case": lambda a, b: _letters(a) != _letters(b) and _letters(a).lower() == _letters(b).lower(),
    "hyphens at line ends": lambda a, b: _broken(a) != _broken(b),
    "line breaks": lambda a, b: re.findall(r"\r\n?|\n", a) != re.findall(r"\r\n?|\n", b),
    "white space": lambda a, b: re.findall(r"[^\S\r\n]+", a) != re.findall(r"[^\S\r\n]+", b),
    "quotation marks": lambda a, b: (
        re.findall(r"['\"`´]", a) != re.findall(r"['\"`´]", b) or _shapes(a, ("Pi", "Pf")) != _shapes(b, ("Pi", "Pf"))
    ),
    "hyphens and dashes": lambda a, b: _shapes(a, ("Pd",)) != _shapes(b, ("Pd",)) and _broken(a) == _broken(b),
    "invisible characters": lambda a, b: _shapes(a, ("Cf",)) != _shapes(b, ("Cf",)),
    "ligatures and letter forms": lambda a, b: (
        (unicodedata.normalize("NFKC", a) != a and unicodedata.normalize("NFKC", a) == a.replace("\u00a0", " "))
        or any(0xFB00 <= ord(char) <= 0xFB06 or unicodedata.combining(char) for char in a + b)
    ),
}
