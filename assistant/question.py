"""Understanding a question: its language, its kind, the term it asks for, the turn it follows.

Everything that depends on a language is data in `language.toml`; everything that depends on the
association is in the registry of definitions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from assistant.defining import asks_about_definitions, terms_to_define
from assistant.language import (
    UNSPACED,
    Phrases,
    checking,
    detect,
    edges,
    either,
    frame,
    listed_words,
    pattern,
    plain,
    tables,
    whole_word,
)
from assistant.parts import comparison, compound, cues, is_outside, named, without_orders
from assistant.registry import Found, Registry
from assistant.several import acronyms_in, terms_in
from assistant.translate import ENGLISH, from_english, into_english
from assistant.types import Form, Query, Turn
from corpus.errors import UserError
from corpus.spans import sentences
from corpus.types import Definition
from index.spelling import LONG_WORD

LONGEST_QUESTION = 2000
_ASKS = ("?", "？", "؟")
_ENOUGH = 2
# Who asks more questions than that in one message is answered as if it were one: each takes its time.
_MOST_PARTS = 10
# A question with so many words of content has a topic of its own.
_OWN_TOPIC = 3
# A question is put into so many languages of the documents, those with the most passages.
_MOST_LANGUAGES = 3
# A message of so many sentences is taken in several ways.
_LONG_MESSAGE = 3
_WORD = re.compile(r"[^\W\d_]+")
# A text in quotation marks, the outermost, or what stands after a colon or a line's end.
_QUOTATIONS = (
    re.compile(r"[\"“„«‹「『](?P<text>.+)[\"”“»›」』]", re.DOTALL),
    re.compile(r"(?<!\w)['‘‚](?P<text>.+)['’‘](?!\w)", re.DOTALL),
    re.compile(r"(?:[:：]|\n)\s*(?P<text>\S.+)$", re.DOTALL),
)
_CHECKED_WORDS = 5
# What is said beside a text that is pasted in takes no more words.
_BESIDE = 10
_CITED = re.compile(r"\s*\[\d+\]")


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

    def acronym_in(self, text: str, /) -> str | None:
        """The acronym of the documents that a text speaks of by either of its forms; None where it is not one."""
        ...

    def names(self, phrase: str, /) -> bool:
        """Whether a folded phrase is a name in the documents: written with a capital at each word."""
        ...

    def cognate(self, word: str, /) -> str | None:
        """The word of the documents that is written much like a word of another language; None where there is none."""
        ...

    @property
    def languages(self) -> Sequence[str]:
        """The languages of the documents, the one with the most first."""
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


def understand(
    question: str, history: Sequence[Turn], registry: Registry, documents: Documents, *, literally: bool = False
) -> Query:
    """The query behind a question; `literally`: in its own words, without earlier turns or corrected spelling."""
    if literally:
        return _in_its_words(question, registry.as_typed(), documents)
    if checked := _quotation_to_check(question, registry):
        quoted, around = checked
        named = registry.mentioned(around)
        usual = _usual(question, detect(question), history, registry, documents)
        language = detect(around) if around.strip() else usual.language
        term = named[1].term if named and _asks_to_check(around) else None
        return replace(usual, kind="check", language=language, quoted=quoted, definition=term, parts=(usual,))
    if _only_asks_to_check(question, detect(question)):
        said = next((turn.content for turn in reversed(history) if turn.role == "user"), None)
        if said is None or _is_a_text(said):
            usual = Query(question, said or " ".join(question.split()), "question", detect(question))
            return replace(usual, kind="check", quoted=said, parts=(usual,))
        if answered := _answered(history):
            usual = _usual(question, detect(question), history, registry, documents)
            return replace(usual, kind="check", quoted=answered, definition=None, term=None, parts=(usual,))
    return _usual(question, detect(question), history, registry, documents)


def _in_its_words(question: str, registry: Registry, documents: Documents) -> Query:
    said, language = " ".join(question.split()), detect(question)
    query = _understood(question, _heart(said, tables()[language], registry), language, (), registry, documents)
    return _closer(query, said, (), registry, documents) if query.kind == "question" else query


def _usual(question: str, language: str, history: Sequence[Turn], registry: Registry, documents: Documents) -> Query:
    """The query behind a question that does not ask whether a text is still right."""
    said = without_orders(" ".join(question.split()))
    if not said:
        return Query(question, " ".join(question.split()), "outside", language)
    respelt = _respelt(said, language, registry, documents)
    query = _understood(question, _heart(respelt, tables()[language], registry), language, history, registry, documents)
    if query.kind == "question":
        query = _closer(query, respelt, history, registry, documents)
    return query


def _quotation_to_check(question: str, registry: Registry) -> tuple[str, str] | None:
    """The text of which a message asks whether it is still right, and the words around it; else None."""
    long = [(quoted, around) for quoted, around in _quotations(question) if len(quoted.split()) >= _CHECKED_WORDS]
    asking = (one for one in long if _asks_to_check(one[1]))
    if found := next(asking, None):
        return found
    # However else it is asked: a text that proves to be no wording is asked of the documents after all.
    beside = (one for one in long if _is_a_text(one[0]) and _stands_beside(one[1], registry))
    return None if _terms_to_define(question, registry) else next(beside, None)


def _stands_beside(around: str, registry: Registry) -> bool:
    """Whether the words around a text say nothing but that it is one, or ask yes or no of it."""
    language = detect(around)
    rest = _without_names(around, registry)
    words = re.findall(r"\w+", plain(around))
    if not words or len(words) > _BESIDE or any(word in tables()[language].interrogatives for word in words):
        return False
    about = cues().defining | cues().wordings | cues().pointing
    content = content_words(rest, language)
    # Who wants a wording sent does not ask whether one is right.
    wants = any(word in cues().wanting and word not in cues().pointing for word in words)
    asks = bool(content) or around.rstrip().endswith(_ASKS)
    return asks and not wants and all(word in about for word in content)


def _without_names(text: str, registry: Registry) -> str:
    """A folded text without the term and the bodies of the registry that it names."""
    rest = plain(text)
    if found := registry.mentioned(text):
        rest = rest.replace(found[0], " ")
    for body in registry.bodies:
        rest = re.sub(whole_word(plain(body)), " ", rest)
    return rest


def _answered(history: Sequence[Turn]) -> str | None:
    """What the assistant's last turn quotes first; None where it quotes nothing that can be a wording."""
    said = next((turn.content for turn in reversed(history) if turn.role == "assistant"), "")
    quoted, *cited = _CITED.split(said)
    return quoted if cited and len(quoted.split()) >= _CHECKED_WORDS else None


