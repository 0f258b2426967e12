"""What a promise is: words, and trials that show whether it holds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Faults = Iterator[str]
"""A word for each trial: "" where the promise held, else what was wrong and what repeats it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What trials are made with: an empty folder of their own, how many are wanted, and the seed of what is drawn."""

    folder: Path
    trials: int
    seed: int = 1

    def generator(self, number: int) -> random.Random:
        """What a trial, counted from 0, draws from: the same in each run with that seed."""
        return random.Random(f"{self.seed} {number}")


@dataclass(frozen=True, slots=True)
class Promise:
    """`trials` is how many the full proof takes; `run` may be closed after any of them."""

    name: str
    words: str
    trials: int
    run: Callable[[Plan], Faults]
