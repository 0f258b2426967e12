"""The one meaning of "the same words", and exactly which words of two texts are not the same.

White space, line breaks, soft hyphens, the shapes of quotation marks, dashes and hyphens, ligatures,
Unicode normal forms, letter case and hyphens at line ends do not count. Every letter, digit and
punctuation mark does.

A word is what stands between blanks, without the punctuation around it; a punctuation mark is a
word of its own. Two words are the same where their folded forms are (`corpus.wording`). The
alignment is the cheapest one with affine gaps (Gotoh, 1982, "An improved algorithm for matching
biological sequences"), so that a clause that is left out is one difference and not ten.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from corpus.wording import Folded, fold

Operation = Literal["replace", "insert", "delete"]
Key = tuple[str, ...]

_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_ATOM = re.compile(rf"\d+(?:[.,]\d+)+|[{_UNSPACED}]|[^\W_{_UNSPACED}]+|\S")
_TIES = frozenset("-'./&@:")
_LINE_END = re.compile(r"[ \t\u00a0]*\r?\n\s*")
# Footnote marks.
_RAISED = "¹²³⁰⁴⁵⁶⁷⁸⁹"
# An em dash between two words is punctuation; the shorter ones are used for hyphens.
_LONG_DASHES = "—―"
_STOPS = frozenset(((".",), ("!",), ("?",), (":",), ("。",)))
# What the alignment pays: for another word, for one much like it, for opening a gap, for a word in it.
_OTHER, _LIKE, _OPEN, _WORD = 1.6, 1.2, 0.6, 1.0
# So many words in a row do not agree by chance, nor does this share of the words that differ around them; marks
# alone do, where so many words are missing.
_CHANCE, _BY_CHANCE, _MUCH = 3, 0.25, 5
_VARIANTS = Path(__file__).with_name("spelling.toml")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a punctuation mark of a text: `text[start:end]`.

    `key` is what is compared: the folded letters, digits and marks.
    """

    key: Key
    start: int
    end: int

    @property
    def is_mark(self) -> bool:
        """Whether it holds no letter and no digit."""
        return not any(char.isalnum() for part in self.key for char in part)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a given text has instead of the words `canonical[start:end]`, where they end for an insertion.

    `given_start` and `given_end` are the place in the given text; `note` says in a word what kind of
    difference it is where that helps ("spelling", "known slip").
    """

    operation: Operation
    canonical: str
    given: str
    start: int
    end: int
    given_start: int
    given_end: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of words that differ: `canonical[start:end]` against `given[given_start:given_end]`, in words."""

    start: int
    end: int
    given_start: int
    given_end: int

    def reversed(self) -> Hunk:
        """The same run counted from the other end, below zero."""
        return Hunk(-self.end, -self.start, -self.given_end, -self.given_start)


def same_words(left: str, right: str) -> bool:
    """Whether two texts differ in nothing that counts.

    >>> same_words("value-added serv-\\nices", "Value–added  services"), same_words("5%", "6%")
    (True, False)
    """
    ours = words(left)
    theirs = words(right, {word.key for word in ours})
    if any(len(word.key) > 1 for word in theirs):
        # A hyphen at a line's end of ours may be one of theirs.
        ours = words(left, {word.key for word in theirs})
    return [part for word in ours for part in word.key] == [part for word in theirs for part in word.key]


def words(text: str, known: Collection[Key] = ()) -> list[Word]:
    """The words of a text in order.

    A word broken by a hyphen at a line's end is joined; where the one with its hyphen is among the
    `known` words and the one without is not, the hyphen stays.

    >>> [text[word.start:word.end] for text in ["(spin-offs, R&D)"] for word in words(text)]
    ['(', 'spin-offs', ',', 'R&D', ')']
    """
    folded = fold(text)
    atoms = list(_ATOM.finditer(folded.text))
    found: list[Word] = []
    at = 0
    while at < len(atoms):
        stop = _end_of_word(text, folded, atoms, at)
        key = _key(atoms[at:stop], known)
        found.append(Word(key, folded.starts[atoms[at].start()], folded.ends[atoms[stop - 1].end() - 1]))
        at = stop
    return found


