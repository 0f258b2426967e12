"""Many people at once, over real HTTP on loopback: `python -m evals.load`, or `make load`.

Starts the product in a folder of its own over the shipped documents, has people ask it from another process
(`evals.asking`), and prints how long they waited and how much memory the processes of the product held, minute by
minute. Then several times as many come: what cannot be answered has to be turned away with a sentence, at once.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from evals.asking import Asked
from evals.browsing import build_index, running
from evals.questions import SETS, read_questions

P95 = 1.0
"""The bar, in seconds, with `--people` at once."""
LONGEST_REFUSAL = 1.0
"""The bar, in seconds, for how long anybody is turned away: p95."""
_SETS = ("guests", "visitors", "members")
_MINUTE = 60.0


def main() -> None:
    """Print the tables; exit code 1 where a bar is not met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--every", type=float, default=5, help="seconds from one question of a person to the next")
    parser.add_argument("--workers", type=int, default=2, help="processes that answer")
    parser.add_argument("--times", type=int, default=4, help="how many times as many people come beyond capacity")
    parser.add_argument("--beyond", type=float, default=30, help="for how many seconds they do; 0 leaves it out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        build_index(Path(place))
        with running(Path(place), "--workers", str(given.workers)) as (address, process):
            _run(address, 2 * given.workers, 5, 1)
            with sampled(process) as samples:
                usual = _run(address, given.people, given.minutes * _MINUTE, given.every)
            beyond = _run(address, given.people * given.times, given.beyond, given.every) if given.beyond else []
            after = _run(address, 1, 10, 1) if given.beyond else []
    title = f"{given.people} people, a question each {given.every:g} s, {given.minutes:g} min"
    print(f"| {title}, {given.workers} workers | |\n| --- | --- |")
    _print(usual)
    if beyond:
        print(f"\n| {given.people * given.times} people for {given.beyond:g} s | |\n| --- | --- |")
        _print(beyond)
        print(f"| one person afterwards: answered, p95 | {_share(after, 'answered')}, {_p(after, 0.95)} |")
    print("\n| minute | processes | memory (shared pages counted once) |\n| --- | --- | --- |")
    for minute, processes, size in samples:
        print(f"| {minute:.1f} | {processes} | {size / 2**20:.0f} MB |")
    if found := problems(usual, beyond, after):
        sys.exit("\n".join(found))


def problems(usual: Sequence[Asked], beyond: Sequence[Asked], after: Sequence[Asked]) -> list[str]:
    """What does not meet its bar, a sentence each."""
    found = []
    wrong = sum(one.fate != "answered" for one in usual)
    if wrong:
        found.append(f"{wrong} of {len(usual)} questions had no answer, expected none.")
    if (slow := percentile([one.seconds for one in usual], 0.95)) > P95:
        found.append(f"p95 is {slow:.2f} s, expected {P95:g} s at most.")
    if lost := sum(one.fate in ("error", "hung") for one in beyond):
        found.append(f"Beyond capacity {lost} of {len(beyond)} questions were neither answered nor turned away.")
    refused = [one.seconds for one in beyond if one.fate == "shed"]
    if refused and (slow := percentile(refused, 0.95)) > LONGEST_REFUSAL:
        found.append(f"Being turned away takes {slow:.2f} s (p95), expected {LONGEST_REFUSAL:g} s at most.")
    if missing := sum(one.fate != "answered" for one in after):
        found.append(f"Afterwards {missing} of {len(after)} questions had no answer, expected none.")
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of the values does not exceed; 0 of none.

    >>> percentile([4, 1, 3, 2], 0.5), percentile([4, 1, 3, 2], 0.95), percentile([], 0.5)
    (2, 4, 0.0)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def ask(address: str, questions: Sequence[str], people: int, seconds: float, every: float) -> list[Asked]:
    """What became of the questions of some people, who ask from a process of their own."""
    command = [sys.executable, "-m", "evals.asking", address, "--people", str(people)]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "--seconds", str(seconds), "--every", str(every)],
        input="\n".join(questions), cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [Asked(**one) for one in json.loads(done.stdout)]


def _run(address: str, people: int, seconds: float, every: float) -> list[Asked]:
    questions = [" ".join(one.question.split()) for name in _SETS for one in read_questions(SETS / f"{name}.jsonl")]
    return ask(address, questions, people, seconds, every)


@contextmanager
def sampled(process: int, every: float = _MINUTE) -> Iterator[list[tuple[float, int, int]]]:
    """Minute, number of processes and bytes held, of a process and those below it: now, each `every` s, at the end."""
    samples: list[tuple[float, int, int]] = []
    started, over = time.monotonic(), threading.Event()

    def look() -> None:
        family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
        samples.append(((time.monotonic() - started) / _MINUTE, len(family), sum(map(_held, family))))

    def watch() -> None:
        while not over.wait(every):
            look()

    look()
    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield samples
    finally:
        over.set()
        watching.join()
        look()


def _held(process: psutil.Process) -> int:
    """A process's pages, of those that several have its part: so that a mapped index counts once in the sum."""
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_full_info().pss)
    return 0


def _print(found: Sequence[Asked]) -> None:
    fates = Counter(one.fate for one in found)
    answered = [one for one in found if one.fate == "answered"]
    print(f"| questions | {len(found)} |")
    print(f"| answered | {fates['answered']} |")
    print(f"| turned away with a sentence (429, 503) | {fates['shed']} |")
    print(f"| errors | {fates['error']} |")
    print(f"| neither within a minute | {fates['hung']} |")
    print(f"| answers: p50, p95, p99 | {_p(answered, 0.5)}, {_p(answered, 0.95)}, {_p(answered, 0.99)} |")
    if shed := [one for one in found if one.fate == "shed"]:
        print(f"| turned away: p50, p95 | {_p(shed, 0.5)}, {_p(shed, 0.95)} |")
    for said, count in Counter(one.said for one in found if one.said).most_common(3):
        print(f"| {count} times | {said} |")


def _p(found: Sequence[Asked], share: float) -> str:
    return f"{percentile([one.seconds for one in found], share):.2f} s"


def _share(found: Sequence[Asked], fate: str) -> str:
    return f"{sum(one.fate == fate for one in found)} of {len(found)}"


if __name__ == "__main__":
    main()
