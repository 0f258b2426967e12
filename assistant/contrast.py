"""What only one of two quoted texts mentions, in its own words."""

from __future__ import annotations

import re

from assistant.language import plain, tables
from corpus.spans import sentences
from index.words import terms

_MOST = 3
_LONGEST = 6
_PHRASE_ENDS = re.compile(r"[,;:()“”\"]|\s[-–—]\s|\.(?=\s|$)")
_WORD = re.compile(r"[^\W_]+(?:[-'’&][^\W_]+)*")


def only_in(text: str, other: str, language: str) -> list[str]:
    """The phrases of a text of which no word of content stands in another text, in any form; the fullest first three,
    in the order of the text.

    >>> only_in("Hubs lend tools and sell seeds.", "Hubs sell seeds.", "en")
    ['lend tools']
    """
    known = set(terms(other, language))
    function = tables()[language].function if language in tables() else frozenset()
    found: list[tuple[int, int, str]] = []
    for start, end in sentences(text):
        for phrase in _PHRASE_ENDS.split(text[start:end]):
            found += [(count, len(found), words) for count, words in _runs(phrase, known, function, language)]
    best = sorted(found, key=lambda one: (-one[0], one[1]))[:_MOST]
    return [words for _, _, words in sorted(best, key=lambda one: one[1])]


def _runs(phrase: str, known: set[str], function: frozenset[str], language: str) -> list[tuple[int, str]]:
    """The runs of a phrase that begin and end with a word of content of its own, with how many of these they have."""
    found: list[tuple[int, str]] = []
    run: list[re.Match[str]] = []
    own: list[re.Match[str]] = []
    for word in [*_WORD.finditer(phrase), None]:
        shared = word is None or bool(known & set(terms(word.group(), language)))
        if word is not None and not shared:
            run.append(word)
            if plain(word.group()) not in function:
                own.append(word)
        if shared or len(run) == _LONGEST:
            if own:
                found.append((len(own), phrase[own[0].start() : own[-1].end()]))
            run, own = [], []
    return found