def hunks(canonical: Sequence[Word], given: Sequence[Word]) -> list[Hunk]:
    """Where the words of two texts differ, in order, by the cheapest alignment."""
    before = _agreeing(canonical, given)
    after = _agreeing(canonical[before:][::-1], given[before:][::-1])
    left, right = canonical[before : len(canonical) - after], given[before : len(given) - after]
    found = _align([word.key for word in left], [word.key for word in right])
    shifted = [Hunk(h.start + before, h.end + before, h.given_start + before, h.given_end + before) for h in found]
    whole = _ends_together(_together(shifted), canonical)
    return [_slid(canonical, given, hunk) for hunk in whole if not _same(canonical, given, hunk)]


def difference(
    canonical_text: str, canonical: Sequence[Word], text: str, given: Sequence[Word], hunk: Hunk
) -> Difference:
    """A run of words that differ, as text."""
    start, end = _place(canonical, hunk.start, hunk.end, len(canonical_text))
    given_start, given_end = _place(given, hunk.given_start, hunk.given_end, len(text))
    operation: Operation = "insert" if start == end else "delete" if given_start == given_end else "replace"
    left, right = canonical_text[start:end], text[given_start:given_end]
    note = "spelling" if operation == "replace" and same_but_for_spelling(left, right) else None
    return Difference(operation, left, right, start, end, given_start, given_end, note)


def differences(canonical: str, given: str) -> list[Difference]:
    """What a given text has instead of a canonical one, word by word; nothing where they are the same words.

    >>> [(d.operation, d.canonical, d.given) for d in differences("It is not so.", "It is so, now.")]
    [('delete', 'not', ''), ('insert', '', ', now')]
    """
    left = words(canonical)
    right = words(given, {word.key for word in left})
    return [difference(canonical, left, given, right, hunk) for hunk in hunks(left, right)]


def applied(canonical: str, changes: Sequence[Difference]) -> str:
    """A canonical text with differences put into it: the given text, but for what does not count.

    >>> applied("It is not so.", differences("It is not so.", "It is so, now."))
    'It is  so , now .'
    """
    text = canonical
    for change in sorted(changes, key=lambda one: -one.start):
        given = f" {change.given} " if change.operation == "insert" else change.given
        text = text[: change.start] + given + text[change.end :]
    return text


def same_but_for_spelling(left: str, right: str) -> bool:
    """Whether two words, or runs of words, are British and American spellings of the same.

    >>> same_but_for_spelling("specialised", "Specialized"), same_but_for_spelling("wise", "size")
    (True, False)
    """
    ours, theirs = left.lower().split(), right.lower().split()
    return (
        len(ours) == len(theirs)
        and ours != theirs
        and all(one == other or _american(one) == _american(other) for one, other in zip(ours, theirs, strict=True))
    )


def _end_of_word(text: str, folded: Folded, atoms: Sequence[re.Match[str]], at: int) -> int:
    """The index after the last atom of the word that begins with one."""
    stop = at + 1
    if not _is_wordly(atoms[at].group()):
        return stop
    while stop + 1 < len(atoms):
        tie, after = atoms[stop], atoms[stop + 1]
        if (
            tie.group() not in _TIES
            or not _is_wordly(after.group())
            or after.group()[0] in _RAISED
            or tie.start() != atoms[stop - 1].end()
        ):
            break
        if text[folded.starts[tie.start()] : folded.ends[tie.end() - 1]] in _LONG_DASHES:
            break
        if after.start() != tie.end() and not _breaks(text, folded, atoms[stop - 1], tie, after):
            break
        stop += 2
    return stop


def _is_wordly(atom: str) -> bool:
    return (atom[0].isalnum()) and not re.match(rf"[{_UNSPACED}]", atom)


def _breaks(text: str, folded: Folded, before: re.Match[str], tie: re.Match[str], after: re.Match[str]) -> bool:
    """Whether a hyphen ends a line within a word, which goes on with a small letter or in capitals as it began."""
    if tie.group() != "-" or not before.group()[-1].isalpha() or not after.group()[0].isalpha():
        return False
    gap = text[folded.ends[tie.end() - 1] : folded.starts[after.start()]]
    first, last = text[folded.starts[after.start()]], text[folded.ends[before.end() - 1] - 1]
    return bool(_LINE_END.fullmatch(gap)) and (not first.isupper() or last.isupper())


