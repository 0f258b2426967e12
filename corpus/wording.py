"""Folding: what of a text counts when it is compared, and the form in which texts are searched.

White space, line breaks, soft hyphens, the shapes of quotation marks, dashes and hyphens,
ligatures, Unicode normal forms and letter case do not count. Every letter, digit and punctuation
mark that can change the meaning does. A folded text carries a map back to the offsets of the text
it was made from, so that what is quoted is always taken from the original.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_QUOTES = dict.fromkeys('‘’‚‛′`´“”„‟″«»‹›"「」『』〝〞＂＇', "'")
_DASHES = dict.fromkeys("‐‑‒–—―−﹘﹣－⁃", "-")
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_INVISIBLE = dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
_SHAPES = {**_QUOTES, **_DASHES, **_LIGATURES, **_INVISIBLE}
# A hyphen between letters at a line's end, the break of a page included.
_BROKEN = re.compile(r"([^\W\d_])[-\u00ad\u2010][ \t]*\r?\n(?:[ \t]*\f[ \t]*\r?\n)?[ \t]*(?=([^\W\d_]))")
# What most other characters of an English text become; what is invisible leaves blanks that count.
_ASCII_SHAPES = {ord(char): shape for char, shape in {**_QUOTES, **_DASHES, **_LIGATURES}.items()}
_ASCII_SHAPES |= dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u202f"), " ")
# Marks of other scripts carry vowels or voicing and belong to the word: "が" is not "か".
_ACCENTS = dict.fromkeys(range(0x300, 0x370))
_SPACES = re.compile(r"\s+")
# A character with the combining marks that follow it: normal forms are compared by cluster. A soft hyphen at a line's
# end takes the line break with it.
_CLUSTER = re.compile(
    r"\u00ad[ \t]*\r?\n[ \t]*|\s+|.[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f]*", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. `text[i]` was made from `original[starts[i]:ends[i]]`."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def find(self, needle: str, at: int = 0) -> tuple[int, int] | None:
        """The span in the original of the first occurrence of the folded `needle`."""
        found = self.text.find(needle, at)
        if found < 0 or not needle:
            return None
        return self.starts[found], self.ends[found + len(needle) - 1]


def fold(text: str) -> Folded:
    """The form in which two texts are compared, with the way back.

    >>> fold("An “Area of\\u00a0\\n Innovation”").text
    "an 'area of innovation'"
    """
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _CLUSTER.finditer(text):
        piece = _fold_cluster(match.group())
        pieces.append(piece)
        starts.extend([match.start()] * len(piece))
        ends.extend([match.end()] * len(piece))
    return Folded("".join(pieces), tuple(starts), tuple(ends))


def folded(text: str) -> str:
    """`fold(text).text` without leading and trailing white space, for names and questions."""
    shaped = text.translate(_ASCII_SHAPES)
    # Most of English needs no normal form and no map back.
    return _SPACES.sub(" ", shaped.lower()).strip() if shaped.isascii() else fold(text).text.strip()


def without_accents(text: str) -> str:
    """Letters without their accents, for search only: "é" and "e" are different in a wording.

    >>> without_accents("Définição")
    'Definicao'
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).translate(_ACCENTS))


def search_form(text: str) -> str:
    """A text with the words joined that a hyphen breaks at the end of a line or page; for search only.

    Only a small letter goes on with a word: "Anglo-\\nSaxon" and "2010-\\n2012" stay as they are. A
    compound that happens to be broken at its own hyphen is joined too.

    >>> search_form("incu-\\nbation of spin-\\n  offs, 2010-\\n2012")
    'incubation of spinoffs, 2010-\\n2012'
    """
    return _BROKEN.sub(lambda broken: broken[1] if broken[2].islower() else broken[0], text)


def _fold_cluster(cluster: str) -> str:
    if cluster.isspace():
        return " "
    if cluster[0] == "\u00ad":
        return ""
    shaped = "".join(_SHAPES.get(char, char) for char in unicodedata.normalize("NFC", cluster))
    # Case folding can decompose ("İ"), so the normal form is taken again.
    return unicodedata.normalize("NFC", shaped.casefold())
