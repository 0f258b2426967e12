"""A translation of verified sentences for a reader of another language, shown below them as unofficial.

    sentences → model → numbered lines → checked, one by one → below the sentences, under a label

It is never evidence: an answer's `sentences` stay the ones that were verified. A translation is dropped where a
number, date, name or acronym is not exactly that of its sentence, and where a "not" was lost or gained. What is written
in words is compared in English, by the word lists of `lexicon/`; where there is none for a language, nothing is
translated.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.expected import is_nameless, months
from assistant.language import detect, listed_words, pattern, plain, tables, whole_word
from assistant.messages import messages
from assistant.translate import ENGLISH, into_english, lexicon, understood
from assistant.types import Answer
from assistant.verify.tokens import tables as checked_words
from index.words import words

_LINE = re.compile(r"^\W*(\d{1,2})[.:)、]\s*(\S.*)$", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:[.,٫٬'’\u00a0\u202f]\d+)*|(?<!\d)\d{1,3}(?: \d{3})+(?!\d)")
_WORD = re.compile(r"[^\W\d_][\w'’&-]*")
_ACRONYM = re.compile(r"(?<!\w)(?=(?:\w*[A-Z]){2})[A-Z][A-Za-z0-9&.-]*(?<![.-])")
# "10月" is a month and no number.
_MONTH = re.compile(r"(\d{1,2})\s*[月월]")
# What no sentence needs, and what would lead or look like something else on a page.
_FOREIGN_MARKS = re.compile(r"[\[\]<>{}|`]|://|www\.")
_COMMA_IS_DECIMAL = frozenset(("de", "es", "fr", "it", "pt", "ru"))
# Languages that join words to one.
_JOINED = frozenset(("ja", "ko", "zh"))
_LONGEST = 4
_SPARE = 60


def is_possible(source: str, language: str) -> bool:
    """Whether a translation between two languages can be checked."""
    return all(one == ENGLISH or lexicon(one) is not None for one in (source, language))


def lines(reply: str, count: int) -> dict[int, str]:
    """The translations of a reply by the numbers of their sentences, from 1; a number that comes twice has none."""
    found = [(int(number), " ".join(text.split())) for number, text in _LINE.findall(reply)]
    once = Counter(number for number, _ in found)
    return {number: text for number, text in found if once[number] == 1 and 1 <= number <= count}


def reason_against(translation: str, sentence: str, source: str, language: str) -> str | None:
    """Why a translation of a sentence of the language `source` is not shown; None where it may be.

    >>> reason_against("La cuota es de 45 euros.", "The fee is 40 euros.", "en", "es")
    'its numbers are others'
    """
    if len(translation) > _LONGEST * len(sentence) + _SPARE:
        return "it is much longer"
    if {mark.lower() for mark in _FOREIGN_MARKS.findall(translation)} - set(_FOREIGN_MARKS.findall(sentence.lower())):
        return "it has marks that are none of a sentence"
    if language in tables() and detect(translation) != language:
        return "it is in another language"
    if _numbers(translation, language) != _numbers(sentence, source):
        return "its numbers are others"
    if _months(translation) != _months(sentence):
        return "its dates are others"
    if Counter(_ACRONYM.findall(translation)) != Counter(_ACRONYM.findall(sentence)):
        return "its acronyms are others"
    if not _has_names(translation, language, sentence, source) or not _has_names(
        sentence, source, translation, language
    ):
        return "its names are others"
    if _denies(translation, language) != _denies(sentence, source):
        return "one says no where the other does not"
    return None


def translated(answer: Answer, shown: Mapping[int, str]) -> Answer:
    """An answer with the translations of its sentences below them; `shown` has them by their number from 1."""
    if not shown:
        return answer
    told = [
        f"{shown[number]} {''.join(f'[{citation}]' for citation in sentence.citations)}"
        for number, sentence in enumerate(answer.sentences, 1)
        if number in shown
    ]
    label = messages(answer.language)["model"]["unofficial"]
    return replace(answer, text="\n\n".join([answer.text, label, *told]))


def _english(text: str, language: str) -> str:
    return text if language == ENGLISH else into_english(text, language, {}) or ""


def _numbers(text: str, language: str) -> Counter[str]:
    """The numbers of a text, in digits or in words; "one" is left out, which in most languages is an article too."""
    digits = "".join(str(unicodedata.digit(one)) if one.isdigit() and not one.isascii() else one for one in text)
    found = Counter(_value(number, language) for number in _NUMBER.findall(_MONTH.sub(" ", digits)))
    known = checked_words().numbers
    in_words = words(_english(_NUMBER.sub(" ", digits), language))
    found.update(str(known[word]) for word in in_words if known.get(word, 1) != 1)
    return found


def _value(number: str, language: str) -> str:
    """A number as it is written in English, without marks between the thousands.

    >>> _value("1.234,5", "de"), _value("1,234.5", "en"), _value("3.5", "es")
    ('1234.5', '1234.5', '3.5')
    """
    point = "," if language in _COMMA_IS_DECIMAL else "."
    parts = re.split(r"([^\d])", number.replace("٫", point))
    if len(parts) > 3 and len(set(parts[1::2])) == 1 and any(len(part) != 3 for part in parts[2::2]):
        # A date in figures, a version, an address: its marks are a part of it.
        return number
    value = parts[0]
    for place, (mark, digits) in enumerate(zip(parts[1::2], parts[2::2], strict=True), 1):
        is_last = place == len(parts) // 2
        decimal = is_last and (mark == point or (mark in ".," and len(digits) != 3))
        value += f".{digits}" if decimal else digits
    return value


def _denies(text: str, language: str) -> bool:
    """Whether a sentence denies something, by the words of its language for it; prefixes count for nothing."""
    phrases, said = tables()[language], plain(text)
    for phrase in phrases.no_denials:
        said = _as_written(phrase, language).sub(" ", said)
    return any(_as_written(word, language).search(said) for word in phrases.denials)


def _as_written(phrase: str, language: str) -> re.Pattern[str]:
    return pattern(re.escape(phrase) if language in _JOINED else whole_word(phrase))


def _months(text: str) -> set[int]:
    return months(text) | {int(number) for number in _MONTH.findall(text)}


def _has_names(text: str, language: str, other: str, other_language: str) -> bool:
    """Whether every name of a text stands in the other one, as it is or by what it is called in English."""
    held = {plain(word) for word in _WORD.findall(other)}
    in_english = {*words(_english(other, other_language)), *words(other)}
    for name in _names(text, language):
        if plain(name) in held:
            continue
        called = words(_english(name.lower(), language)) if _is_known(name, language) else []
        if not called or not set(called) <= in_english:
            return False
    return True


def _names(text: str, language: str) -> list[str]:
    """The words with a capital that are no common word at the beginning, and words of another script."""
    found = []
    latin = sum(one.isascii() and one.isalpha() for one in text) * 2 > sum(one.isalpha() for one in text)
    for match in _WORD.finditer(text):
        word = match[0]
        if not latin and word[0].isascii():
            found.append(word)
            continue
        if not word[0].isupper() or is_nameless(word):
            continue
        before = text[: match.start()].rstrip(" \"'“”‘’«»¿¡(")
        is_first = not before or before[-1] in ".!?:…"
        if (is_first or language == "de") and _is_known(word, language):
            continue
        found.append(word)
    return found


def _is_known(word: str, language: str) -> bool:
    """Whether a word is one of a language's list, in any form."""
    low = plain(word)
    if language in tables() and low in tables()[language].function:
        return True
    if language == ENGLISH:
        return low in listed_words(ENGLISH) or low.removesuffix("s") in listed_words(ENGLISH)
    return understood(low, language) == 1.0


def sentences_to_translate(answer: Answer) -> Sequence[str]:
    """The verified sentences of an answer, each in one line."""
    return [" ".join(sentence.text.split()) for sentence in answer.sentences]
