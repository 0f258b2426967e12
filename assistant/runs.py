"""Text as runs, each in a font that shows it: what a page without a shaping engine can set, and what it cannot."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby, islice
from unicodedata import bidirectional, category
from unicodedata import name as unicode_name

NEW_LINE = re.compile(r"\r\n|\r|\n")
# Of the many blanks that there are, fonts have few.
_BLANK = re.compile(r"[^\S\n\r\u00a0\u202f]")
# The fonts that readers of PDF bring along for these languages, each with the encoding that says what is in it.
_EASTERN = {
    "zh": ("STSong-Light", "gbk"), "zh-TW": ("MSung-Light", "cp950"),
    "ja": ("HeiseiMin-W3", "cp932"), "ko": ("HYSMyeongJo-Medium", "cp949"),
}  # fmt: skip
LENT = tuple(font for font, _ in _EASTERN.values())
"""The fonts that are the reader's program's, not the file's."""
# Scripts whose letters change form or place with their neighbours, or run to the left.
_SHAPED = {
    "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA",
    "ARABIC", "HEBREW", "SYRIAC", "THAANA", "NKO", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER", "MONGOLIAN",
    "BALINESE", "JAVANESE",
}  # fmt: skip
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_LAST_DRAWN = 0xFFFF
"""Beyond it reportlab 5.1 writes a table of characters that no reader understands."""


@dataclass(frozen=True, slots=True)
class Script:
    """In place of a font: what a letter is written in that no font here shows."""

    name: str


Run = tuple[str | Script, str]


def runs(text: str, face: str, language: str, held: Mapping[str, Container[int]]) -> list[Run]:
    """A text in runs, each with its font: `face` where that has the letters, else the first that has them.

    `held` has the code points of the fonts, in order of preference; `language` decides between the forms of
    Chinese signs. What no font shows comes with its script. The runs join to the text, up to the kind of its blanks.
    """
    text = _BLANK.sub(" ", text)
    order = (_eastern_language(text, language), *_EASTERN)
    pairs = groupby(text, lambda one: face if one.isspace() else _font_of(one, (face, *held), order, held))
    return _joined((font, "".join(some)) for font, some in pairs)


def _font_of(
    character: str, fonts: Iterable[str], languages: Iterable[str], held: Mapping[str, Container[int]]
) -> str | Script:
    if not _is_drawn(character):
        return _script(character)
    if found := next((name for name in fonts if ord(character) in held[name]), None):
        return found
    lent = (_EASTERN[one] for one in languages)
    return next((name for name, encoding in lent if character.encode(encoding, "ignore")), _script(character))


@cache
def _is_drawn(character: str) -> bool:
    """Whether a letter is shown as it is written when it is put beside its neighbours as it stands."""
    if ord(character) > _LAST_DRAWN or bidirectional(character) in _RIGHT_TO_LEFT or category(character) == "Cc":
        return False
    return _named(character) not in _SHAPED


def _eastern_language(text: str, language: str) -> str:
    """The language whose font sets the Chinese signs of a text: Japanese and Korean have letters of their own."""
    if re.search("[\u3040-\u30ff]", text):
        return "ja"
    if re.search("[\uac00-\ud7a3]", text):
        return "ko"
    return language if language in _EASTERN else "zh"


@cache
def _script(character: str) -> Script:
    """A letter's script in a word; a sign that no script has is named by its number.

    >>> _script("\u05d0"), _script("\U0001f600")
    (Script(name='Hebrew'), Script(name='U+1F600'))
    """
    name = _named(character)
    return Script(name.capitalize() if name in _SHAPED or character.isalpha() else f"U+{ord(character):04X}")


def _named(character: str) -> str:
    return re.split("[ -]", unicode_name(character, ""))[0]


def _joined(found: Iterable[Run]) -> list[Run]:
    """Runs with words that cannot be shown put together with the blanks between them."""
    joined: list[Run] = []
    for font, text in found:
        if isinstance(font, Script) and len(joined) > 1 and joined[-2][0] == font and joined[-1][1].isspace():
            blanks, before = joined.pop()[1], joined.pop()[1]
            text = before + blanks + text
        joined.append((font, text))
    return joined


def parts_of(text: str, longest: int, lines: int) -> list[str]:
    """A text cut at the ends of lines, or of words, or anywhere, into parts of so many characters and lines at most.

    >>> parts_of("one two\\nthree four", 9, 40)
    ['one two', 'three', ' four']
    """
    parts = []
    rest = "\n".join(NEW_LINE.split(text))
    while len(rest) > longest or rest.count("\n") > lines:
        end = min(longest, _line_end(rest, lines))
        cut = max(rest.rfind("\n", 1, end + 1), 0) or max(rest.rfind(" ", 1, end), 0) or end
        parts.append(rest[:cut])
        rest = rest[cut:].removeprefix("\n")
    return [*parts, rest]


def _line_end(text: str, number: int) -> int:
    """Where the line of a number, from 1, ends."""
    ends = (found.start() for found in re.finditer("\n", text))
    return next(islice(ends, number - 1, None), len(text))
