"""Extractive answers: the documents' own sentences, ranked for a question."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from assistant.language import plain, tables
from assistant.question import content_words, expected
from corpus.spans import Span, paragraphs
from corpus.split import body_start
from corpus.types import Document, Passage
from corpus.wording import folded
from index.acronyms import Acronym, missing_forms
from index.encode import Encoded, Vectors
from index.search import Hit, Snapshot
from index.words import terms

_PATTERNS = Path(__file__).with_name("expected.toml")
_ENDS_A_SENTENCE = re.compile(r"[.!?…:;。！？؟][\"'”’»)\]]*$")
PASSAGES_READ = 8
MOST_SENTENCES = 3
# Late interaction reads this many sentences.
_RERANKED = 12
# Sentences this close to the best one are cited with it.
_NEAR_BEST = 0.92
# A heading names a topic; it seldom answers.
_HEADING_WEIGHT = 0.75
# So does a sentence without the kind of thing that was asked for.
_UNEXPECTED_WEIGHT = 0.75
# A word that stands in the section, but not in the sentence, counts for less.
_IN_SECTION = 0.6
# So does another word for the same.
_SYNONYM = 0.8
_LEAST_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer. All scores lie in [0, 1], higher is better.

    `coverage` is the share of the question's content, by rarity, that the sentence or its section
    holds; `similarity` the cosine of the two vectors; `late` the late interaction of their words,
    None where it was not computed; `has_expected` whether the kind of thing that was asked for
    (a number, a date, a name) stands in it.
    """

    document: Document
    span: Span
    coverage: float
    similarity: float
    section_score: float
    has_expected: bool
    late: float | None = None

    @property
    def text(self) -> str:
        return self.document.text[slice(*self.span)]

    @property
    def is_heading(self) -> bool:
        path = self.document.section_at(self.span[0]).heading_path
        return path[-1:] == (" ".join(self.text.split()).lstrip("# "),)

    @property
    def score(self) -> float:
        """Half the section, half the sentence; late interaction counts as much as both."""
        score = (self.section_score + (self.coverage + self.similarity) / 2) / 2
        if self.late is not None:
            score = (score + self.late) / 2
        return score * (_HEADING_WEIGHT if self.is_heading else 1) * (1 if self.has_expected else _UNEXPECTED_WEIGHT)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for a question: sentences, best first, and what the gate decides on.

    `unknown` is the share of the question's content words that no document holds; `expected` what
    kind of thing was asked for, `content` how many words of content the question has, and
    `unknown_names` the names in it that no document holds.
    """

    candidates: tuple[Candidate, ...]
    hits: tuple[Hit, ...]
    unknown: float
    expected: str | None
    content: int
    unknown_names: tuple[str, ...] = ()


def gather(snapshot: Snapshot, question: str, language: str) -> Evidence:
    """Search for a question and rank the sentences of the best passages."""
    asked = Asked.of(snapshot, question, language)
    hits = snapshot.search(question, PASSAGES_READ, asked.encoded)
    candidates = {
        (candidate.document.id, candidate.span): candidate
        # The best passage last: a sentence in two of them keeps the better section.
        for hit in reversed(hits)
        for passage in _hit_last(snapshot, hit)
        for candidate in _candidates(snapshot, replace(hit, passage=passage), asked)
    }
    ranked = _rerank(snapshot, asked, _best_first(candidates.values())[:_RERANKED])
    ranked = _distinct(_below_heading(candidate, asked.kind) for candidate in ranked)
    return Evidence(
        candidates=tuple(ranked),
        hits=tuple(hits),
        unknown=_unknown_share(snapshot, asked),
        expected=asked.kind,
        content=len(asked.weights),
        unknown_names=unknown_names(snapshot, question, language),
    )


def _hit_last(snapshot: Snapshot, hit: Hit) -> list[Passage]:
    """The passages that share a definition or a list with a hit, and the hit."""
    return [*(passage for passage in snapshot.joined(hit.passage) if passage != hit.passage), hit.passage]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question made ready for ranking: as encoded, content words by weight with other words for them,
    acronyms, and the kind of thing it asks for."""

    encoded: Encoded
    weights: Mapping[str, float]
    acronyms: Sequence[Acronym]
    kind: str | None
    synonyms: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, snapshot: Snapshot, question: str, language: str) -> Asked:
        return cls(
            encoded=snapshot.encode(question),
            weights=content_weights(snapshot, question, language),
            acronyms=snapshot.acronyms.spoken_of(question),
            kind=expected(question, language),
            synonyms=tables()[language].synonyms,
        )


def _below_heading(candidate: Candidate, kind: str | None) -> Candidate:
    """A heading that matches stands for what it heads: the first paragraph below it, not a tag-line."""
    if not candidate.is_heading:
        return candidate
    document, section = candidate.document, candidate.document.section_at(candidate.span[0])
    below = paragraphs(document.text, body_start(document.text, section), section.end)
    prose = [span for span in below if _ENDS_A_SENTENCE.search(document.text[slice(*span)])]
    if not below:
        return candidate
    span = (prose or below)[0]
    return replace(candidate, span=span, has_expected=_has_expected(kind, document.text[slice(*span)]))


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
    same = inner.document.id == outer.document.id
    return same and outer.span[0] <= inner.span[0] and inner.span[1] <= outer.span[1]


def _best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.document.id, candidate.span))