def _quotations(question: str) -> Iterator[tuple[str, str]]:
    """The texts that a message may quote, each with the rest of it."""
    for one in _QUOTATIONS:
        if match := one.search(question):
            yield match["text"], f"{question[: match.start()]} {question[match.end() :]}"
    spans = sentences(question)
    for start, end in spans if len(spans) > 2 else ():
        if question[start:end].rstrip().endswith(_ASKS):
            beside = (question[end:].strip(), question[:start].strip())
            yield from ((text, question[start:end]) for text in beside if _is_a_text(text))
    if len(spans) > 1:
        (first, after), (before, last) = (spans[0], spans[-1])
        yield question[:before].strip(), question[before:last]
        yield question[after:].strip(), question[first:after]


def _only_asks_to_check(question: str, language: str) -> bool:
    """Whether a message asks whether a text is still right and holds none itself."""
    rest = plain(question)
    if not _asks_to_check(rest) or rest in tables()[language].small_talk:
        return False
    rest = checking().sub(" ", rest)
    return all(word in cues().defining or word in cues().wordings for word in content_words(rest, language))


def _is_a_text(message: str) -> bool:
    return len(message.split()) >= _CHECKED_WORDS and not message.rstrip().endswith(_ASKS)


def _asks_to_check(text: str) -> bool:
    """Whether some words ask, in any language, whether a text is still right."""
    return bool(checking().search(plain(text)))


