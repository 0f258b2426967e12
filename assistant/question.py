"""Understanding a question: its language, its kind, the term it asks for, the turn it follows.

Everything that depends on a language is data in `language.toml`; everything that depends on the
association is in the registry of definitions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.language import UNSPACED, Phrases, detect, frame, plain, tables, whole_word
from assistant.registry import Found, Registry
from assistant.types import Query, Turn
from corpus.errors import UserError
from corpus.spans import sentences
from index.spelling import LONG_WORD

LONGEST_QUESTION = 2000
_ASKS = ("?", "？", "؟")
_ENOUGH = 2
_LONG = re.compile(rf"[^\W\d_]{{{LONG_WORD - 1},}}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A term that a question asks for. `strong`: the frame asks for a definition and nothing else.

    `bare` tells that it was asked for without "the", so as a term and not as some known thing.
    """

    term: str
    found: Found | None
    strong: bool
    bare: bool


class Documents(Protocol):
    """What a question is understood by: which words the documents hold."""

    def holds(self, phrase: str, /) -> bool:
        """Whether words stand in the documents as they are, one after the other."""
        ...

    def spells_out(self, term: str, /) -> bool:
        """Whether the documents say what an acronym stands for."""
        ...

    def meant_by(self, word: str, language: str, /) -> str | None:
        """The word of documents in a language that a misspelt one was meant to be; None where it is none."""
        ...


def check_question(question: str) -> None:
    """Raises UserError where there is nothing to answer, more than anyone asks, or no text."""
    try:
        question.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"The question holds half a character at place {error.start + 1}: type it again.") from error
    if not question.strip():
        raise UserError("The question is empty: type a question.")
    if len(question) > LONGEST_QUESTION:
        raise UserError(
            f"The question has {len(question):,} characters, up to {LONGEST_QUESTION:,} can be read: shorten it."
        )


def understand(question: str, history: Sequence[Turn], registry: Registry, documents: Documents) -> Query:
    """The query behind a question."""
    language = detect(question)
    text = _heart(_respelt(" ".join(question.split()), language, registry, documents), tables()[language])
    if is_small_talk(text, registry):
        return Query(question, text, "smalltalk", language)
    phrases = tables()[language]
    if (short := _expansion(text, registry)) and not _word_of(phrases.pronouns, short):
        return Query(question, text, "expansion", language, term=short)
    asked = asked_term(text, registry)
    if asked and asked.found:
        return _definition_query(question, text, language, asked.term, asked.found)
    if asked and asked.strong and documents.spells_out(asked.term) and _framed(text, phrases.meaning, registry):
        return Query(question, text, "expansion", language, term=asked.term)
    term = _named_term(text, asked, phrases, documents.holds)
    if term is None and history and (standalone := _standalone(text, phrases, history, registry, documents.holds)):
        resolved = asked_term(standalone, registry)
        if resolved and resolved.found:
            return Query(question, standalone, "definition", language, resolved.term, resolved.found.definition.term)
        return Query(question, standalone, "question", language)
    if term is not None:
        return Query(question, text, "definition", language, term=term)
    return Query(question, text, "question", language)


def _heart(text: str, phrases: Phrases) -> str:
    """The sentences of a message that ask, where others only lead to them; else all of it.

    A story before a question draws its vector away from it. A pronoun needs what it stands for.
    """
    parts = [text[start:end] for start, end in sentences(text)]
    asking = " ".join(part for part in parts if part.endswith(_ASKS))
    if not asking or asking == text or _word_of(phrases.pronouns, asking):
        return text
    return asking if len(content_words(asking, detect(asking))) >= _ENOUGH else text


def _respelt(text: str, language: str, registry: Registry, documents: Documents) -> str:
    """A question with the misspelt words of its content put right.

    What may be a name, with a capital inside the question, or stands in a name of the registry, is
    left as it was typed.
    """
    function = tables()[language].function

    def right(match: re.Match[str]) -> str:
        word = match.group()
        may_be_name = match.start() > 0 and not word.islower()
        if may_be_name or plain(word) in function or registry.knows(plain(word)):
            return word
        meant = documents.meant_by(plain(word), language)
        if meant is None:
            return word
        return meant.capitalize() if word[0].isupper() else meant

    return _LONG.sub(right, text)