def _rerank(snapshot: Snapshot, asked: Asked, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates by late interaction too.

    Khattab and Zaharia (2020), "ColBERT": the mean over the question's words of their best match
    among the sentence's words, here over the words that carry content, with untrained vectors.
    """
    if not candidates:
        return []
    question = asked.encoded.words
    found = snapshot.words_in([(candidate.document.id, candidate.span) for candidate in candidates])
    rows = [at for at, word in enumerate(question.words) if plain(word) in asked.weights]
    if not rows:
        return candidates
    wanted = question.vectors[rows]
    return _best_first(
        replace(candidate, late=_late(wanted, words.vectors))
        for candidate, words in zip(candidates, found, strict=True)
    )


def _late(wanted: Vectors, found: Vectors) -> float:
    return max(0.0, float((wanted @ found.T).max(axis=1).mean())) if len(found) else 0.0


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The sentences that make the answer: the best, with those nearly as good, in reading order."""
    best = candidates[0]
    chosen = [
        candidate
        for candidate in candidates
        if candidate.score >= _NEAR_BEST * best.score and candidate.coverage >= _NEAR_BEST * best.coverage
    ][:MOST_SENTENCES]
    return sorted(
        chosen, key=lambda candidate: (candidate.document.id != best.document.id, candidate.document.id, candidate.span)
    )


@cache
def patterns() -> Mapping[str, re.Pattern[str]]:
    """What numbers, dates and names look like, from `expected.toml`."""
    table = tomllib.loads(_PATTERNS.read_text(encoding="utf-8"))
    table["date"] = [*table["calendar"], *table["time"]]
    return {kind: re.compile("|".join(parts)) for kind, parts in table.items()}


def holds_expected(kind: str, text: str) -> bool:
    """Whether a text holds a thing of the kind that was asked for.

    >>> holds_expected("number", "in October 2023"), holds_expected("number", "in 3 towns")
    (False, True)
    """
    if kind == "number":
        # A year or a date is no count of anything.
        text = patterns()["calendar"].sub(" ", text)
    return bool(patterns()[kind].search(text))


def unknown_names(snapshot: Snapshot, question: str, language: str) -> tuple[str, ...]:
    """The names in a question that no document holds: capitals inside it, in a language that writes names so."""
    words = re.findall(r"\w+", question)
    capitals = [word for word in words[1:] if word[0].isupper() and len(word) > 1]
    if language == "de" or len(capitals) * 2 > len(words):
        # German writes every noun so, and a title or a shout every word.
        return ()
    function = tables()[language].function
    return tuple(word for word in capitals if plain(word) not in function and not snapshot.frequency(word))


def content_weights(snapshot: Snapshot, question: str, language: str) -> dict[str, float]:
    """The content words of a question, each by how rare it is in the documents, up to 1.

    Robertson and Sparck Jones' inverse document frequency, as in BM25, over passages.
    """
    total = snapshot.passage_count
    rarest = math.log1p((total + 0.5) / 0.5)
    weights: dict[str, float] = {}
    for word in content_words(question, language):
        frequency = snapshot.frequency(word)
        weight = math.log1p((total - frequency + 0.5) / (frequency + 0.5)) / rarest
        weights[word] = max(_LEAST_WEIGHT, weight)
    return weights


def _candidates(snapshot: Snapshot, hit: Hit, asked: Asked) -> list[Candidate]:
    """The sentences of a passage, each with its scores but the late interaction."""
    document = snapshot.document(hit.passage.document_id)
    path = " ".join(hit.passage.heading_path)
    around = _term_set(asked, document, f"{path} {document.text[hit.passage.start : hit.passage.end]}")
    section_coverage = _coverage(asked, around, frozenset(), document.language)
    spans, vectors = snapshot.sentences_in(hit.passage)
    similarities = vectors @ asked.encoded.vector[0] if spans else ()
    return [
        Candidate(
            document=document,
            span=span,
            coverage=_coverage(
                asked, _term_set(asked, document, document.text[slice(*span)]), around, document.language
            ),
            similarity=max(0.0, float(similarity)),
            section_score=(section_coverage + max(0.0, hit.similarity or 0.0)) / 2,
            has_expected=_has_expected(asked.kind, document.text[slice(*span)]),
        )
        for span, similarity in zip(spans, similarities, strict=True)
    ]


def _term_set(asked: Asked, document: Document, text: str) -> frozenset[str]:
    """The terms of a text, with the question's acronyms spelt out in it and its names shortened."""
    forms = [form for acronym in asked.acronyms for form in missing_forms(acronym, text)]
    return frozenset(terms(" ".join((text, *forms)), document.language))


def _coverage(asked: Asked, inside: frozenset[str], around: frozenset[str], language: str) -> float:
    """The share of the question's content that a text holds, or what stands around it for less."""
    total = sum(asked.weights.values())
    found = sum(
        weight * max(_held(asked, word, inside, language), _held(asked, word, around, language) * _IN_SECTION)
        for word, weight in asked.weights.items()
    )
    return found / total if total else 0.0


def _held(asked: Asked, word: str, text: frozenset[str], language: str) -> float:
    """1 where a text holds a word in any form, less where it holds one that asks for the same, else 0."""
    if text.issuperset(terms(word, language)):
        return 1.0
    others = asked.synonyms.get(word, ())
    return _SYNONYM if any(text.issuperset(terms(other, language)) for other in others) else 0.0


def _unknown_share(snapshot: Snapshot, asked: Asked) -> float:
    """The share of the question's content words that no document holds, nor a word for the same."""
    unknown = sum(
        not any(snapshot.frequency(form) for form in (word, *asked.synonyms.get(word, ()))) for word in asked.weights
    )
    return unknown / len(asked.weights) if asked.weights else 0.0
