"""Extractive answers: the documents' own sentences, ranked for a question."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import numpy as np

from assistant.calibration import Logistic, Ranker
from assistant.expected import expected, holds_expected, is_nameless, kinds, with_others
from assistant.language import plain, synonymous_phrases, synonyms, tables
from assistant.parts import gives_orders, presumes
from assistant.question import content_words
from assistant.types import Form
from corpus.spans import Span, paragraph_at, paragraphs_around, paragraphs_from, sentences
from corpus.split import body_start
from corpus.types import Document, Passage
from corpus.wording import folded
from index.acronyms import Acronym, missing_forms
from index.encode import Encoded, Vectors, WordVectors
from index.reader import Reader, Reading
from index.search import Hit, Snapshot
from index.words import terms

_ENDS_A_SENTENCE = re.compile(r"[.!?…:;。！？؟][\"'”’»)\]]*$")
PASSAGES_READ = 8
# So many sentences are compared word by word.
_RERANKED = 10
# Of so many paragraphs below a heading the first that is prose stands for it.
_BELOW = 20
# What the reader is shown: so many windows, each a sentence with its neighbours, up to so many words.
_WINDOWS = 6
WINDOW_WORDS = 85
_SHORT = 5
# A paragraph of so many characters is quoted whole.
_SHORT_PARAGRAPH = 320
_LONGEST_MARK = 12
_NAMES = "name"
_ASIDE = re.compile(r"\([^()]*\)")
# A sentence of another document that is so nearly as good, with other figures, contradicts.
_OTHER_SCORE = 0.3
_OTHER_OWN = 0.8
_OTHERS = 2
# A word that stands in the section, but not in the sentence, counts for less.
_IN_SECTION = 0.6
# So does another word for the same.
_SYNONYM = 0.8
_LEAST_WEIGHT = 0.2
_BY_HAND = Ranker()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer. All scores lie in [0, 1], higher is better; a reading has its own.

    `coverage` is the share of the question's content, by rarity, that the sentence or its section
    holds, `own` what the sentence holds itself, `heading` what the headings above it hold;
    `similarity` the cosine of the two vectors; `late` the late interaction of the words of content,
    `late_all` that of all words, None where they were not computed; `section` and `passage` how well
    the section and the passage match, `rank` the passage's, `place` the passage and which of its sentences
    this is; `has_expected` whether the kind of thing
    that was asked for (a number, a date, a name) stands in it. `window` is what the reader is shown with it,
    and `reading` what the reader makes of it, each None where it was not. `score` is the probability
    that the sentence holds the answer.
    """

    document: Document
    span: Span
    coverage: float
    own: float
    heading: float
    similarity: float
    section: float
    passage: float
    rank: int
    has_expected: bool
    is_heading: bool = False
    place: tuple[Passage, int] | None = None
    late: float | None = None
    late_all: float | None = None
    window: Span | None = None
    reading: Reading | None = None
    score: float = 0.0

    @property
    def text(self) -> str:
        return self.document.text[slice(*self.span)]

    @property
    def is_prose(self) -> bool:
        """Whether it ends as a sentence does."""
        return bool(_ENDS_A_SENTENCE.search(self.text))

    @property
    def first_look(self) -> float:
        """Half the section, half the sentence: which sentences are looked at more closely."""
        score = (self.section + (self.coverage + self.similarity) / 2) / 2
        return score * (1 if self.has_expected else 0.75) * (0.75 if self.is_heading else 1)

    def features(self) -> dict[str, float]:
        """What the ranking looks at."""
        found = {
            "coverage": self.coverage,
            "own": self.own,
            "heading": self.heading,
            "similarity": self.similarity,
            "late": self.late or 0.0,
            "late_all": self.late_all or 0.0,
            "section": self.section,
            "passage": self.passage,
            "rank": 1 / (1 + self.rank),
            "expected": float(self.has_expected),
            "is_heading": float(self.is_heading),
            "prose": float(self.is_prose),
            "short": float(len(self.text.split()) < _SHORT),
            "asks": float(self.text.rstrip().endswith(("?", "？", "؟"))),
        }
        if self.reading is not None:
            found |= {"answers": self.reading.answers, "inside": self.reading.inside}
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for a question: sentences, best first, and what the gate decides on.

    `unknown` is the share of the question's content words that no document holds; `expected` what
    kind of thing was asked for, `content` how many words of content the question has, and
    `unknown_names` the names in it that no document holds. `read` tells whether the reader has read
    the best of them.
    """

    candidates: tuple[Candidate, ...]
    hits: tuple[Hit, ...]
    unknown: float
    expected: str | None
    content: int
    unknown_names: tuple[str, ...] = ()
    read: bool = False


def gather(
    snapshot: Snapshot,
    question: str,
    language: str,
    forms: Sequence[Form] = (),
    ranker: Ranker = _BY_HAND,
    reader: Reader | None = None,
) -> Evidence:
    """Search for a question, in its own words and in languages of the documents, and rank the sentences found."""
    english = next((form.text for form in forms if form.language == "en"), None)
    kind = expected(question, language, english)
    hits: list[Hit] = []
    candidates: list[Candidate] = []
    asked = [Asked.of(snapshot, form, kind) for form in (Form(language, question), *forms)]
    for one in asked:
        found = _hits(snapshot, one.text, one.language, forms, one.encoded)
        hits += found
        candidates += _late(snapshot, one, _first(snapshot, found, one))
    evidence = Evidence(
        candidates=tuple(_best_first(_scored(candidate, ranker.plain) for candidate in candidates)),
        hits=tuple(sorted(hits, key=lambda hit: -hit.score)),
        unknown=min(_unknown_share(snapshot, one) for one in asked),
        expected=kind,
        content=max(len(one.weights) for one in asked),
        unknown_names=unknown_names(snapshot, question, language),
    )
    asked_in_english = in_english(question, language, forms)
    if reader and asked_in_english and ranker.read and not is_decided(question, evidence):
        evidence = read(evidence, reader, asked_in_english)
    return _settled(ranked(evidence, ranker))


def in_english(question: str, language: str, forms: Sequence[Form]) -> str | None:
    """How the reader is asked: it knows English alone. None where a question has no English form."""
    return question if language == "en" else next((form.text for form in forms if form.language == "en"), None)


def passages_for(snapshot: Snapshot, question: str, language: str, forms: Sequence[Form]) -> list[Passage]:
    """The passages that `gather` looks at, the best first."""
    asked = (Form(language, question), *forms)
    hits = [hit for form in asked for hit in _hits(snapshot, form.text, form.language, forms)]
    return [hit.passage for hit in sorted(hits, key=lambda hit: -hit.score)]


def _hits(
    snapshot: Snapshot, text: str, language: str, forms: Sequence[Form], encoded: Encoded | None = None
) -> list[Hit]:
    """What is found for a form of a question: one in another language is asked of the documents in that language
    alone."""
    in_forms = {form.language for form in forms}

    def is_asked_in_it(hit: Hit) -> bool:
        written_in = snapshot.info(hit.passage.document_id).language
        return written_in == language if language in in_forms else written_in not in in_forms

    return [hit for hit in snapshot.search(text, PASSAGES_READ, encoded) if is_asked_in_it(hit)]


def is_decided(question: str, evidence: Evidence) -> bool:
    """Whether a question is refused whatever the reader makes of the sentences: it names somebody whom no document
    names, or asks for what none of them holds. What a question takes for true, the best of them may contradict."""
    if presumes(question):
        return False
    # A heading is replaced by what stands below it.
    nowhere = not any(one.has_expected or one.is_heading for one in evidence.candidates)
    wanted = evidence.expected is not None and kinds()[evidence.expected].decides
    return bool(evidence.unknown_names) or (wanted and nowhere)


def ranked(evidence: Evidence, ranker: Ranker) -> Evidence:
    """Evidence with its sentences in the order of a ranking; those that were read first, if any was."""
    first = _best_first(_scored(candidate, ranker.plain) for candidate in evidence.candidates)
    known = [one for one in first if one.reading is not None] if ranker.read else []
    if not known:
        return replace(evidence, candidates=tuple(first), read=False)
    rest = [one for one in first if one not in known]
    best = _best_first(_scored(candidate, ranker.read) for candidate in known)
    return replace(evidence, candidates=(*best, *rest), read=True)


def read(evidence: Evidence, reader: Reader, question: str) -> Evidence:
    """Evidence with what the reader makes of the sentences that it is shown, these first."""
    first = shown(evidence.candidates)
    found = reader.read(question, [_window_text(one) for one in first], [_in_window(one) for one in first])
    known = [replace(one, reading=reading) for one, reading in zip(first, found, strict=True)]
    places = {(one.document.id, one.span) for one in known}
    rest = [one for one in evidence.candidates if (one.document.id, one.span) not in places]
    return replace(evidence, candidates=(*known, *rest))


def shown(candidates: Sequence[Candidate], most: int = _WINDOWS) -> list[Candidate]:
    """Those of ranked sentences that the reader is shown in so many windows, each with its window.

    A window is made round the best sentence that no other window holds, and whoever else lies in it is read in it:
    of the eight best sentences a third stand beside another one.
    """
    windows: list[tuple[str, Span]] = []
    found = []
    for one in candidates:
        if one.document.language == "en" and not one.is_heading:
            around = next((span for name, span in windows if name == one.document.id and _holds(span, one.span)), None)
            if around is None and len(windows) < most:
                around = window(one.document, one.span)
                windows.append((one.document.id, around))
            if around is not None:
                found.append(replace(one, window=around))
    return found


def _window_text(candidate: Candidate) -> str:
    assert candidate.window is not None  # noqa: S101 - given by `shown`
    return candidate.document.text[slice(*candidate.window)]


def _in_window(candidate: Candidate) -> Span:
    assert candidate.window is not None  # noqa: S101 - given by `shown`
    start = candidate.window[0]
    return candidate.span[0] - start, candidate.span[1] - start


def _settled(evidence: Evidence) -> Evidence:
    """Headings replaced by what they head, each sentence once."""
    below = (_below_heading(candidate, evidence.expected) for candidate in evidence.candidates)
    # Below a heading that gives no orders a paragraph may.
    safe = (candidate for candidate in below if not is_tainted(candidate.document, candidate.span))
    return replace(evidence, candidates=tuple(_distinct(safe)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A word of a question as a document's terms are looked through for it: its weight, its terms, and those of each
    other word for the same."""

    weight: float
    terms: tuple[str, ...]
    others: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question made ready for ranking: as encoded, words of content by weight with other words for
    them, acronyms, and the kind of thing it asks for."""

    text: str
    language: str
    encoded: Encoded
    weights: Mapping[str, float]
    others: Mapping[str, tuple[str, ...]]
    acronyms: Sequence[Acronym]
    kind: str | None

    def wanted(self, language: str) -> list[Wanted]:
        """The words of content in the terms of a language."""
        return [
            Wanted(
                weight,
                tuple(terms(word, language)),
                tuple(tuple(terms(other, language)) for other in self.others.get(word, ())),
            )
            for word, weight in self.weights.items()
        ]

    @classmethod
    def of(cls, snapshot: Snapshot, form: Form, kind: str | None) -> Asked:
        weights, others = _weighted(snapshot, form)
        return cls(
            text=form.text,
            language=form.language,
            encoded=snapshot.encode(form.text),
            weights=weights,
            others=others,
            acronyms=snapshot.acronyms.spoken_of(form.text),
            kind=kind,
        )


def _first(snapshot: Snapshot, hits: Sequence[Hit], asked: Asked) -> list[Candidate]:
    """The sentences of the passages found that are worth a closer look."""
    found = {
        (candidate.document.id, candidate.span): candidate
        # The best passage last: a sentence in two of them keeps the better section.
        for rank, hit in reversed(list(enumerate(hits)))
        for passage in _hit_last(snapshot, hit)
        for candidate in _candidates(snapshot, replace(hit, passage=passage), rank, asked)
    }
    ranked = sorted(found.values(), key=lambda one: (-one.first_look, one.document.id, one.span))
    # A paragraph that gives orders to a program answers nobody.
    return list(islice((one for one in ranked if not is_tainted(one.document, one.span)), _RERANKED))


def is_tainted(document: Document, span: Span) -> bool:
    """Whether a span stands in a paragraph of which a sentence gives orders to a program."""
    return _gives_orders(document.text[slice(*_paragraph(document, span))])


@lru_cache(maxsize=4096)
def _gives_orders(paragraph: str) -> bool:
    return any(gives_orders(paragraph[slice(*one)]) for one in sentences(paragraph))


def _hit_last(snapshot: Snapshot, hit: Hit) -> list[Passage]:
    """The passages that share a definition or a list with a hit, and the hit."""
    return [*(passage for passage in snapshot.joined(hit.passage) if passage != hit.passage), hit.passage]


def _scored(candidate: Candidate, model: Logistic | None) -> Candidate:
    score = model.probability(candidate.features()) if model else _by_hand(candidate)
    return replace(candidate, score=score)


def _by_hand(candidate: Candidate) -> float:
    """A score before anything was fitted: late interaction counts as much as the first look."""
    first = candidate.first_look
    return first if candidate.late is None else (first + candidate.late * (1 if candidate.has_expected else 0.75)) / 2


def window(document: Document, span: Span) -> Span:
    """A sentence with the one before and the one after it in its section, as far as they are short enough."""
    section = document.section_at(span[0])
    nearby = paragraphs_around(document.text, span[0], section.start, section.end)
    around = sentences(document.text, *nearby)
    at = next((number for number, other in enumerate(around) if other[0] <= span[0] < other[1]), None)
    if at is None:
        return span
    return with_neighbours(document.text, [*around[:at], span, *around[at + 1 :]], at)


def with_neighbours(text: str, spans: Sequence[Span], at: int, sides: Sequence[int] = (-1, 1)) -> Span:
    """One of a text's sentences with its neighbours on some `sides`, as far as that is what a reader is shown."""
    start, end = spans[at]
    words = len(text[start:end].split())
    for neighbour in (at + side for side in sides):
        if 0 <= neighbour < len(spans):
            length = len(text[slice(*spans[neighbour])].split())
            if words + length <= WINDOW_WORDS:
                words += length
                start, end = min(start, spans[neighbour][0]), max(end, spans[neighbour][1])
    return start, end


