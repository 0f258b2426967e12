"""The tables of `language.toml`: how questions are put in each language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from corpus.wording import folded, without_accents

_TABLES = Path(__file__).with_name("language.toml")
_EDGES = " \t\n?!.…,;:\"'¿¡。？！、，؟«»()[]*_"
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
"""Characters of the scripts that are written without spaces between words."""

# Scripts that one language of the tables uses alone, in the order in which they decide.
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)


@dataclass(frozen=True, slots=True)
class Phrases:
    """The tables of one language. Frames hold `{term}` and may hold `{body}`."""

    definition: tuple[str, ...]
    mention: tuple[str, ...]
    meaning: tuple[str, ...]
    expansion: tuple[str, ...]
    openers: tuple[str, ...]
    closers: tuple[str, ...]
    articles: tuple[str, ...]
    definite: frozenset[str]
    possessives: frozenset[str]
    pronouns: frozenset[str]
    conjunctions: tuple[str, ...]
    continues: tuple[str, ...]
    interrogatives: frozenset[str]
    function: frozenset[str]
    small_talk: frozenset[str]
    synonyms: Mapping[str, tuple[str, ...]]
    expects: Mapping[str, tuple[str, ...]]


@cache
def tables() -> Mapping[str, Phrases]:
    """The tables by language code."""
    raw = tomllib.loads(_TABLES.read_text(encoding="utf-8"))
    return {language: _phrases(table) for language, table in raw.items()}


def plain(text: str) -> str:
    """The form in which questions and tables are compared.

    >>> plain(" ¿Qué es un  “parque”? ")
    "que es un 'parque"
    """
    return without_accents(folded(text)).strip(_EDGES)


def whole_word(phrase: str) -> str:
    """A pattern for a phrase as whole words; scripts without spaces have no word boundaries."""
    pattern = re.escape(phrase)
    if UNSPACED.search(phrase):
        return pattern
    return rf"(?<!\w){pattern}(?!\w)"


def detect(question: str) -> str:
    """The language of a question among those of the tables; English where nothing decides."""
    for language, script in _SCRIPTS:
        if script.search(question):
            return language
    words = re.findall(r"\w+", plain(question))
    scores = {language: sum(word in phrases.function for word in words) for language, phrases in tables().items()}
    best = max(scores, key=lambda language: (scores[language], language == "en"))
    return best if scores[best] else "en"


def frame(template: str, bodies: Iterable[str]) -> re.Pattern[str]:
    """A frame as a pattern over plain text, with the group `term`."""
    return _compiled(template, tuple(plain(body) for body in bodies))


@cache
def _compiled(template: str, bodies: tuple[str, ...]) -> re.Pattern[str]:
    pattern = re.escape(plain(template.replace("{term}", "\0").replace("{body}", "\1")))
    pattern = pattern.replace(r"\ ", r"\s+").replace(re.escape("\1"), _either(bodies))
    return re.compile(pattern.replace(re.escape("\0"), r"(?P<term>.+?)"))


def _either(bodies: tuple[str, ...]) -> str:
    return f"(?:(?:the )?(?:{'|'.join(map(re.escape, bodies))}))" if bodies else r"(?!)"


def _phrases(table: Mapping[str, Any]) -> Phrases:
    def listed(key: str) -> tuple[str, ...]:
        return tuple(plain(phrase) if "{" not in phrase else phrase for phrase in table.get(key, ()))

    return Phrases(
        definition=listed("definition"),
        mention=listed("mention"),
        meaning=listed("meaning"),
        expansion=listed("expansion"),
        openers=listed("openers"),
        closers=listed("closers"),
        articles=tuple(table.get("articles", ())),
        possessives=frozenset(listed("possessives")),
        definite=frozenset(listed("definite")),
        pronouns=frozenset(listed("pronouns")),
        conjunctions=listed("conjunctions"),
        continues=listed("continues"),
        interrogatives=frozenset(listed("interrogatives")),
        function=frozenset(listed("function")),
        small_talk=frozenset(listed("small_talk")),
        synonyms={word: tuple(group) for group in table.get("synonyms", ()) for word in group},
        expects={kind: tuple(map(plain, phrases)) for kind, phrases in table.get("expects", {}).items()},
    )
