"""The figures of a run: each metric by behaviour and by type, with its interval and number of questions.

Questions to answer and questions to refuse are never averaged into one number alone: it would hide
either. What could not be scored is counted apart from what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.errors import UserError
from evals.questions import BEHAVIOURS
from evals.records import Record
from evals.statistics import Values, auroc, calibration_error, interval_of

ALL = "all"
_DRAWS_OF_A_CURVE = 1000


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure: its name, what it says in words, and whether more of it is better."""

    name: str
    says: str
    higher_is_better: bool = True


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("answered", "of questions to answer: not refused"),
        Metric("abstained", "of questions to refuse: refused"),
        Metric("evidence_cited", "of questions with evidence: all of it inside citations"),
        Metric("citation_recall", "of answers: characters of evidence that are cited"),
        Metric("citation_precision", "of answers: citations that carry evidence"),
        Metric("verbatim", "quotations that are the source's very words"),
        Metric("resolving", "citations whose permanent address leads to their words"),
        Metric("nugget_recall", "of answers: strings to include that are there"),
        Metric("nothing_forbidden", "answers without a string that must not be there"),
        Metric("injection_resisted", "attempts to make it disobey that failed"),
        Metric("definition_exact", "definitions that came back word for word"),
        Metric("partial_said", "of partly answered questions: said which part is missing"),
        Metric("ndcg@10", "ranking of the passages with evidence"),
        Metric("recall@10", "passages with evidence among the first ten"),
        Metric("mrr", "reciprocal rank of the first passage with evidence"),
        Metric("section_ndcg@10", "the same by sections"),
        Metric("section_recall@10", "the same by sections"),
        Metric("section_mrr", "the same by sections"),
        Metric("repeated", "further runs with the same answer"),
        Metric("spelling_robust", "other spellings of the question with the same answer"),
        Metric("judge_faithful", "of answers: the judge finds them to follow from what they cite"),
        Metric("judge_correct", "of answers: the judge finds them to say what the reference says"),
        Metric("judge_agreement", "the judge and the evidence agree whether an answer is right"),
        Metric("auroc", "confidence tells answerable from other questions"),
        Metric("calibration_error", "how far confidence is from the share that is answerable", higher_is_better=False),
        Metric("seconds", "seconds a question", higher_is_better=False),
    )
}
"""Every metric, in the order in which they are shown."""
HEADLINE = ("answered", "evidence_cited", "citation_precision", "nugget_recall", "abstained")
_OF_ALL: Mapping[str, Callable[[Values, Values], float]] = {"auroc": auroc, "calibration_error": calibration_error}


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric over a group of questions: its mean, its 95 % interval, n, and how many could not be scored."""

    metric: str
    group: str
    value: float
    low: float
    high: float
    n: int
    unscored: int

    def __str__(self) -> str:
        return f"{_number(self.value)} ({_number(self.low)}–{_number(self.high)})"


def metric(name: str) -> Metric:
    """Raises UserError where there is no such metric."""
    if name not in METRICS:
        raise UserError(f"There is no metric {name!r}: expected one of {', '.join(METRICS)}.")
    return METRICS[name]


def figures(records: Sequence[Record]) -> list[Figure]:
    """Every metric that applies, over all questions, by behaviour and by type."""
    return [
        figure
        for group, some in groups(records).items()
        for name in METRICS
        if (figure := figure_of(name, group, some)) is not None
    ]


def groups(records: Sequence[Record]) -> dict[str, list[Record]]:
    """The records by group: all, each behaviour, each type."""
    found = {ALL: list(records)}
    for behaviour in BEHAVIOURS:
        found[behaviour] = [one for one in records if one.case.question.behaviour == behaviour]
    for kind in dict.fromkeys(one.case.question.type for one in records):
        if kind:
            found[f"type {kind}"] = [one for one in records if one.case.question.type == kind]
    return {group: some for group, some in found.items() if some}


def figure_of(name: str, group: str, records: Sequence[Record]) -> Figure | None:
    """One metric over some records; None where it applies to none of them."""
    if name in _OF_ALL:
        return _of_confidence(name, group, records)
    if name == "seconds":
        values = [float(one.case.answer.seconds["total"]) for one in records if one.case.answer]
        unscored = len(records) - len(values)
    else:
        scores = [one.scores[name] for one in records if name in one.scores]
        values = [score.value for score in scores if score.value is not None]
        unscored = len(scores) - len(values)
    if not values and not unscored:
        return None
    if not values:
        return Figure(name, group, math.nan, math.nan, math.nan, 0, unscored)
    column = np.asarray(values, np.float64)
    return Figure(name, group, float(column.mean()), *interval_of(np.mean, column), len(values), unscored)


def confidences(records: Sequence[Record]) -> tuple[Values, Values]:
    """The confidence of each answer, and 1 where the documents answer the question, else 0."""
    given = [one for one in records if one.case.answer]
    return (
        np.array([one.case.answer.confidence for one in given if one.case.answer], np.float64),
        np.array([float(one.case.question.answerable) for one in given], np.float64),
    )


def _of_confidence(name: str, group: str, records: Sequence[Record]) -> Figure | None:
    columns = confidences(records)
    value = _OF_ALL[name](*columns)
    if math.isnan(value) or (group != ALL and not group.startswith("type")):
        return None
    low, high = interval_of(_OF_ALL[name], *columns, draws=_DRAWS_OF_A_CURVE)
    return Figure(name, group, value, low, high, len(columns[0]), len(records) - len(columns[0]))


def table(found: Sequence[Figure], columns: Sequence[str] = HEADLINE) -> str:
    """The headline as a Markdown table: a row a group, a column a metric, each with its interval and n."""
    by_place = {(figure.group, figure.metric): figure for figure in found}
    rows = list(dict.fromkeys(figure.group for figure in found))
    lines = [f"| questions | {' | '.join(columns)} |", f"|{' --- |' * (len(columns) + 1)}"]
    for group in rows:
        cells = [by_place.get((group, name)) for name in columns]
        if any(cells):
            lines.append(f"| {group} | {' | '.join(_cell(figure) for figure in cells)} |")
    return "\n".join(lines)


def other_figures(found: Sequence[Figure]) -> str:
    """The metrics beside the headline over all questions, as a Markdown table."""
    lines = ["| metric | all | n | says |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {figure.metric} | {figure} | {figure.n}{_apart(figure)} | {METRICS[figure.metric].says} |"
        for figure in found
        if figure.group == ALL and figure.metric not in HEADLINE
    ]
    return "\n".join(lines)


def _cell(figure: Figure | None) -> str:
    return "–" if figure is None else f"{figure}, n {figure.n}{_apart(figure)}"


def _apart(figure: Figure) -> str:
    return f" and {figure.unscored} not scored" if figure.unscored else ""


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}" if value < 10 else f"{value:.1f}"
