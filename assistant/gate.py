"""The gate: how probable it is that the documents answer, decided before anything is composed.

A logistic regression over a few named features. The coefficients are data, fitted by
`python -m evals.fit_gate`; `gate.toml` names what they were fitted on.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assistant.extract import Evidence

_COEFFICIENTS = Path(__file__).with_name("gate.toml")
FEATURES = (
    "coverage",
    "full_coverage",
    "similarity",
    "late",
    "section",
    "unknown",
    "quantity_missing",
    "name_missing",
    "expected_found",
    "few_words",
)


@dataclass(frozen=True, slots=True)
class Gate:
    """Coefficients by feature, the intercept, and the confidence from which a question is answered."""

    threshold: float
    intercept: float
    coefficients: Mapping[str, float]

    def confidence(self, evidence: Evidence) -> float:
        """The probability that the documents answer the question, from 0 to 1."""
        if not evidence.candidates or not evidence.content:
            return 0.0
        found = features(evidence)
        logit = self.intercept + sum(weight * found[name] for name, weight in self.coefficients.items())
        confidence = 1 / (1 + math.exp(-logit))
        # No sentence without a number says how many, and none without a date says when; what is said
        # of someone or somewhere that no document names is not said there.
        ruled_out = found["quantity_missing"] or evidence.unknown_names
        return min(confidence, self.threshold / 2) if ruled_out else confidence


@cache
def load_gate() -> Gate:
    """The gate that ships with the project."""
    table = tomllib.loads(_COEFFICIENTS.read_text(encoding="utf-8"))
    return Gate(table["threshold"], table["intercept"], table["coefficients"])


def features(evidence: Evidence) -> dict[str, float]:
    """What the gate looks at, each from 0 to 1."""
    best = evidence.candidates[0]
    return {
        "coverage": best.coverage,
        "full_coverage": float(best.coverage > 0.999),
        "similarity": best.similarity,
        "late": best.late or 0.0,
        "section": best.section_score,
        "unknown": evidence.unknown,
        "quantity_missing": float(evidence.expected in ("number", "date") and not best.has_expected),
        "name_missing": float(evidence.expected == "name" and not best.has_expected),
        "expected_found": float(evidence.expected is not None and best.has_expected),
        "few_words": 1 / (1 + evidence.content),
    }


def reason(evidence: Evidence) -> str:
    """Why a question is not answered, by the sign that speaks most plainly."""
    if not evidence.candidates:
        return "no_relevant_passage"
    best = evidence.candidates[0]
    if evidence.unknown_names:
        return "unknown_name"
    if best.coverage < 0.25 and best.similarity < 0.3:
        return "no_relevant_passage"
    if evidence.expected and not best.has_expected:
        return f"expected_{evidence.expected}_missing"
    return "related_passages_only"
