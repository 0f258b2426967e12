"""A question word for word in another language, by the word lists of `lexicon/`.

The encoder knows English alone, and words are found only as they are written, so a question is put
into the language of the documents before it is searched for. It makes no sentence that anyone is shown
as an answer: the quotation stays in the document's language. Each list is data, `word<TAB>English`, a
phrase of up to five words before a word; a word with nothing beside it is grammar and vanishes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assistant.language import UNSPACED, plain
from assistant.types import Form
from index.words import stem

ENGLISH = "en"
_LISTS = Path(__file__).with_name("lexicon")
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W_]+(?:['’][^\W_]+)*|[?؟？]", re.UNICODE)
_QUESTION_MARKS = {"؟": "?", "？": "?"}
_LONGEST_PHRASE = 6
_LONGEST_RUN = 12
# Arabic writes the article and some small words together with the word that follows.
_ARABIC_PREFIXES = ("وبال", "بال", "وال", "فال", "كال", "ولل", "لل", "ال", "و", "ب", "ل", "ف", "ك")
# A participle in another gender or number, with its form in the lists, folded.
_PARTICIPLES = {
    "es": {"ada": "ado", "ados": "ado", "adas": "ado", "ida": "ido", "idos": "ido", "idas": "ido"},
    "pt": {"ada": "ado", "ados": "ado", "adas": "ado", "ida": "ido", "idos": "ido", "idas": "ido"},
    "fr": {"ee": "e", "es": "e", "ees": "e", "ie": "i", "is": "i", "ies": "i", "ue": "u", "us": "u", "ues": "u"},
    "it": {
        "ata": "ato", "ati": "ato", "ate": "ato", "ita": "ito", "iti": "ito", "ite": "ito",
        "uta": "uto", "uti": "uto", "ute": "uto",
    },
}  # fmt: skip
# What German puts between the parts of a compound, the longest first.
_LINKS = ("es", "en", "er", "s", "n", "e", "")
_SHORTEST_PART = 3
_VARIANTS = 4


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words and phrases of one language with the English for each, folded, the best sense first."""

    language: str
    entries: Mapping[str, tuple[str, ...]]
    stems: Mapping[str, tuple[str, ...]]
    backwards: Mapping[str, tuple[str, ...]]

    def meaning(self, word: str) -> tuple[str, ...] | None:
        """The senses of a folded word in any form; None where it is unknown, empty where it is grammar."""
        if (found := self.entries.get(word)) is not None:
            return found
        if self.language == "ar":
            for prefix in _ARABIC_PREFIXES:
                rest = word[len(prefix) :]
                if word.startswith(prefix) and len(rest) >= _SHORTEST_PART and (found := self.entries.get(rest)):
                    return found
        if (found := self._of_participle(word)) is not None:
            return found
        if (found := self.stems.get(stem(word, self.language))) is not None:
            return found
        return self._of_parts(word) if self.language == "de" else None

    def _of_participle(self, word: str) -> tuple[str, ...] | None:
        """The senses of a participle by its form for one thing or man: "publicada" has the stem of a noun."""
        endings = _PARTICIPLES.get(self.language, {})
        forms = (word.removesuffix(ending) + listed for ending, listed in endings.items() if word.endswith(ending))
        return next((self.entries[form] for form in forms if form in self.entries), None)

    def _of_parts(self, word: str) -> tuple[str, ...] | None:
        """The senses of a compound's parts one after the other, the last part the longest that is known."""
        for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            last = self.entries.get(word[at:]) or self.stems.get(stem(word[at:], self.language))
            if not last:
                continue
            for link in _LINKS:
                first = word[:at].removesuffix(link) if link else word[:at]
                if word[:at].endswith(link) and len(first) >= _SHORTEST_PART and (known := self.meaning(first)):
                    return (f"{known[0]} {last[0]}",)
        return None


@cache
def lexicon(language: str) -> Lexicon | None:
    """The word list of a language, None where the project has none."""
    path = _LISTS / f"{language}.tsv"
    if not path.is_file():
        return None
    entries: dict[str, tuple[str, ...]] = {}
    backwards: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        source, _, english = line.partition("\t")
        senses = tuple(filter(None, (plain(sense) for sense in english.split("|"))))
        entries.setdefault(plain(source), senses)
        if " " not in source:
            for sense in senses:
                backwards.setdefault(sense, []).append(source)
    stems: dict[str, tuple[str, ...]] = {}
    for source, senses in entries.items():
        if senses and " " not in source and not UNSPACED.search(source):
            stems.setdefault(stem(source, language), senses)
    return Lexicon(language, entries, stems, {sense: tuple(words) for sense, words in backwards.items()})