def _below_heading(candidate: Candidate, kind: str | None) -> Candidate:
    """A heading that matches stands for what it heads: the first paragraph below it, not a tag-line."""
    if not candidate.is_heading:
        return candidate
    document, section = candidate.document, candidate.document.section_at(candidate.span[0])
    below = list(islice(paragraphs_from(document.text, body_start(document.text, section), section.end), _BELOW))
    if not below:
        return candidate
    span = next((one for one in below if _ENDS_A_SENTENCE.search(document.text[slice(*one)])), below[0])
    expected_there = _has_expected(kind, document.text[slice(*span)])
    return replace(candidate, span=span, is_heading=False, has_expected=expected_there)


def _has_expected(kind: str | None, text: str) -> bool:
    return kind is None or holds_expected(kind, text)


def _distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Without those whose words another one has, or that lie inside another one's span."""
    kept: dict[str, Candidate] = {}
    for candidate in candidates:
        if not any(_lies_in(candidate, other) for other in kept.values()):
            kept.setdefault(folded(candidate.text), candidate)
    return list(kept.values())


def _lies_in(inner: Candidate, outer: Candidate) -> bool:
    return inner.document.id == outer.document.id and _holds(outer.span, inner.span)


def _holds(outer: Span, inner: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.document.id, candidate.span))


