"""Intervals, differences, and how well a confidence tells apart and is calibrated."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
_DRAWS = 10_000
# The normal quantiles of a two-sided 5 % test, and of a power of 80 %.
_Z = 1.96 + 0.84
# What a two-sided interval of 95 % leaves out at one end, and how often a bound is halved to find it.
_TAIL = 0.025
_HALVINGS = 60


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean over questions (Efron 1979), from a fixed seed."""
    return interval_of(np.mean, np.asarray(values, np.float64))


def interval_of(figure: Callable[..., float], *columns: Values, draws: int = _DRAWS) -> tuple[float, float]:
    """The 95 % bootstrap interval of a figure of some columns, whose rows (the questions) are drawn together."""
    size = len(columns[0])
    chosen = np.random.default_rng(0).integers(0, size, (draws, size))
    if figure is np.mean:
        found = columns[0][chosen].mean(axis=1)
    else:
        found = np.array([figure(*(column[rows] for column in columns)) for rows in chosen])
    found = found[~np.isnan(found)]
    if not len(found):
        return math.nan, math.nan
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def auroc(confidences: Values, answerable: Values) -> float:
    """The probability that an answerable question has a higher confidence than another one; nan without both kinds.

    Mann and Whitney (1947), by ranks, equal confidences counting half.

    >>> auroc(np.array([0.9, 0.2, 0.2]), np.array([1.0, 1.0, 0.0]))
    0.75
    """
    positive = answerable > 0
    yes, no = int(positive.sum()), int((~positive).sum())
    if not yes or not no:
        return math.nan
    _, inverse, counts = np.unique(confidences, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[positive].sum() - yes * (yes + 1) / 2) / (yes * no))


def calibration(confidences: Values, answerable: Values, bins: int = 10) -> list[tuple[float, float, int]]:
    """For each bin of equal width that holds any question: mean confidence, share that is answerable, number."""
    places = np.minimum((confidences * bins).astype(int), bins - 1)
    return [
        (float(confidences[places == at].mean()), float(answerable[places == at].mean()), int((places == at).sum()))
        for at in range(bins)
        if (places == at).any()
    ]


def calibration_error(confidences: Values, answerable: Values) -> float:
    """Expected calibration error: by how much confidence and share differ, over ten bins by their number.

    Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning".

    >>> round(calibration_error(np.array([0.9, 0.9, 0.1, 0.1]), np.array([1.0, 0.0, 0.0, 0.0])), 3)
    0.25
    """
    if not len(confidences):
        return math.nan
    return sum(abs(mean - share) * count for mean, share, count in calibration(confidences, answerable)) / len(
        confidences
    )


def risk_coverage(confidences: Values, answerable: Values) -> list[tuple[float, float]]:
    """Points (coverage, risk) for every threshold, from the strictest on.

    Geifman and El-Yaniv (2017), "Selective classification for deep neural networks"; the risk here
    is the share of questions, among those above the threshold, that the documents do not answer.

    >>> risk_coverage(np.array([0.9, 0.8, 0.1]), np.array([1.0, 0.0, 1.0]))
    [(0.3333333333333333, 0.0), (0.6666666666666666, 0.5), (1.0, 0.3333333333333333)]
    """
    order = np.argsort(-confidences, kind="stable")
    wrong = np.cumsum(1 - answerable[order])
    last = [
        at for at in range(len(order)) if at + 1 == len(order) or confidences[order[at]] != confidences[order[at + 1]]
    ]
    return [((at + 1) / len(order), float(wrong[at] / (at + 1))) for at in last]


def questions_needed(differences: Sequence[float]) -> int | None:
    """About how many paired questions would show a mean difference of this size; None where there is none.

    The usual sample size of a paired test at 5 % with a power of 80 % (Cohen 1988).
    """
    mean, spread = float(np.mean(differences)), float(np.std(differences))
    return math.ceil((_Z * spread / mean) ** 2) if mean else None


def upper_bound(failures: int, trials: int) -> float:
    """The upper end of the 95 % interval of a rate: 3/n where none of n failed, else by Clopper and Pearson (1934).

    >>> upper_bound(0, 300), round(upper_bound(1, 10), 3), upper_bound(4, 4)
    (0.01, 0.445, 1.0)
    """
    if failures == 0:
        return min(1.0, 3 / trials)
    low, high = failures / trials, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(failures, trials, middle) > _TAIL else (low, middle)
    return high


def _at_most(failures: int, trials: int, rate: float) -> float:
    """The probability of so many failures or fewer."""
    if rate >= 1:
        return float(failures >= trials)
    logs = (
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        + k * math.log(rate) + (trials - k) * math.log1p(-rate)
        for k in range(failures + 1)
    )  # fmt: skip
    return math.fsum(map(math.exp, logs))
