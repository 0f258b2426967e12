"""Whether a message asks what a term of the registry means, however it says so.

The frames of `language.toml` fit a question that is a frame and nothing else. People also lead to it, say what for
they want it, name the term in one sentence and ask in the next. What tells it then is data: `asks_definition` in
`cues.toml`, patterns over English in which {term} stands for terms that the registry knows, {it} for a word that points
to one named before, and {end} for what may follow. A sentence that asks something about a definition (who wrote it,
when it was adopted) asks for none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from assistant.language import plain, whole_word
from assistant.parts import table
from corpus.spans import sentences

# So many names of a message are looked at, the last ones.
_MOST_NAMES = 12
_ARTICLE = r"(?:(?:an?|the|your|our|one|such an?|of|both|either) )*(?:(?:term|word|expression|phrase|name|acronym) )?'?"
_TERM = r"\u27e8\d+\u27e9"
_TIED = (
    rf"(?:'? ?(?:,|;|/|\+|&|and|or|plus|as well as|vs\.?)+ ?(?:the meaning of |the definition of )?{_ARTICLE}{_TERM})*"
)


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The tables compiled."""

    asking: tuple[re.Pattern[str], ...]
    asking_before: re.Pattern[str]
    about: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    raw = table()
    end = rf"(?='?\s*(?:$|[.,?!;:()\u2013\u2014-]|(?:{'|'.join(raw['after_a_term'])})\b))"

    def compiled(pattern: str) -> re.Pattern[str]:
        pattern = pattern.replace("{term}", rf"{_ARTICLE}(?P<terms>{_TERM}{_TIED})'?").replace("{end}", end)
        return re.compile(pattern.replace("{it}", rf"(?P<it>{'|'.join(raw['pointing_back'])})"))

    return _Patterns(
        tuple(map(compiled, raw["asks_definition"])),
        re.compile("|".join(raw["asks_definition_before"])),
        re.compile("|".join(raw["about_definitions"])),
    )


def terms_to_define(message: str, mentioned: Callable[[str], tuple[str, str] | None]) -> list[str]:
    """The terms of which an English message asks what they mean, each once, in order; none where it asks otherwise.

    `mentioned` gives the name of a term that stands in a text, the last one, with the term itself.
    """
    masked, terms = _masked(plain(message), mentioned)
    if not terms:
        return []
    before: list[str] = []
    for start, end in sentences(masked):
        sentence = masked[start:end].strip(" ?!.")
        named = [terms[number] for number in _numbers(sentence)]
        if not asks_about_definitions(sentence) and (found := _asked(sentence, terms, named, before)):
            return list(dict.fromkeys(found))
        before = named or before
    return []


def asks_about_definitions(sentence: str) -> bool:
    """Whether a folded sentence asks something about a definition or its subject that a definition does not tell."""
    return bool(_patterns().about.search(sentence))


def _asked(sentence: str, terms: list[str], named: list[str], before: list[str]) -> list[str]:
    """The terms that one sentence asks the meaning of; `named` are those in it, `before` those of the one before."""
    for pattern in _patterns().asking:
        if match := pattern.search(sentence):
            inside = [terms[number] for number in _numbers(match.groupdict().get("terms") or "")]
            if found := inside or before or named:
                return found
    return named or before if _patterns().asking_before.search(sentence) else []


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\u27e8(\d+)\u27e9", text)]


def _masked(text: str, mentioned: Callable[[str], tuple[str, str] | None]) -> tuple[str, list[str]]:
    """A folded text with each name of a term as a number in brackets, and the terms by number."""
    terms: list[str] = []
    while len(terms) < _MOST_NAMES and (found := mentioned(text)):
        name, term = found
        spots = list(re.finditer(whole_word(name), text))
        if not spots:
            break
        text = f"{text[: spots[-1].start()]}\u27e8{len(terms)}\u27e9{text[spots[-1].end() :]}"
        terms.append(term)
    return text, terms
