"""The tables of `language.toml`: how questions are put in each language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from corpus.wording import folded, without_accents
from index.words import terms

_TABLES = Path(__file__).with_name("language.toml")
_LEXICON = Path(__file__).with_name("lexicon")
_ENOUGH = 2
_SHORT = 1000
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
    checking: tuple[str, ...]
    mention: tuple[str, ...]
    meaning: tuple[str, ...]
    expansion: tuple[str, ...]
    openers: tuple[str, ...]
    closers: tuple[str, ...]
    fillers: tuple[str, ...]
    articles: tuple[str, ...]
    definite: frozenset[str]
    possessives: frozenset[str]
    pronouns: frozenset[str]
    impersonal: tuple[str, ...]
    objects: frozenset[str]
    askers: tuple[str, ...]
    conjunctions: tuple[str, ...]
    continues: tuple[str, ...]
    denials: tuple[str, ...]
    no_denials: tuple[str, ...]
    interrogatives: frozenset[str]
    function: frozenset[str]
    small_talk: frozenset[str]
    synonyms: tuple[tuple[str, ...], ...]
    expects: Mapping[str, tuple[str, ...]]


@cache
def tables() -> Mapping[str, Phrases]:
    """The tables by language code."""
    raw = tomllib.loads(_TABLES.read_text(encoding="utf-8"))
    return {language: _phrases(table) for language, table in raw.items()}


def synonyms(unit: str, language: str) -> tuple[str, ...]:
    """Words and phrases that ask for the same as a word or phrase in any form."""
    return _groups(language).get(_stems(unit, language), ())


def synonymous_phrases(text: str, language: str) -> list[str]:
    """The phrases of several words in a folded text that have synonyms, the longest first, none inside another."""
    found: list[str] = []
    words = text.split()
    for length in (3, 2):
        for at in range(len(words) - length + 1):
            phrase = " ".join(words[at : at + length]).strip("?!.,;: ")
            inside = any(phrase in longer for longer in found)
            if not inside and phrase in text and _stems(phrase, language) in _groups(language):
                found.append(phrase)
    return found


@cache
def _groups(language: str) -> Mapping[tuple[str, ...], tuple[str, ...]]:
    """The synonyms by the stems of each word or phrase."""
    groups = [list(group) for group in tables()[language].synonyms]
    path = _LEXICON / f"synonyms.{language}.tsv"
    if path.is_file():
        groups += [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    found: dict[tuple[str, ...], dict[str, None]] = {}
    for group in groups:
        for unit in group:
            others = found.setdefault(_stems(unit, language), {})
            others.update(dict.fromkeys(other for other in group if other != unit))
    return {stems: tuple(others) for stems, others in found.items()}


def _stems(unit: str, language: str) -> tuple[str, ...]:
    return tuple(terms(unit, language))


def plain(text: str) -> str:
    """The form in which questions and tables are compared.

    >>> plain(" ¿Qué es un  “parque”? ")
    "que es un 'parque"
    """
    return _known_plain(text) if len(text) <= _SHORT else _plain(text)


def _plain(text: str) -> str:
    return without_accents(folded(text)).strip(_EDGES)


# A question is compared with hundreds of phrases.
_known_plain = lru_cache(maxsize=32_768)(_plain)


def whole_word(phrase: str) -> str:
    """A pattern for a phrase as whole words; scripts without spaces have no word boundaries."""
    pattern = re.escape(phrase)
    if UNSPACED.search(phrase):
        return pattern
    return rf"(?<!\w){pattern}(?!\w)"


def either(phrases: Iterable[str]) -> str:
    """A pattern for any of some phrases, the longest first; for no phrases one that fits nothing."""
    return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True))) or r"(?!)"


def detect(question: str) -> str:
    """The language of a question among those of the tables; English where nothing decides."""
    for language, script in _SCRIPTS:
        if script.search(question):
            return language
    words = re.findall(r"\w+", plain(question))
    scores = {language: sum(word in phrases.function for word in words) for language, phrases in tables().items()}
    most = max(scores.values())
    near = max(most - 1, 0)
    tied = [language for language, score in scores.items() if score >= near and language not in dict(_SCRIPTS)]
    if len(tied) == 1:
        return tied[0]
    # Small words are shared by languages: then the words of the lists tell.
    known = {language: sum(word in listed_words(language) for word in words) for language in tied}
    found = max(tied, key=lambda language: (scores[language] + known[language], language == "en"))
    # A single word without a small one beside it may be a name.
    return found if most or known[found] >= _ENOUGH else "en"


@cache
def listed_words(language: str) -> frozenset[str]:
    """The folded words of a language that the lists hold; of English those that any list gives a word's meaning by."""
    found: set[str] = set()
    for path in sorted(_LEXICON.glob("*.tsv")):
        lines = path.read_text(encoding="utf-8").splitlines()
        if path.stem == language:
            found.update(word for line in lines for word in plain(line.partition("\t")[0]).split())
        elif language == "en":
            column = 0 if path.name.startswith("synonyms") else 1
            found.update(re.findall(r"[a-z]+", " ".join(" ".join(line.split("\t")[column:]) for line in lines).lower()))
    return frozenset(found)


