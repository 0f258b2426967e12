"""Proves what docs/reliability.md promises, on this machine alone: `python -m evals.reliability`.

Each promise has trials in which something goes wrong: a process is killed, a disk is full, a file is damaged,
a citation is forged. The table says how many there were, how many of them broke the promise, and the upper end of
the 95 % interval of the rate: 3/n where none of n did, else that of Clopper and Pearson. Whatever broke
follows with what repeats it; the exit code is 1 then. Nothing beyond this machine is asked for anything.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from evals.reliability.promise import Plan, Promise
from evals.reliability.registry import PROMISES
from evals.statistics import upper_bound

_TOLD = 10


@dataclass(slots=True)
class Tally:
    """What came of a promise's trials, in `seconds`; `faults` are in words."""

    promise: Promise
    trials: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def row(self) -> str:
        failures = len(self.faults)
        bound = f"{upper_bound(failures, self.trials):.4f}" if self.trials else "–"
        return f"| {self.promise.words} | {self.trials} | {failures} | {bound} | {self.seconds:.0f} |"


def main() -> int:
    """Print the table, then what was wrong. 1 where a promise was broken or had no trial, else 0."""
    given = _arguments()
    # What goes wrong here is meant to: the table says what came of it.
    logging.disable(logging.WARNING)
    ends = time.monotonic() + given.minutes * 60
    tallies: list[Tally] = []
    print("| promise | trials | failures | rate below, at 95 % | seconds |\n| --- | --- | --- | --- | --- |")
    for at, promise in enumerate(given.only):
        # What one promise leaves of its time is shared among those that come after it.
        share = max(0.0, ends - time.monotonic()) / (len(given.only) - at)
        tallies.append(tally(promise, given.trials or promise.trials, share, given.seed))
        print(tallies[-1].row, flush=True)
    _print_faults(tallies, given.seed)
    return int(any(one.faults or not one.trials for one in tallies))


def tally(promise: Promise, trials: int, seconds: float, seed: int) -> Tally:
    """Make trials until there are so many, or so many seconds have passed; at least one."""
    done, started = Tally(promise), time.monotonic()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        closing(promise.run(Plan(Path(folder), trials, seed))) as running,  # type: ignore[type-var]
    ):
        for fault in running:
            done.trials += 1
            done.faults += [fault] if fault else []
            if done.trials >= trials or time.monotonic() - started > seconds:
                break
    done.seconds = time.monotonic() - started
    return done


def _arguments() -> argparse.Namespace:
    known = {promise.name: promise for promise in PROMISES}
    names = "\n".join(f"  {one.name:<18} {one.trials:>5}  {one.words}" for one in PROMISES)
    parser = argparse.ArgumentParser(
        prog="python -m evals.reliability",
        description=f"{__doc__}\npromises, with the trials of a full proof:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", action="append", choices=[*known], metavar="NAME", help="may be given several times")
    parser.add_argument("--trials", type=int, help="of each promise; by default as many as stand above")
    parser.add_argument("--minutes", type=float, default=240.0, help="for all of them together")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.only = [known[name] for name in dict.fromkeys(given.only or known)]
    return given


def _print_faults(tallies: Sequence[Tally], seed: int) -> None:
    broken = [one for one in tallies if one.faults]
    for one in broken:
        print(f"\n{one.promise.name}, seed {seed}:")
        print("\n".join(f"- {fault}" for fault in one.faults[:_TOLD]))
        if len(one.faults) > _TOLD:
            print(f"- and {len(one.faults) - _TOLD} more")
    if not broken:
        print("\nNo faults.")


if __name__ == "__main__":
    sys.exit(main())