def _named_term(text: str, asked: Asked | None, phrases: Phrases, known: Callable[[str], bool]) -> str | None:
    """The term, unknown to the registry, that a question asks the meaning of; None where it asks something else."""
    if asked and asked.strong and asked.bare and _is_a_term(asked.term, phrases):
        return None if _word_of(phrases.pronouns, asked.term) else asked.term
    name = plain(_without_conjunction(text, phrases))
    one_word = len(name.split()) == 1 and not UNSPACED.search(name)
    # A name and nothing else asks what it is.
    return name if _is_a_term(name, phrases) and (one_word or known(name)) else None


def asked_term(text: str, registry: Registry) -> Asked | None:
    """The term that a text asks for, in any language; one of the registry's first."""
    candidates = [
        Asked(*_without_articles(term, phrases, registry), strong=strong, bare=_is_bare(term, phrases))
        for phrases in tables().values()
        for core in _cores(text, phrases, registry)
        for term, strong in _terms_in(core, phrases, registry)
    ]
    in_registry = [asked for asked in candidates if asked.found]
    if in_registry:
        return min(in_registry, key=lambda asked: (asked.found is not None and asked.found.corrected, len(asked.term)))
    # The frame that leaves the least is the one that says the most.
    return min((asked for asked in candidates if asked.strong), key=lambda asked: len(asked.term), default=None)


def content_words(text: str, language: str) -> list[str]:
    """The words of a text that carry content, in order."""
    function = tables()[language].function
    return [word for word in re.findall(r"\w+(?:[.,]\d+)*", plain(text)) if word not in function]


def expected(text: str, language: str) -> str | None:
    """What kind of thing a question asks for: "number", "date", "name", or None."""
    asked = plain(text)
    for kind, phrases in tables()[language].expects.items():
        if any(re.search(whole_word(phrase), asked) for phrase in phrases):
            return kind
    return None


def is_small_talk(text: str, registry: Registry) -> bool:
    """Whether a message greets or thanks and asks nothing."""
    return any(core in phrases.small_talk for phrases in tables().values() for core in _cores(text, phrases, registry))


def _definition_query(question: str, text: str, language: str, term: str, found: Found) -> Query:
    standalone = plain(text).replace(term, found.name, 1) + "?" if found.corrected else text
    return Query(question, standalone, "definition", language, term, found.definition.term)


def _terms_in(core: str, phrases: Phrases, registry: Registry) -> list[tuple[str, bool]]:
    """What each frame leaves of a question, and whether that frame is a strong one."""
    found = [(core, False)]
    for strong, frames in ((True, phrases.definition), (False, phrases.mention)):
        for template in frames:
            if match := frame(template, registry.bodies).fullmatch(core):
                found.append((match["term"].strip(" '"), strong))
    return found


def _cores(text: str, phrases: Phrases, registry: Registry) -> list[str]:
    """A question as it is, then without what was said before it, after it, and both."""
    whole = plain(text)
    opened = _strip(whole, phrases.openers, registry, at_start=True)
    closed = _strip(whole, phrases.closers, registry, at_start=False)
    both = _strip(opened, phrases.closers, registry, at_start=False)
    tied = [plain(_without_conjunction(core, phrases)) for core in (whole, both)]
    return list(dict.fromkeys((whole, opened, closed, both, *tied)))


def _strip(text: str, phrases: Sequence[str], registry: Registry, *, at_start: bool) -> str:
    for _ in range(4):
        before = text
        for phrase in phrases:
            pattern = frame(phrase, registry.bodies).pattern
            edge = rf"^{pattern}[\s,.!:;-]+(?=\S)" if at_start else rf"(?<=\S)[\s,.!?:;(-]+{pattern}$"
            text = re.sub(edge, "", text)
        if text == before:
            return text
    return text


def _without_articles(term: str, phrases: Phrases, registry: Registry) -> tuple[str, Found | None]:
    """A term without the articles before it, and its definition; the term as typed decides first."""
    while True:
        found = registry.find(term)
        shorter = _without_one_article(term, phrases)
        if (found and not found.corrected) or shorter == term:
            return term, found
        term = shorter