def _closer(query: Query, said: str, history: Sequence[Turn], registry: Registry, documents: Documents) -> Query:
    """A question that no frame of its language fits, by its English: what it wants, or the ways to search for it."""
    english = _in_english(query.standalone, query.language, registry, documents)
    if english:
        framed = _understood(query.question, english, ENGLISH, (), registry, documents)
        if framed.kind == "definition" and (framed.definition or documents.holds(framed.term or "")):
            return replace(framed, standalone=query.standalone, language=query.language)
        # What the documents lack is named in the asker's words, and only where these ask for a definition.
        own = asked_term(query.standalone, registry)
        if framed.kind == "definition" and (term := _own_term(query, own, documents)):
            return replace(query, kind="definition", term=term)
    wanted = _by_cues(query, english or query.standalone, history, registry, documents)
    if wanted.kind != "question":
        return wanted
    whole = said if query.language == ENGLISH else _in_english(said, query.language, registry, documents)
    # What the whole message asks is shown as searched for with all of it.
    wanted = _by_all_that_is_said(replace(query, standalone=said), whole or said, registry, documents)
    if wanted.kind != "question":
        return wanted
    if _only_defines(english or query.standalone) and (found := registry.mentioned(said)):
        return replace(query, kind="definition", term=found[0], definition=found[1].term)
    forms = _forms(query.standalone, english, query.language, documents)
    return replace(query, readings=_readings(said, query.standalone, registry), forms=forms)


def _own_term(query: Query, asked: Asked | None, documents: Documents) -> str | None:
    """The term that a question asks the meaning of, as it was typed."""
    phrases = tables()[query.language]
    term = _named_term(query.standalone, asked, phrases, documents.holds)
    words = list(re.finditer(r"\S+", query.standalone))
    if not term:
        return None
    width = len(term.split())
    runs = (query.standalone[words[at].start() : words[at + width - 1].end()] for at in range(len(words) - width + 1))
    return next((run.strip(" ¿¡?!.,;:\"'“”«»") for run in runs if plain(run) == term), term)


def _understood(
    question: str, text: str, language: str, history: Sequence[Turn], registry: Registry, documents: Documents
) -> Query:
    """What the frames of the question's own language make of it."""
    if is_small_talk(text, registry):
        return Query(question, text, "smalltalk", language)
    phrases = tables()[language]
    if (short := _expansion(text, registry)) and not _word_of(phrases.pronouns, short) and _is_a_term(short, phrases):
        return Query(question, text, "expansion", language, term=short)
    if together := _terms_together(text, phrases, registry, documents):
        parts = (_understood(one, one, language, (), registry, documents) for one in together)
        return Query(question, text, "compound", language, parts=tuple(parts))
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
    # What another language calls a term is not what the documents call it: then its English is looked for.
    if term is not None and (language == ENGLISH or language in documents.languages or documents.holds(term)):
        return Query(question, text, "definition", language, term=term)
    return Query(question, text, "question", language)


def _by_cues(
    query: Query,
    english: str,
    history: Sequence[Turn],
    registry: Registry,
    documents: Documents,
    *,
    alone: bool = False,
) -> Query:
    """A question that no frame fits, by the words in it that tell what is wanted; `english` is its English.

    One that is `alone` is a part of a message already."""
    if is_outside(english) and not registry.mentioned(english):
        return replace(query, kind="outside")
    if cues().expanding.search(plain(english)):
        if expansions := _expansions(query, query.standalone, documents):
            return replace(query, kind="compound", parts=expansions)
        if short := documents.acronym_in(english):
            return replace(query, kind="expansion", term=short)
    if (name := named(english)) and documents.names(name):
        return replace(query, kind="name", term=name)
    if not alone and 1 < len(parts := compound(english)) <= _MOST_PARTS:
        return replace(query, kind="compound", parts=_parts(query, parts, history, registry, documents))
    if compared := comparison(english):
        aspect = [
            word for word in content_words(compared.rest, ENGLISH)
            if word not in cues().compares and word not in cues().defining
        ]  # fmt: skip
        return replace(
            query, kind="comparison", sides=(compared.first, compared.second),
            aspect=compared.rest if aspect else None,
        )  # fmt: skip
    defining = _defining(query, english, registry)
    if defining.kind == "question" and (wanted := _wanted_definition(english, registry)):
        return replace(query, kind="definition", term=wanted[0], definition=wanted[1].term)
    return defining


