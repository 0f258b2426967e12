"""Text to the terms that are searched and compared: words, numbers, "§", CJK pairs, stems."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Protocol

import Stemmer

from corpus.wording import folded, search_form, without_accents

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TERM = re.compile(rf"[{_CJK}]+|§+|(?:(?![{_CJK}_])\w)+(?:[.,]\d+)*")
_SHORT = 1000
_CJK_RUN = re.compile(rf"[{_CJK}]+")
_STEMMERS = {
    "ar": "arabic", "de": "german", "en": "english", "es": "spanish", "fr": "french", "it": "italian",
    "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ru": "russian", "sv": "swedish",
}  # fmt: skip


class _StemsWords(Protocol):
    def stemWord(self, word: str, /) -> str: ...  # noqa: N802 - the library's name


def words(text: str) -> list[str]:
    """The words of a text in order, folded, accents taken off, hyphenated words in their parts,
    words broken at a line's end joined.

    >>> words("R&D in Évora: § 5, 3.5 %, e.V.")
    ['r', 'd', 'in', 'evora', '§', '5', '3.5', 'e', 'v']
    """
    return _TERM.findall(without_accents(folded(search_form(text))))


def terms(text: str, language: str = "en") -> list[str]:
    """The index terms of a text: stems of its words; pairs of characters where words have no spaces.

    >>> terms("Innovative parks")
    ['innov', 'park']
    """
    return list(_known_terms(text, language) if len(text) <= _SHORT else _terms_in(text, language))


def _terms_in(text: str, language: str) -> tuple[str, ...]:
    return tuple(term for word in words(text) for term in _terms_of(word, language))


# Words of questions and sentences of documents are asked for again and again.
_known_terms = lru_cache(maxsize=32_768)(_terms_in)


def stem(word: str, language: str = "en") -> str:
    """The stem of a folded word; the word itself in a language without a stemmer."""
    stemmer = _stemmer(language)
    return stemmer.stemWord(word) if stemmer else word


def _terms_of(word: str, language: str) -> list[str]:
    if _CJK_RUN.fullmatch(word):
        return [word[at : at + 2] for at in range(max(1, len(word) - 1))]
    return [stem(word, language)]


@cache
def _stemmer(language: str) -> _StemsWords | None:
    name = _STEMMERS.get(language)
    return Stemmer.Stemmer(name) if name else None