def _late(snapshot: Snapshot, asked: Asked, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with their late interaction.

    Khattab and Zaharia (2020), "ColBERT": the mean over the question's words of their best match
    among the sentence's words, with untrained vectors; over the words that carry content, and over all.
    """
    question = asked.encoded.words
    places = [candidate.place for candidate in candidates if candidate.place]
    content = {word for unit in asked.weights for word in unit.split()}
    telling = np.array([plain(word) in content for word in question.words], bool)
    found = snapshot.words_in(places, question.vectors.shape[1])
    return [
        replace(candidate, late=late, late_all=late_all)
        for candidate, words in zip(candidates, found, strict=True)
        for late, late_all in [_interactions(question, telling, words)]
    ]


def _interactions(question: WordVectors, telling: np.ndarray, found: Vectors) -> tuple[float, float]:
    """The mean of the best matches of the words of content, and that of all words."""
    if not len(found) or not len(question.words):
        return 0.0, 0.0
    best = (question.vectors @ found.T).max(axis=1)
    content = best[telling].mean() if telling.any() else best.mean()
    return max(0.0, float(content)), max(0.0, float(best.mean()))


def choose(candidates: Sequence[Candidate], *, share: float, most: int) -> list[Candidate]:
    """The sentences that make the answer: the best, then those nearly as probable in reading order."""
    best = candidates[0]
    near = [candidate for candidate in candidates[1:] if candidate.score >= share * best.score]
    # A tag-line or a label is no second sentence of an answer.
    others = [candidate for candidate in near if len(candidate.text.split()) >= _SHORT or not best.is_prose]
    others = others[: most - 1]
    others.sort(key=lambda one: (one.document.id != best.document.id, one.document.id, one.span))
    return [best, *others]


def in_context(document: Document, span: Span) -> Span:
    """A sentence with the rest of its paragraph where that is short: torn out of it, it is harder to understand."""
    start, end = _paragraph(document, span)
    return (start, end) if end - start <= _SHORT_PARAGRAPH else span


def disagreeing(evidence: Evidence) -> list[Candidate]:
    """Sentences of other documents that tell the same as the best one with other figures, the most probable first."""
    best = evidence.candidates[0]
    if evidence.expected is None or not kinds()[evidence.expected].decides or not best.has_expected:
        return []
    figures = _figures(best.text)
    return [
        one
        for one in evidence.candidates[1:]
        if one.document.id != best.document.id
        and one.has_expected
        and one.score >= _OTHER_SCORE * best.score
        and one.own >= _OTHER_OWN * best.own
        and _figures(one.text)
        and figures
        and not figures & _figures(one.text)
    ][:_OTHERS]


def _figures(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", text))


def marked(candidate: Candidate, kind: str | None) -> Span | None:
    """The words of a sentence that are what was asked for; None where they are not known well enough."""
    if kind is None or candidate.reading is None or candidate.window is None:
        return None
    start = candidate.window[0]
    mark = start + candidate.reading.mark[0], start + candidate.reading.mark[1]
    words = candidate.document.text[slice(*mark)]
    inside = candidate.span[0] <= mark[0] < mark[1] <= candidate.span[1]
    if not inside or len(words.split()) > _LONGEST_MARK or not holds_expected(kind, f" {words}"):
        return None
    if kind != _NAMES:
        return mark
    # Who is told together with others did it together with them.
    ends = with_others(candidate.document.text[: candidate.span[1]], mark[1])
    return mark[0], ends


def _paragraph(document: Document, span: Span) -> Span:
    """The paragraph that holds a span; the span where none holds all of it."""
    section = document.section_at(span[0])
    found = paragraph_at(document.text, span[0], section.start, section.end)
    return found if found[0] <= span[0] and span[1] <= found[1] else span


def unknown_names(snapshot: Snapshot, question: str, language: str) -> tuple[str, ...]:
    """The names in a question that no document holds: capitals inside it, in a language that writes names so.

    Of a message of several sentences the last one asks; who is named before it need not be in the documents.
    """
    last = question[slice(*sentences(question)[-1])] if question.strip() else question
    words = re.findall(r"\w+", _ASIDE.sub(" ", last))
    capitals = [word for word in words[1:] if word[0].isupper() and len(word) > 1]
    if language == "de" or len(capitals) * 2 > len(words):
        # German writes every noun so, and a title or a shout every word.
        return ()
    function = tables()[language].function
    names = (word for word in capitals if plain(word) not in function and not is_nameless(word))
    return tuple(word for word in names if not snapshot.frequency(word) and not _is_called_otherwise(snapshot, word))


def _is_called_otherwise(snapshot: Snapshot, name: str) -> bool:
    """Whether the documents hold the long form of an English abbreviation that everybody knows, as of "CEO"."""
    return any(all(map(snapshot.frequency, other.split())) for other in synonyms(plain(name), "en"))


def _weighted(snapshot: Snapshot, form: Form) -> tuple[dict[str, float], dict[str, tuple[str, ...]]]:
    """The content of a question, each word or known phrase by how rare it is in the documents, up to 1, with others
    that ask for the same.

    Robertson and Sparck Jones' inverse document frequency, as in BM25, over passages.
    """
    if form.alternatives:
        units = {group[0]: group[1:] for group in form.alternatives}
    else:
        text = plain(form.text)
        units = {}
        for phrase in synonymous_phrases(text, form.language):
            units[phrase] = synonyms(phrase, form.language)
            text = text.replace(phrase, " ")
        units |= {word: synonyms(word, form.language) for word in content_words(text, form.language)}
    total = snapshot.passage_count
    rarest = math.log1p((total + 0.5) / 0.5)
    weights = {}
    for unit in units:
        frequency = min((snapshot.frequency(word) for word in unit.split()), default=0)
        weights[unit] = max(_LEAST_WEIGHT, math.log1p((total - frequency + 0.5) / (frequency + 0.5)) / rarest)
    return weights, units


def _candidates(snapshot: Snapshot, hit: Hit, rank: int, asked: Asked) -> list[Candidate]:
    """The sentences of a passage, each with its scores but the late interaction."""
    document = snapshot.document(hit.passage.document_id)
    wanted = asked.wanted(document.language)
    path = " ".join(hit.passage.heading_path)
    around = _held(wanted, _term_set(asked, document, f"{path} {document.text[hit.passage.start : hit.passage.end]}"))
    above = _held(wanted, _term_set(asked, document, f"{path} {document.title}"))
    section = (_share(wanted, around) + max(0.0, hit.similarity or 0.0)) / 2
    spans, vectors = snapshot.sentences_in(hit.passage)
    similarities = vectors @ asked.encoded.vector[0] if spans else ()
    found = []
    for number, (span, similarity) in enumerate(zip(spans, similarities, strict=True)):
        text = document.text[slice(*span)]
        held = _held(wanted, _term_set(asked, document, text))
        found.append(
            Candidate(
                document=document,
                span=span,
                coverage=_share(wanted, [max(own, _IN_SECTION * near) for own, near in zip(held, around, strict=True)]),
                own=_share(wanted, held),
                heading=_share(wanted, above),
                similarity=max(0.0, float(similarity)),
                section=section,
                passage=hit.score,
                rank=rank,
                has_expected=_has_expected(asked.kind, text),
                is_heading=_is_heading(document, span),
                place=(hit.passage, number),
            )
        )
    return found


def _is_heading(document: Document, span: Span) -> bool:
    path = document.section_at(span[0]).heading_path
    return path[-1:] == (" ".join(document.text[slice(*span)].split()).lstrip("# "),)


def _term_set(asked: Asked, document: Document, text: str) -> frozenset[str]:
    """The terms of a text, with the question's acronyms spelt out in it and its names shortened."""
    forms = [form for acronym in asked.acronyms for form in missing_forms(acronym, text)]
    return frozenset(terms(" ".join((text, *forms)), document.language))


def _held(wanted: Sequence[Wanted], text: frozenset[str]) -> list[float]:
    """For each word of a question 1 where a text holds it in any form, less where it holds one that asks for the
    same, else 0."""
    return [
        1.0 if text.issuperset(one.terms) else _SYNONYM if any(map(text.issuperset, one.others)) else 0.0
        for one in wanted
    ]


def _share(wanted: Sequence[Wanted], held: Sequence[float]) -> float:
    """The share of a question's content, by rarity, that is held."""
    total = sum(one.weight for one in wanted)
    return sum(one.weight * value for one, value in zip(wanted, held, strict=True)) / total if total else 0.0


def _unknown_share(snapshot: Snapshot, asked: Asked) -> float:
    """The share of the question's content words that no document holds, nor a word for the same."""
    unknown = sum(
        not any(all(map(snapshot.frequency, form.split())) for form in (word, *asked.others.get(word, ())))
        for word in asked.weights
    )
    return unknown / len(asked.weights) if asked.weights else 0.0