def _terms_to_define(english: str, registry: Registry) -> list[str]:
    def mentioned(text: str) -> tuple[str, str] | None:
        found = registry.mentioned(text)
        return (found[0], found[1].term) if found else None

    return terms_to_define(english, mentioned)


def _by_all_that_is_said(query: Query, english: str, registry: Registry, documents: Documents) -> Query:
    """A question by a message of which a sentence that only leads to it names what it is about."""
    if cues().expanding.search(plain(english)) and (expansions := _expansions(query, english, documents)):
        return replace(query, kind="compound", parts=expansions)
    defining = _defining(query, english, registry)
    if defining.kind == "question" and (compared := comparison(english)):
        sides = compared.first, compared.second
        if all(map(registry.mentioned, sides)):
            return replace(query, kind="comparison", sides=sides)
    return defining


def _expansions(query: Query, text: str, documents: Documents) -> tuple[Query, ...]:
    """A query for each of the acronyms that a text names one after the other; none where it is one or none."""
    several = acronyms_in(text, documents.spells_out)
    return tuple(Query(one, one, "expansion", query.language, term=one) for one in several) if len(several) > 1 else ()


def _defining(query: Query, english: str, registry: Registry) -> Query:
    """A question as one for the wordings of the terms that an English text asks the meaning of, where it does."""
    terms = _terms_to_define(english, registry)
    if len(terms) < 2:
        return replace(query, kind="definition", term=terms[0], definition=terms[0]) if terms else query
    parts = (Query(term, term, "definition", query.language, term=term, definition=term) for term in terms)
    return replace(query, kind="compound", parts=tuple(parts))


def _parts(
    query: Query, parts: Sequence[str], history: Sequence[Turn], registry: Registry, documents: Documents
) -> tuple[Query, ...]:
    """The queries of a message that asks several questions; each may go on from the one before."""
    found: list[Query] = []
    own = _own_words(query, len(parts))
    for number, part in enumerate(parts):
        turns = [*history, *(Turn("user", earlier.standalone) for earlier in found)]
        one = _understood(part, part, ENGLISH, turns, registry, documents)
        if one.kind == "question":
            if found and len(content_words(one.standalone, ENGLISH)) < _ENOUGH:
                one = replace(one, standalone=f"{one.standalone.rstrip('?')} ({found[0].standalone.rstrip('?')})?")
            one = _by_cues(one, one.standalone, history, registry, documents, alone=True)
            one = replace(one, forms=_forms(one.standalone, one.standalone, ENGLISH, documents))
        found.append(replace(one, language=query.language, question=own[number] if own else part))
    return tuple(found)


def _own_words(query: Query, count: int) -> list[str]:
    """The parts of a message in the asker's words, where its conjunction divides it into as many; else none."""
    if query.language == ENGLISH:
        return []
    ties = either(tables()[query.language].conjunctions)
    own = re.split(rf"\s+(?:{ties})\s+(?=\S)", query.standalone, flags=re.IGNORECASE)
    return own if len(own) == count else []


def _wanted_definition(english: str, registry: Registry) -> tuple[str, Definition] | None:
    """The term of the registry whose wording is wanted, where the rest of a question only asks for that."""
    found = registry.mentioned(english)
    if found is None or asks_about_definitions(plain(english)):
        return None
    rest = _without_names(english, registry)
    words = content_words(rest, ENGLISH)
    defining = cues().defining
    if any(word in defining for word in re.findall(r"\w+", rest)) and all(word in defining for word in words):
        return found
    name = re.escape(found[0])
    if re.search(rf"\bdefin(?:e|es|ing) (?:\w+ ){{0,2}}{name}", plain(english)):
        return found
    asks = any(word in tables()[ENGLISH].interrogatives for word in re.findall(r"\w+", plain(english).split(".")[0]))
    noun = r"\b(?:definition|wording|text|meaning) (?:of|for) (?:\w+ ){0,3}"
    beside = re.search(noun + name, plain(english))
    wanting = any(word in cues().wanting for word in re.findall(r"\w+", rest))
    return found if beside and wanting and not asks else None