def into_english(
    text: str, language: str, names: Mapping[str, str], cognate: Callable[[str], str | None] = lambda _: None
) -> str | None:
    """A text word for word in English; None where there is no word list of its language.

    `names` are names of terms in the text's language, folded, with what each is called in English;
    `cognate` gives the documents' word for a word that is unknown to the list.

    >>> into_english("¿Cuándo es la reunión?", "es", {})
    'when is the meeting?'
    """
    words = lexicon(language)
    if words is None:
        return None
    known = {plain(name): (english,) for name, english in names.items()}
    tokens = [_QUESTION_MARKS.get(token, token) for token in _TOKEN.findall(text)]
    found: list[str] = []
    at = 0
    while at < len(tokens):
        length, english = _at(tokens, at, words, known)
        if length:
            found.append(english)
            at += length
            continue
        found.append(_unknown(tokens[at], words, known, cognate))
        at += 1
    return re.sub(r"\s+([?])", r"\1", " ".join(filter(None, found)))


def understood(text: str, language: str) -> float:
    """The share of a text's words that the list of its language knows, from 0 to 1; 0 where there is no list."""
    words = lexicon(language)
    tokens = [token for token in map(plain, _TOKEN.findall(text)) if token and not token.isdigit()]
    if words is None or not tokens:
        return 0.0
    if any(UNSPACED.search(token) for token in tokens):
        known = "".join(_run(token, words, {}) for token in tokens)
        return 1 - sum(map(len, UNSPACED.findall(known))) / sum(map(len, tokens))
    return sum(words.meaning(token) is not None for token in tokens) / len(tokens)


def from_english(text: str, language: str, function: Iterable[str]) -> Form | None:
    """The content of an English text in another language, the common renderings of each word; None
    where there is no word list. What has no rendering, as names and numbers, stays."""
    words = lexicon(language)
    if words is None:
        return None
    grammar = frozenset(function)
    groups = []
    for token in _TOKEN.findall(text):
        word = plain(token)
        if not word or word in grammar:
            continue
        renderings = words.backwards.get(word) or words.backwards.get(_singular(word)) or (token,)
        groups.append(renderings[:_VARIANTS])
    return Form(language, " ".join(dict.fromkeys(one for group in groups for one in group)), tuple(groups))


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") else word


def _at(tokens: Sequence[str], at: int, words: Lexicon, names: Mapping[str, tuple[str, ...]]) -> tuple[int, str]:
    """The longest name or phrase that begins at a token: how many tokens it takes, and its English."""
    for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
        some = tokens[at : at + length]
        phrase = "" if "?" in some else plain(" ".join(some))
        for table in (words.entries, names):
            if phrase and (senses := table.get(phrase)) is not None:
                return length, senses[0] if senses else ""
    return 0, ""


def _unknown(
    token: str, words: Lexicon, names: Mapping[str, tuple[str, ...]], cognate: Callable[[str], str | None]
) -> str:
    """A single token: in another form, behind an elided article, in parts, as the documents have it, or as it is."""
    word = plain(token)
    if not word:
        return token
    if UNSPACED.search(word) or "\uac00" <= word[0] <= "\ud7af":
        return _run(word, words, names)
    if (senses := words.meaning(word)) is not None:
        return senses[0] if senses else ""
    article, apostrophe, rest = word.partition("'")
    if apostrophe and rest:
        first = words.entries.get(f"{article}'", words.entries.get(article, ()))
        inside = names.get(rest) or words.meaning(rest)
        before = first[0] if first else ""
        return f"{before} {inside[0] if inside else (cognate(rest) or rest)}".strip()
    if token.isdigit() or not token[:1].islower():
        # A name, or a number.
        return cognate(word) or token
    return cognate(word) or token


def _run(text: str, words: Lexicon, names: Mapping[str, tuple[str, ...]]) -> str:
    """A run of a script without spaces, by the longest entry at each place; what is unknown stays."""
    found: list[str] = []
    unknown = ""
    at = 0
    while at < len(text):
        for length in range(min(_LONGEST_RUN, len(text) - at), 0, -1):
            piece = text[at : at + length]
            senses = names.get(piece) or words.entries.get(piece)
            if senses is not None:
                found += [unknown, senses[0] if senses else ""]
                unknown = ""
                at += length
                break
        else:
            unknown += text[at]
            at += 1
    return " ".join(filter(None, [*found, unknown]))
