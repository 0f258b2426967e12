"""Whether verified sentences answer what was asked: true is not enough."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.expected import holds_expected, kinds
from assistant.extract import Evidence
from assistant.language import synonyms
from assistant.question import content_words
from assistant.types import Answer
from corpus.spans import Span
from index.words import terms

# Of what the answer without a model covers of the question's words, one of the model covers so much.
_AS_MUCH = 0.8
# Where there is none, so much of the question.
_OF_THE_QUESTION = 0.6
# What the sentences rest on is as probable to answer as the best that was found, or so nearly.
_AS_PROBABLE = 0.5


Place = tuple[str, Span]
"""A document's id and a span of it."""


def answers(
    question: str,
    language: str,
    texts: Sequence[str],
    places: Sequence[Place],
    evidence: Evidence,
    without: Answer,
) -> bool:
    """Whether the texts that a model's sentences rest on, with their headings, answer a question.

    They hold the kind of thing that it asks for, speak of what it asks about as much as the answer
    without the model does, or of most of it where that is a refusal, and stand where that answer stands or
    where another sentence was found nearly as probable to answer: what is true and beside the question
    has its words too. `texts` are the documents' own words, so what a model says of them does not count, and
    `places` are where they stand.
    """
    said = " ".join(texts)
    if evidence.expected and kinds()[evidence.expected].decides and not holds_expected(evidence.expected, said):
        return False
    if evidence.unknown_names and not without.citations:
        return False
    cited = [(one.document_id, (one.start, one.end)) for one in without.citations]
    if not _overlap(places, [*cited, *_probable(evidence)]):
        return False
    mine = covered(question, language, said)
    if not without.citations:
        return mine >= _OF_THE_QUESTION
    theirs = covered(question, language, " ".join(f"{one.section} {one.quote}" for one in without.citations))
    return mine >= _AS_MUCH * theirs if theirs else _overlap(places, cited)


def _probable(evidence: Evidence) -> list[Place]:
    """The sentences found that are nearly as probable to answer as the best one."""
    least = _AS_PROBABLE * evidence.candidates[0].score if evidence.candidates else 0.0
    return [(one.document.id, one.span) for one in evidence.candidates if one.score >= least]


def _overlap(places: Sequence[Place], others: Sequence[Place]) -> bool:
    return any(
        document == other and start < other_end and other_start < end
        for document, (start, end) in places
        for other, (other_start, other_end) in others
    )


def covered(question: str, language: str, text: str) -> float:
    """The share of a question's words of content that a text holds in any form or as a synonym; 1 of none."""
    held = set(terms(text, language))
    wanted = list(dict.fromkeys(content_words(question, language)))
    if not wanted:
        return 1.0
    return sum(_is_held(word, language, held) for word in wanted) / len(wanted)


def _is_held(word: str, language: str, held: set[str]) -> bool:
    return any(set(terms(one, language)) <= held for one in (word, *synonyms(word, language)))
