"""Measures of a ranking through ir-measures, which computes as trec_eval does. Only file that imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ir_measures
from ir_measures import RR, Qrel, R, ScoredDoc, nDCG

Relevant = Mapping[str, Mapping[str, int]]
"""Grades by question and document."""
Rankings = Mapping[str, Sequence[str]]
"""Documents by question, best first; each once."""

MEASURES = {"ndcg@10": nDCG @ 10, "recall@10": R @ 10, "mrr": RR}


def measure(names: Sequence[str], relevant: Relevant, rankings: Rankings) -> dict[str, dict[str, float]]:
    """Each measure of each question, by the measure's name and the question.

    Questions without a relevant document are left out, those without a ranking get 0.
    """
    qrels = [
        Qrel(question, document, grade) for question, grades in relevant.items() for document, grade in grades.items()
    ]
    run = [
        ScoredDoc(question, document, -float(place))
        for question, ranking in rankings.items()
        for place, document in enumerate(ranking)
    ]
    by_measure = {MEASURES[name]: name for name in names}
    found: dict[str, dict[str, float]] = {name: dict.fromkeys(relevant, 0.0) for name in names}
    for value in ir_measures.iter_calc(list(by_measure), qrels, run):
        found[by_measure[value.measure]][value.query_id] = float(value.value)
    return found