def _only_defines(english: str) -> bool:
    """Whether a question asks for a definition without saying of what, which was said before it."""
    words = content_words(english, ENGLISH)
    return bool(words) and all(word in cues().defining for word in words)


def _in_english(text: str, language: str, registry: Registry, documents: Documents) -> str | None:
    """A question in another language word for word in English; None where it is English or cannot be put so."""
    if language == ENGLISH:
        return None
    return into_english(text, language, registry.names_in(language), documents.cognate)


def _forms(standalone: str, english: str | None, language: str, documents: Documents) -> tuple[Form, ...]:
    """A question in the languages of the documents other than its own."""
    others = [other for other in documents.languages[:_MOST_LANGUAGES] if other != language]
    function = tables()[ENGLISH].function
    forms = [
        (Form(ENGLISH, english) if english else None)
        if other == ENGLISH
        else from_english(english or standalone, other, function)
        for other in others
    ]
    return tuple(form for form in forms if form and form.text)


def _readings(text: str, standalone: str, registry: Registry) -> tuple[str, ...]:
    """Other ways to take a long message: with the sentence before that names a term, and as a whole."""
    parts = [text[start:end] for start, end in sentences(text)]
    if len(parts) < _LONG_MESSAGE:
        return ()
    naming = next((part for part in reversed(parts) if part not in standalone and registry.mentioned(part)), None)
    last = " ".join(parts[-2:])
    found = [f"{naming} {standalone}" if naming else "", last, text]
    return tuple(dict.fromkeys(one for one in found if one and one != standalone))


def _heart(text: str, phrases: Phrases, registry: Registry) -> str:
    """The sentences of a message that ask, where others only lead to them; else all of it.

    A story before a question draws its vector away from it. A pronoun needs what it stands for.
    """
    parts = [text[start:end] for start, end in sentences(text)]
    asking = " ".join(part for part in parts if part.endswith(_ASKS))
    if not asking or asking == text:
        return text
    if _word_of(phrases.pronouns, asking) and not registry.mentioned(asking):
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
        slip = cues().slips.get(plain(word)) if language == ENGLISH else None
        if slip and not documents.holds(word):
            return slip
        if len(word) < LONG_WORD - 1 or (language == ENGLISH and plain(word) in listed_words(ENGLISH)):
            return word
        meant = documents.meant_by(plain(word), language)
        if meant is None:
            return word
        return meant.capitalize() if word[0].isupper() else meant

    return _WORD.sub(right, text)


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
    bare = pattern(rf"\s(?:{either(phrases.fillers)})(?!\w)").sub("", both)
    return list(dict.fromkeys((whole, opened, closed, both, *tied, bare, *_last_clause(both, phrases))))


def _last_clause(text: str, phrases: Phrases) -> list[str]:
    """What is asked after a comma: "I keep hearing of it, dear, what is a plot?". What is asked before it is not only
    led to it, and the last of several names asks nothing."""
    before, comma, clause = text.rpartition(", ")
    asks_before = any(word in phrases.interrogatives for word in re.findall(r"\w+", before))
    asking = phrases.interrogatives | cues().defining
    asks = any(word.removesuffix("ever") in asking for word in re.findall(r"\w+", clause))
    return [clause] if comma and asks and not asks_before else []


def _strip(text: str, phrases: Sequence[str], registry: Registry, *, at_start: bool) -> str:
    for _ in range(4):
        before = text
        for edge in edges(tuple(phrases), tuple(registry.bodies), at_start=at_start):
            text = edge.sub("", text)
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


def without_article(term: str) -> str:
    """An English term without the article before it."""
    return _without_one_article(plain(term), tables()[ENGLISH])


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


