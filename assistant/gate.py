"""The gate: how probable it is that the documents answer, decided before anything is composed."""

from __future__ import annotations

import re

from assistant.calibration import Calibration
from assistant.expected import kinds, months
from assistant.extract import Candidate, Evidence
from assistant.language import plain
from assistant.parts import asks_for_now, asks_whether, cues, presumes
from assistant.translate import ENGLISH
from index.words import terms

_LOW = 0.3
_ENOUGH = 0.2
# What a contradicted question's other words must have in common with the sentence.
_SAME = 0.4
# What the sentence must hold itself of a question that only asks whether something was so then.
_SAME_DATED = 0.4
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
# The share of a question's words that no document holds beyond which it is not spoken of, and the share by
# rarity that a sentence must hold to touch on it, or to speak of it.
_UNHEARD = 0.5
_TOUCHED = 0.25
_SPOKEN_OF = 0.5
_ALIKE = 0.45
# So many words after "former" may be a title.
_TITLE = 3


def features(evidence: Evidence) -> dict[str, float]:
    """What the gate looks at. The best sentence's scores, how it stands out, and what the question asks for."""
    best = evidence.candidates[0]
    missing = evidence.expected is not None and not best.has_expected
    found = {
        "coverage": best.coverage,
        "own": best.own,
        "heading": best.heading,
        "similarity": best.similarity,
        "late": best.late or 0.0,
        "late_all": best.late_all or 0.0,
        "section": best.section,
        "score": best.score,
        "margin": best.score - (evidence.candidates[1].score if len(evidence.candidates) > 1 else 0.0),
        "unknown": evidence.unknown,
        "unknown_name": float(bool(evidence.unknown_names)),
        "quantity_missing": float(missing and _decides(evidence)),
        "name_missing": float(missing and not _decides(evidence)),
        "expected_found": float(evidence.expected is not None and best.has_expected),
        "few_words": 1 / (1 + evidence.content),
    }
    if evidence.read:
        found |= _as_read(evidence)
    return found


def contradicts(question: str, evidence: Evidence) -> bool:
    """Whether the best sentence says otherwise than a question takes for true: it speaks of the same, with another
    year or number, or without a name that no document holds."""
    if not evidence.candidates:
        return False
    if not presumes(question):
        return asks_whether(question) and _tells_other_date(question, evidence.candidates[0])
    best = evidence.candidates[0]
    asked, said = _numbers(question), _numbers(best.text)
    other_number = bool(asked and said and not asked & said)
    same = best.coverage >= _SAME or best.similarity >= _ALIKE
    return same and (other_number or bool(evidence.unknown_names))


def _tells_other_date(question: str, best: Candidate) -> bool:
    """Whether a sentence that speaks of the same tells another year than a question, or another month."""
    if best.own < _SAME_DATED or best.is_heading:
        return False
    asked, said = question, best.text
    years = set(_YEAR.findall(asked)), set(_YEAR.findall(said))
    named = months(asked), months(said)
    return any(one and other and not one & other for one, other in (years, named))


def tells_only_of_before(question: str, evidence: Evidence) -> bool:
    """Whether a question asks who holds a place now, and the best sentence tells who formerly did."""
    if not evidence.candidates or not asks_for_now(question):
        return False
    asked = set(terms(question, ENGLISH))
    said = re.findall(r"\w+", evidence.candidates[0].text)
    after = (said[at + 1 : at + 1 + _TITLE] for at, word in enumerate(said) if plain(word) in cues().former)
    return any(asked.intersection(terms(" ".join(title), ENGLISH)) for title in after)


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", text))


def confidence(evidence: Evidence, calibration: Calibration) -> float:
    """The probability that the documents answer the question, from 0 to 1."""
    if not evidence.candidates or not evidence.content:
        return 0.0
    gate = calibration.gate(read=evidence.read)
    found = gate.model.probability(features(evidence))
    # No sentence without a number says how many, and none without a date says when; what is said of
    # someone or somewhere that no document names is not said there.
    return min(found, gate.threshold / 2) if _ruled_out(evidence) else found


def reason(evidence: Evidence) -> str:
    """Why a question is not answered, by the sign that speaks most plainly."""
    if not evidence.candidates:
        return "no_relevant_passage"
    best = evidence.candidates[0]
    if evidence.unknown_names:
        return "unknown_name"
    most = max(one.coverage for one in evidence.candidates)
    unheard = evidence.unknown > _UNHEARD and best.similarity < _ALIKE
    if unheard or (best.coverage < _TOUCHED and best.similarity < _LOW):
        return "related_passages_only" if most > _SPOKEN_OF else "no_relevant_passage"
    if evidence.expected and not best.has_expected and most >= _TOUCHED:
        return kinds()[evidence.expected].reason
    return "relation_absent" if best.coverage > _SPOKEN_OF else "related_passages_only"


def _ruled_out(evidence: Evidence) -> bool:
    # Where several sentences would make the answer, one of them is enough.
    held = any(one.has_expected for one in _answering(evidence))
    return (_decides(evidence) and not held) or bool(evidence.unknown_names)


def _decides(evidence: Evidence) -> bool:
    """Whether no text answers without the kind of thing that was asked for."""
    return evidence.expected is not None and kinds()[evidence.expected].decides


def _answering(evidence: Evidence) -> list[Candidate]:
    best = evidence.candidates[0].score
    return [one for one in evidence.candidates if one.score >= _ENOUGH * best]


def _as_read(evidence: Evidence) -> dict[str, float]:
    """What the reader makes of the best sentences, as logits."""
    read = sorted((one.reading.answers for one in evidence.candidates if one.reading), reverse=True)
    first = evidence.candidates[0].reading
    return {
        "answers": first.answers if first else 0.0,
        "answers_most": read[0] if read else 0.0,
        "answers_next": read[1] if len(read) > 1 else 0.0,
        "inside": first.inside if first else 0.0,
    }