def _without_one_article(term: str, phrases: Phrases) -> str:
    for article in phrases.articles:
        separator = "" if article.endswith("'") else " "
        if term.startswith(article + separator) and len(term) > len(article) + len(separator):
            return term[len(article) + len(separator) :].strip(" '\"")
    return term


def _is_bare(term: str, phrases: Phrases) -> bool:
    return term.split(" ")[0] not in phrases.definite


def _is_a_term(term: str, phrases: Phrases) -> bool:
    """Whether what was asked for is a name of something: few words, none of them a function word."""
    found = re.findall(r"\w+", plain(term))
    return 0 < len(found) <= 4 and not any(word in phrases.function for word in found)


def _expansion(text: str, registry: Registry) -> str | None:
    """The acronym that a question asks to spell out, in whatever language it asks."""
    found = (_framed(text, phrases.expansion, registry) for phrases in tables().values())
    return next((term for term in found if term), None)


def _framed(text: str, frames: Sequence[str], registry: Registry) -> str | None:
    for template in frames:
        if match := frame(template, registry.bodies).fullmatch(plain(text)):
            return match["term"].strip(" '\"")
    return None


def _standalone(
    text: str, phrases: Phrases, history: Sequence[Turn], registry: Registry, known: Callable[[str], bool]
) -> str | None:
    """A follow-up with the topic of the turns before it; None where it stands on its own."""
    core = _without_conjunction(text, phrases)
    pronoun = _word_of(phrases.pronouns, core)
    if not (pronoun or core != text or _is_elliptic(core, phrases)) or registry.mentioned(core):
        # Where the question names a term itself, its pronoun stands for that.
        return None
    topic = topic_of(history, registry, known)
    if topic is None or plain(topic) in plain(core):
        return None
    if pronoun is None:
        return f"{core.rstrip('?!. ')} ({topic})?"
    owner = topic + "'s" if plain(pronoun.group()) in phrases.possessives else topic
    return f"{core[: pronoun.start()]}{owner}{core[pronoun.end() :]}"


def _without_conjunction(text: str, phrases: Phrases) -> str:
    """A question without the "and" that ties it to the one before."""
    found = re.match(rf"(?:{_either(phrases.conjunctions)})[\s,]+(?=\S)", text, re.IGNORECASE)
    return text[found.end() :] if found else text


def _is_elliptic(text: str, phrases: Phrases) -> bool:
    """Whether a question asks without saying about what, or begins as a continuation."""
    continues = re.match(rf"(?:{_either(phrases.continues)})(?!\w)", plain(text))
    asks = any(re.search(whole_word(word), plain(text)) for word in phrases.interrogatives)
    return bool(continues) or (asks and not content_words(text, detect(text)))


def _word_of(words: Iterable[str], text: str) -> re.Match[str] | None:
    pattern = "|".join(map(whole_word, sorted(words, key=len, reverse=True))) or r"(?!)"
    return re.search(pattern, text, re.IGNORECASE)


def _either(phrases: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True))) or r"(?!)"


def topic_of(history: Sequence[Turn], registry: Registry, known: Callable[[str], bool]) -> str | None:
    """What the conversation is about: the last term or phrase of the documents that the user named."""
    for turn in reversed(history):
        if turn.role != "user":
            continue
        name = registry.mentioned(turn.content)
        phrase = _longest_known(turn.content, known)
        if name and not (phrase and name[0] in plain(phrase) and len(plain(phrase)) > len(name[0]) + len("the ")):
            return name[1].term
        if phrase:
            return phrase
    return None


def _longest_known(text: str, known: Callable[[str], bool]) -> str | None:
    """The longest run of words that stands in the documents and begins and ends with content."""
    language = detect(text)
    function = tables()[language].function
    words = re.findall(r"\w+(?:[-'’]\w+)*", text)
    runs = [
        words[start:end]
        for start in range(len(words))
        for end in range(start + 1, min(start + 8, len(words)) + 1)
        if plain(words[start]) not in function and plain(words[end - 1]) not in function
    ]
    runs.sort(key=lambda run: -len(run))
    phrase = next((" ".join(run) for run in runs if known(" ".join(run))), None)
    article = phrase and re.search(rf"\bthe {re.escape(phrase)}", text, re.IGNORECASE)
    return f"the {phrase}" if article else phrase
