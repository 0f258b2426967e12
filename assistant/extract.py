"""Extractive answers: the documents' own sentences, ranked for a question."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assistant.language import plain
from assistant.question import content_words, expected
from corpus.spans import Span
from corpus.types import Document
from index.acronyms import missing_forms
from index.encode import Vectors
from index.search import Hit, Snapshot
from index.words import terms

PASSAGES_READ = 8
MOST_SENTENCES = 3
# Late interaction reads this many sentences.
_RERANKED = 12
# Sentences this close to the best one are cited with it.
_NEAR_BEST = 0.92
# A heading names a topic; it seldom answers.
_HEADING_WEIGHT = 0.75
# A word that stands in the section, but not in the sentence, counts for less.
_IN_SECTION = 0.6
_LEAST_WEIGHT = 0.2

_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:1[5-9]|20)\d\d\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b"
    r"|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=\w )\b[A-Z][\w'’-]+|(?<=, )[A-Z][\w'’-]+|^[A-Z][\w'’-]+ [A-Z]")
_EXPECTED = {"number": _NUMBER, "date": _DATE, "name": _NAME}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer. All scores lie in [0, 1], higher is better.

    `late` is the late interaction of question and sentence.
    `coverage` is the share of the question's content, by rarity, that the sentence or its section
    holds; `similarity` the cosine of the two vectors; `has_expected` whether the kind of thing
    that was asked for (a number, a date, a name) stands in it.
    """

    document: Document
    span: Span
    coverage: float
    similarity: float
    section_score: float
    has_expected: bool
    score: float
    late: float = 0.0

    @property
    def text(self) -> str:
        return self.document.text[slice(*self.span)]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for a question: sentences, best first, and what the gate decides on.

    `unknown` is the share of the question's content words that no document holds; `expected` what
    kind of thing was asked for; `passages` how many were read.
    """

    candidates: tuple[Candidate, ...]
    hits: tuple[Hit, ...]
    unknown: float
    expected: str | None
    content: int


def gather(snapshot: Snapshot, question: str, language: str) -> Evidence:
    """Search for a question and rank the sentences of the best passages."""
    expanded = snapshot.expanded(question)
    vector = snapshot.encode(expanded)
    hits = snapshot.search(question, PASSAGES_READ, vector)
    weights = content_weights(snapshot, question, language)
    kind = expected(question, language)
    candidates = {
        (candidate.document.id, candidate.span): candidate
        for hit in reversed(hits)
        for candidate in _candidates(snapshot, hit, vector, weights, kind)
    }
    ranked = _rerank(snapshot, expanded, language, _best_first(candidates.values()))
    return Evidence(tuple(ranked), tuple(hits), _unknown_share(snapshot, weights), kind, len(weights))


def _best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.document.id, candidate.span))


def _rerank(snapshot: Snapshot, question: str, language: str, ranked: list[Candidate]) -> list[Candidate]:
    """The best candidates by late interaction too; those behind them are left out.

    Khattab and Zaharia (2020), "ColBERT": the mean over the question's words of their best match
    among the sentence's words, here over the words that carry content, with untrained vectors.
    """
    read = ranked[:_RERANKED]
    if not read:
        return []
    asked, *found = snapshot.encode_words([question, *(candidate.text for candidate in read)])
    content = set(content_words(question, language))
    rows = [at for at, word in enumerate(asked.words) if plain(word) in content]
    if not rows:
        return read
    wanted = asked.vectors[rows]
    return _best_first(
        replace(candidate, late=(late := _late(wanted, words.vectors)), score=(candidate.score + late) / 2)
        for candidate, words in zip(read, found, strict=True)
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


def holds_expected(kind: str, text: str) -> bool:
    """Whether a text holds a thing of the kind that was asked for.

    >>> holds_expected("number", "in October 2023"), holds_expected("number", "in 3 towns")
    (False, True)
    """
    if kind == "number":
        # A year or a date is no count of anything.
        text = _DATE.sub(" ", text)
    return bool(_EXPECTED[kind].search(text))


def content_weights(snapshot: Snapshot, question: str, language: str) -> dict[str, float]:
    """The content words of a question, each by how rare it is in the documents, up to 1.

    Robertson and Sparck Jones' inverse document frequency, as in BM25, over passages.
    """
    total = len(snapshot.content.passages)
    rarest = math.log1p((total + 0.5) / 0.5)
    weights: dict[str, float] = {}
    for word in content_words(question, language):
        frequency = snapshot.frequency(word)
        weight = math.log1p((total - frequency + 0.5) / (frequency + 0.5)) / rarest
        weights[word] = max(_LEAST_WEIGHT, weight)
    return weights


def _candidates(
    snapshot: Snapshot, hit: Hit, vector: Vectors, weights: dict[str, float], kind: str | None
) -> list[Candidate]:
    document = snapshot.document(hit.passage.document_id)
    spans, vectors = snapshot.sentences_in(hit.passage)
    around = _term_set(snapshot, document, document.text[hit.passage.start : hit.passage.end], hit.passage.heading_path)
    section_coverage = _coverage(weights, around, frozenset(), document.language)
    section_score = (section_coverage + max(0.0, hit.similarity or 0.0)) / 2
    return [
        _candidate(snapshot, document, span, float(similarity), weights, around, section_score, kind)
        for span, similarity in zip(spans, (vectors @ vector[0]) if len(spans) else (), strict=True)
    ]


def _candidate(
    snapshot: Snapshot,
    document: Document,
    span: Span,
    similarity: float,
    weights: dict[str, float],
    around: frozenset[str],
    section_score: float,
    kind: str | None,
) -> Candidate:
    text = document.text[slice(*span)]
    coverage = _coverage(weights, _term_set(snapshot, document, text, ()), around, document.language)
    score = (section_score + (coverage + max(0.0, similarity)) / 2) / 2
    has_expected = kind is None or holds_expected(kind, text)
    if document.section_at(span[0]).heading_path[-1:] == (" ".join(text.split()).lstrip("# "),):
        score *= _HEADING_WEIGHT
    return Candidate(
        document,
        span,
        coverage,
        max(0.0, similarity),
        section_score,
        has_expected,
        score if has_expected else score * 0.9,
    )


def _term_set(snapshot: Snapshot, document: Document, text: str, path: Sequence[str]) -> frozenset[str]:
    """The terms of a text, with its acronyms spelt out and its names shortened."""
    forms = [form for acronym in snapshot.acronyms.values() for form in missing_forms(acronym, text)]
    return frozenset(terms(" ".join((*path, text, *forms)), document.language))


def _coverage(weights: dict[str, float], inside: frozenset[str], around: frozenset[str], language: str) -> float:
    total = sum(weights.values())
    if not total:
        return 0.0
    found = 0.0
    for word, weight in weights.items():
        wanted = set(terms(word, language))
        if wanted <= inside:
            found += weight
        elif wanted <= around:
            found += weight * _IN_SECTION
    return found / total


def _unknown_share(snapshot: Snapshot, weights: dict[str, float]) -> float:
    unknown = sum(snapshot.frequency(word) == 0 for word in weights)
    return unknown / len(weights) if weights else 0.0
