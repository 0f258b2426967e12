"""Two runs of one set beside each other: question by question, with paired intervals and a plain sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from corpus.errors import UserError
from evals.figures import METRICS, metric
from evals.records import Record, Run
from evals.statistics import interval, questions_needed

COMPARED = (
    "answered",
    "abstained",
    "evidence_cited",
    "citation_recall",
    "citation_precision",
    "nugget_recall",
    "ndcg@10",
)
_PRIMARY = ("evidence_cited", "answered", "abstained")


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric of two runs over the questions that both have a score for: B − A, with its 95 % paired interval.

    `needed` is about how many such questions would show a difference of this size, None where
    there is none at all. Efron and Tibshirani (1993), "An introduction to the bootstrap".
    """

    metric: str
    first: float
    second: float
    low: float
    high: float
    n: int
    needed: int | None

    @property
    def value(self) -> float:
        return self.second - self.first

    @property
    def verdict(self) -> str:
        """In a plain sentence: "better", "worse", or that this set cannot show a difference."""
        sign = 1 if METRICS[self.metric].higher_is_better else -1
        low, high = sorted((sign * self.low, sign * self.high))
        if low > 0:
            return "better"
        if high < 0:
            return "worse"
        if self.needed is None:
            return "no difference"
        return f"no difference that this set can show (it would take about {self.needed:,} questions)"


@dataclass(frozen=True, slots=True)
class Change:
    """A question that got better or worse, by the first of the primary metrics that differs."""

    first: Record
    second: Record
    metric: str
    change: float


@dataclass(frozen=True, slots=True)
class Comparison:
    first: Run
    second: Run
    differences: tuple[Difference, ...]
    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    unpaired: int

    @property
    def sentence(self) -> str:
        """What the primary metrics say, in a sentence each."""
        said = [
            f"{one.metric}: {one.verdict} ({one.first:.3f} → {one.second:.3f}, n {one.n})"
            for one in self.differences
            if one.metric in _PRIMARY
        ]
        return "; ".join(said) + "."


def compare(first: tuple[Run, Sequence[Record]], second: tuple[Run, Sequence[Record]]) -> Comparison:
    """Raises UserError where the runs have no question in common."""
    left = {record.id: record for record in first[1]}
    right = {record.id: record for record in second[1]}
    same = [
        identifier for identifier in left
        if identifier in right and left[identifier].case.question.question == right[identifier].case.question.question
    ]  # fmt: skip
    if not same:
        raise UserError(
            f"The runs of {first[0].label} and {second[0].label} have no question in common: "
            "compare two runs of one set."
        )
    pairs = [(left[identifier], right[identifier]) for identifier in same]
    differences = [found for name in COMPARED if (found := difference(name, pairs)) is not None]
    changes = [change for pair in pairs if (change := _change(*pair)) is not None]
    return Comparison(
        first[0],
        second[0],
        tuple(differences),
        tuple(change for change in changes if change.change > 0),
        tuple(change for change in changes if change.change < 0),
        len(left) + len(right) - 2 * len(same),
    )


def difference(name: str, pairs: Sequence[tuple[Record, Record]]) -> Difference | None:
    """One metric over paired records; None where none has a score in both."""
    metric(name)
    both = [
        (left, right)
        for one, other in pairs
        if (left := _value(one, name)) is not None and (right := _value(other, name)) is not None
    ]
    if not both:
        return None
    columns = np.array(both, np.float64)
    gains = columns[:, 1] - columns[:, 0]
    low, high = interval(list(gains))
    return Difference(
        name,
        float(columns[:, 0].mean()),
        float(columns[:, 1].mean()),
        low,
        high,
        len(both),
        questions_needed(list(gains)),
    )


def _change(first: Record, second: Record) -> Change | None:
    for name in _PRIMARY:
        left, right = _value(first, name), _value(second, name)
        if left is not None and right is not None and left != right:
            return Change(first, second, name, right - left)
    return None


def _value(record: Record, name: str) -> float | None:
    score = record.scores.get(name)
    return None if score is None else score.value


def as_dict(found: Comparison) -> dict[str, Any]:
    """The comparison as plain JSON values; questions by their ids."""
    return {
        "first": found.first.label,
        "second": found.second.label,
        "differences": [{**asdict(one), "difference": one.value, "verdict": one.verdict} for one in found.differences],
        "better": [change.first.id for change in found.better],
        "worse": [change.first.id for change in found.worse],
        "unpaired": found.unpaired,
        "sentence": found.sentence,
    }


def text_of(found: Comparison) -> str:
    """The comparison as a person reads it in a terminal, in Markdown."""
    lines = [
        f"A: {found.first.label}, index {found.first.index_version}",
        f"B: {found.second.label}, index {found.second.index_version}",
        "",
        "| metric | n | A | B | B − A, 95 % | B is |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.metric} | {one.n} | {one.first:.3f} | {one.second:.3f} "
        f"| {one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f}) | {one.verdict} |"
        for one in found.differences
    ]
    if found.unpaired:
        lines += ["", f"{found.unpaired} questions are in one of the runs only and are left out."]
    for heading, changes in (("Better", found.better), ("Worse", found.worse)):
        lines += ["", f"{heading} in B: {len(changes)}"]
        for change in changes:
            lines += [
                f"- {change.first.id} ({change.metric}): {change.first.case.question.question}",
                f"    A: {_said(change.first)}",
                f"    B: {_said(change.second)}",
            ]
    return "\n".join([*lines, "", found.sentence])


def _said(record: Record) -> str:
    answer = record.case.answer
    if answer is None:
        return f"no answer ({record.case.error})"
    text = " ".join(answer.text.split())
    return f"{answer.outcome}: {text[:200]}{'…' if len(text) > 200 else ''}"