def _key(atoms: Sequence[re.Match[str]], known: Collection[Key]) -> Key:
    whole = tuple(atom.group() for atom in atoms)
    broken = {
        number
        for number in range(1, len(atoms) - 1)
        if atoms[number].group() == "-" and atoms[number + 1].start() != atoms[number].end()
    }
    if not broken:
        return whole
    joined: list[str] = []
    for number, atom in enumerate(atoms):
        if number in broken:
            continue
        if number - 1 in broken:
            joined[-1] += atom.group()
        else:
            joined.append(atom.group())
    return whole if whole in known and tuple(joined) not in known else tuple(joined)


def _agreeing(left: Sequence[Word], right: Sequence[Word]) -> int:
    """How many words two sequences have in common at their start."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one.key != other.key:
            break
        count += 1
    return count


def _place(of: Sequence[Word], start: int, end: int, length: int) -> tuple[int, int]:
    """The span in the text of a run of words; of no word, the place before the next one."""
    if start < end:
        return of[start].start, of[end - 1].end
    at = of[start].start if start < len(of) else length
    return at, at


def _same(canonical: Sequence[Word], given: Sequence[Word], hunk: Hunk) -> bool:
    """Whether a run differs in nothing but where its blanks are: "a - b" and "a—b"."""
    left = [part for word in canonical[hunk.start : hunk.end] for part in word.key]
    right = [part for word in given[hunk.given_start : hunk.given_end] for part in word.key]
    return left == right


def _slid(canonical: Sequence[Word], given: Sequence[Word], hunk: Hunk) -> Hunk:
    """A run that was left out or put in, where it may as well lie some words away, as a reader would see it.

    "Park [news. Park] opens" is read as "[Park news.] Park opens": from the text's start, to its end,
    or else from the start of a sentence.
    """
    deletes = hunk.given_start == hunk.given_end
    if not deletes and hunk.start != hunk.end:
        return hunk
    side = canonical if deletes else given
    first, last = (hunk.start, hunk.end) if deletes else (hunk.given_start, hunk.given_end)
    lowest, highest = 0, 0
    while first + lowest > 0 and side[first + lowest - 1].key == side[last + lowest - 1].key:
        lowest -= 1
    while last + highest < len(side) and side[first + highest].key == side[last + highest].key:
        highest += 1
    by = max(range(lowest, highest + 1), key=lambda step: (_reads_well(side, first + step, last + step), -abs(step)))
    return Hunk(hunk.start + by, hunk.end + by, hunk.given_start + by, hunk.given_end + by)


def _reads_well(side: Sequence[Word], first: int, last: int) -> int:
    if first == 0 or last == len(side):
        return 3
    if side[first - 1].key in _STOPS:
        return 2
    return 0 if side[first].is_mark else 1


def _together(found: Sequence[Hunk]) -> list[Hunk]:
    """Runs that only a few words lie between are one: what was written anew is read as a whole."""
    kept: list[Hunk] = []
    for hunk in found:
        if kept and hunk.start - kept[-1].end < min(_size(kept[-1]), _size(hunk)):
            last = kept.pop()
            kept.append(Hunk(last.start, hunk.end, last.given_start, hunk.given_end))
        else:
            kept.append(hunk)
    return kept


def _ends_together(found: list[Hunk], canonical: Sequence[Word]) -> list[Hunk]:
    """Where an end is missing, the few words that happen to agree within other words are no part of it."""
    if len(found) > 1 and found[-1].end == len(canonical):
        found = [one.reversed() for one in _first_together([one.reversed() for one in found[::-1]], canonical)][::-1]
    return _first_together(found, canonical) if len(found) > 1 and found[0].start == 0 else found


def _first_together(found: list[Hunk], canonical: Sequence[Word]) -> list[Hunk]:
    """The first runs as one, as far as what lies between them agrees by chance."""
    whole, taken = found[0], 0
    left, right = _lengths(found[0])
    between: list[Word] = []
    for number, hunk in enumerate(found[1:], 1):
        # Runs that were turned around count from the other end.
        gap = sorted((abs(whole.end), abs(hunk.start)))
        whole = Hunk(whole.start, hunk.end, whole.given_start, hunk.given_end)
        if gap[1] - gap[0] >= _CHANCE:
            break
        between += canonical[slice(*gap)]
        left, right = left + _lengths(hunk)[0], right + _lengths(hunk)[1]
        marks_only = all(word.is_mark for word in between) and left >= _MUCH
        if marks_only or len(between) < _BY_CHANCE * min(left, right):
            taken = number
    if not taken:
        return found
    last = found[taken]
    return [Hunk(found[0].start, last.end, found[0].given_start, last.given_end), *found[taken + 1 :]]


def _lengths(hunk: Hunk) -> tuple[int, int]:
    return hunk.end - hunk.start, hunk.given_end - hunk.given_start


def _size(hunk: Hunk) -> int:
    return min(hunk.end - hunk.start, hunk.given_end - hunk.given_start)


def _align(left: Sequence[Key], right: Sequence[Key]) -> list[Hunk]:
    """The runs that differ in the cheapest alignment of two sequences (Gotoh's three states)."""
    if not left or not right:
        return [Hunk(0, len(left), 0, len(right))] if left or right else []
    far = float("inf")
    width = len(right) + 1
    gap = [0.0, *(_OPEN + _WORD * at for at in range(1, width))]
    # Three costs for each place: ending in a pair, in a word left out, in a word put in.
    pair, out, put = [0.0] + [far] * (width - 1), [far] * width, [far, *gap[1:]]
    steps: list[list[tuple[int, int, int]]] = [[(0, 0, 2)] * width]
    for row, mine in enumerate(left, 1):
        above_pair, above_out, above_put = pair, out, put
        pair, out, put = [far] * width, [_OPEN + _WORD * row] + [far] * (width - 1), [far] * width
        step = [(0, 1, 0)] * width
        for column in range(1, width):
            before = (above_pair[column - 1], above_out[column - 1], above_put[column - 1])
            best = min(before)
            pair[column] = best + _cost(mine, right[column - 1])
            opened, extended = min(above_pair[column], above_put[column]) + _OPEN, above_out[column]
            out[column] = min(opened, extended) + _WORD
            left_opened, left_extended = min(pair[column - 1], out[column - 1]) + _OPEN, put[column - 1]
            put[column] = min(left_opened, left_extended) + _WORD
            step[column] = (
                before.index(best),
                1 if extended <= opened else (0 if above_pair[column] <= above_put[column] else 2),
                2 if left_extended <= left_opened else (0 if pair[column - 1] <= out[column - 1] else 1),
            )
        steps.append(step)
    ends = (pair[-1], out[-1], put[-1])
    return _traced(left, right, steps, ends.index(min(ends)))


def _cost(mine: Key, theirs: Key) -> float:
    if mine == theirs:
        return 0.0
    one, other = "".join(mine), "".join(theirs)
    return _LIKE if one[:3] == other[:3] and len(one) > 3 else _OTHER


def _traced(
    left: Sequence[Key], right: Sequence[Key], steps: Sequence[Sequence[tuple[int, int, int]]], state: int
) -> list[Hunk]:
    """The runs that differ, from the steps that an alignment was made by."""
    row, column = len(left), len(right)
    found: list[Hunk] = []
    end: tuple[int, int] | None = None
    while row or column:
        here = (row, column)
        back = steps[row][column][state] if row and column else (1 if row else 2)
        if state == 0 and row and column and left[row - 1] == right[column - 1]:
            if end is not None:
                found.append(Hunk(row, end[0], column, end[1]))
                end = None
        elif end is None:
            end = here
        if not row or not column:
            state = 1 if row else 2
        row, column = row - (state != 2), column - (state != 1)
        state = back
    if end is not None:
        found.append(Hunk(0, end[0], 0, end[1]))
    return found[::-1]


@cache
def _variants() -> tuple[dict[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    table = tomllib.loads(_VARIANTS.read_text(encoding="utf-8"))
    endings = tuple((re.compile(british), american) for british, american in table["endings"])
    return dict(table["words"]), endings


def _american(word: str) -> str:
    """A word as it is spelt in American English."""
    listed, endings = _variants()
    word = listed.get(word, word)
    for british, american in endings:
        word = british.sub(american, word)
    return word
