"""Builders that are killed: at each named step and at random moments, the vectors in a folder or on a Chroma server."""

from __future__ import annotations

from collections.abc import Iterator

from evals.bench_crashes import IN_A_ROW, MOMENTS, Series, apart
from evals.reliability.promise import Faults, Plan
from index.faults import STEPS


def killed(plan: Plan) -> Faults:
    """Kills as `evals.bench_crashes` makes them, by turns of step and place; half of all at random moments."""
    for series in _series(plan):
        for number, result in enumerate(apart(series, plan.folder), series.first):
            missed = "" if result.died or series.kind == MOMENTS else "the build did not die of the kill"
            what = "; ".join((*result.faults, missed)).strip("; ")
            yield f"{series.place}, {series.kind}, kill {number + 1}: {what}" if what else ""


def _series(plan: Plan) -> Iterator[Series]:
    kinds = [kind for step in STEPS for kind in (step, MOMENTS)]
    planned, at = 0, 0
    while planned < plan.trials:
        rounds, turn = divmod(at, 2 * len(kinds))
        # A round takes every kind in both places; the numbers go on from round to round.
        kind, server = kinds[turn // 2], turn % 2 == 1
        kills = min(IN_A_ROW, plan.trials - planned)
        yield Series(kind, server, rounds * IN_A_ROW + turn * 1000, kills, plan.seed)
        planned += kills
        at += 1