@lru_cache(maxsize=16_384)
def pattern(text: str) -> re.Pattern[str]:
    """A pattern, whatever the case, compiled once: the tables make more of them than `re` keeps compiled."""
    return re.compile(text, re.IGNORECASE)


@cache
def edges(phrases: tuple[str, ...], bodies: tuple[str, ...], *, at_start: bool) -> tuple[re.Pattern[str], ...]:
    """For each phrase a pattern that finds it at the start of a plain text, or at its end, with what divides it off."""
    frames = [frame(phrase, bodies).pattern for phrase in phrases]
    if at_start:
        return tuple(re.compile(rf"^{one}[\s,.!:;-]+(?=\S)") for one in frames)
    return tuple(re.compile(rf"(?<=\S)[\s,.!?:;(-]+{one}$") for one in frames)


@cache
def checking() -> re.Pattern[str]:
    """A pattern that finds the phrases, in any language, that ask whether a text is still right."""
    phrases = {phrase for table in tables().values() for phrase in table.checking}
    return re.compile("|".join(map(whole_word, sorted(phrases, key=len, reverse=True))))


def frame(template: str, bodies: Iterable[str]) -> re.Pattern[str]:
    """A frame as a pattern over plain text, with the group `term`."""
    return _compiled(template, tuple(plain(body) for body in bodies))


@cache
def _compiled(template: str, bodies: tuple[str, ...]) -> re.Pattern[str]:
    pattern = re.escape(plain(template.replace("{term}", "\0").replace("{body}", "\1")))
    pattern = pattern.replace(r"\ ", r"\s+").replace(re.escape("\1"), _body(bodies))
    return re.compile(pattern.replace(re.escape("\0"), r"(?P<term>.+?)"))


def _body(bodies: tuple[str, ...]) -> str:
    return f"(?:(?:the )?(?:{'|'.join(map(re.escape, bodies))}))" if bodies else r"(?!)"


def _phrases(table: Mapping[str, Any]) -> Phrases:
    def listed(key: str) -> tuple[str, ...]:
        return tuple(plain(phrase) if "{" not in phrase else phrase for phrase in table.get(key, ()))

    return Phrases(
        definition=listed("definition"),
        checking=listed("checking"),
        mention=listed("mention"),
        meaning=listed("meaning"),
        expansion=listed("expansion"),
        openers=listed("openers"),
        closers=listed("closers"),
        fillers=listed("fillers"),
        articles=tuple(table.get("articles", ())),
        possessives=frozenset(listed("possessives")),
        definite=frozenset(listed("definite")),
        pronouns=frozenset(listed("pronouns")),
        impersonal=tuple(table.get("impersonal", ())),
        objects=frozenset(listed("objects")),
        askers=listed("askers"),
        conjunctions=listed("conjunctions"),
        continues=listed("continues"),
        denials=listed("denials"),
        no_denials=listed("no_denials"),
        interrogatives=frozenset(listed("interrogatives")),
        function=frozenset(listed("function")),
        small_talk=frozenset(listed("small_talk")),
        synonyms=tuple(map(tuple, table.get("synonyms", ()))),
        expects={kind: tuple(map(plain, phrases)) for kind, phrases in table.get("expects", {}).items()},
    )