def _terms_together(text: str, phrases: Phrases, registry: Registry, documents: Documents) -> list[str]:
    """The terms that a question asks the meaning of at once, where the registry knows one of them; else none."""

    def name_of(part: str) -> str | None:
        inner = (term for term, strong in _terms_in(part, phrases, registry) if strong)
        name, found = _without_articles(next(inner, part), phrases, registry)
        known = found is not None and not found.corrected
        return name if known or (_is_a_term(name, phrases) and documents.holds(name)) else None

    cores = _cores(text, phrases, registry)
    asked = (term for core in cores for term, strong in _terms_in(core, phrases, registry) if strong)
    several = (terms_in(term, name_of) for term in asked)
    return next((found for found in several if len(found) > 1 and any(map(registry.find, found))), [])


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
    pronoun = _pronoun(core, phrases) or _object(core, phrases) or cues().standing.search(core)
    if not (pronoun or core != text or _is_elliptic(core, phrases)) or registry.mentioned(core):
        # Where the question names a term itself, its pronoun stands for that.
        return None
    topic = topic_of(history, registry, known)
    if topic is None or plain(topic) in plain(core):
        return None
    if pronoun is None:
        return f"{core.rstrip('?!. ')} ({topic})?"
    if plain(pronoun.group()) in cues().plural:
        topic = registry.plural_of(topic)
    owner = topic + "'s" if plain(pronoun.group()) in phrases.possessives else topic
    elided = " " if pronoun.group().endswith("'") else ""
    return f"{core[: pronoun.start()]}{owner}{elided}{core[pronoun.end() :]}"


def _pronoun(text: str, phrases: Phrases) -> re.Match[str] | None:
    """A pronoun that stands for something: "does it cost to join" says "it" of nothing."""
    empty = [found.span() for found in _words_of(phrases.impersonal).finditer(text.replace("’", "'"))]
    return next(
        (
            one for one in _words_of(phrases.pronouns).finditer(text)
            if not any(start <= one.start() < end for start, end in empty)
        ),
        None,
    )  # fmt: skip


def _object(text: str, phrases: Phrases) -> re.Match[str] | None:
    """A pronoun before a verb: one that follows a word that asks, where an article seldom does."""
    words = either(phrases.objects)
    asks = pattern(rf"(?:^|.*\W)(?:{either(phrases.askers)})")
    found = pattern(rf"(?<!\w)(?:{words})(?:'|(?=\s))").finditer(text.replace("’", "'"))
    return next(
        (
            one for one in found
            if asks.fullmatch(plain(text[: one.start()]))
            and len(re.findall(r"\w+", text[one.end() :])) <= _OWN_TOPIC
        ),
        None,
    )  # fmt: skip


def _without_conjunction(text: str, phrases: Phrases) -> str:
    """A question without the "and" that ties it to the one before."""
    found = pattern(rf"[¿¡\s]*(?:{either(phrases.conjunctions)})[\s,]+(?=\S)").match(text)
    return text[found.end() :] if found else text


def _is_elliptic(text: str, phrases: Phrases) -> bool:
    """Whether a question asks without saying about what, or begins as a continuation."""
    continues = pattern(rf"(?:{either(phrases.continues)})(?!\w)").match(plain(text))
    asks = any(pattern(whole_word(word)).search(plain(text)) for word in phrases.interrogatives)
    content = content_words(text, detect(text))
    return bool(continues and len(content) < _OWN_TOPIC) or (asks and not content)


def _word_of(words: Iterable[str], text: str) -> re.Match[str] | None:
    return _words_of(words).search(text)


def _words_of(words: Iterable[str]) -> re.Pattern[str]:
    """What finds any of some words or phrases, the longest first."""
    return pattern("|".join(map(whole_word, sorted(words, key=len, reverse=True))) or r"(?!)")


def topic_of(history: Sequence[Turn], registry: Registry, known: Callable[[str], bool]) -> str | None:
    """What the conversation is about: the last term or phrase of the documents that the user named."""
    for turn in reversed(history):
        if turn.role != "user":
            continue
        if (asked := asked_term(turn.content, registry)) and asked.found and asked.found.corrected:
            # A name that was misspelt stands in the turn as it was typed.
            return asked.found.definition.term
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
