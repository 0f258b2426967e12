"""How long an answer takes on one core: `python -m evals.bench_answers QUESTIONS`, a question a line.

Over the index that the settings name, without the reader and with it, each in a process of its own that may use
one core. Each question is asked twice, the second time after all others: then the words of the sentences that
answer it are still known, as they are for what many people ask.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

_READERS = ("off", "shipped")
# The core is chosen before anything is imported that starts threads by the number of cores.
_CHILD = (
    "import os, sys; os.sched_setaffinity(0, {max(os.sched_getaffinity(0))}); "
    "from evals.bench_answers import ask; ask(sys.argv[1])"
)


def main() -> None:
    """Print the table of `docs/answers.md`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path, metavar="QUESTIONS")
    given = parser.parse_args()
    print("| passages | reader | n | answered | first time: median | p95 | again: median | p95 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for reader in _READERS:
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-c", _CHILD, str(given.questions)],
            env={**os.environ, "ASSISTANT_READER": reader}, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        found = json.loads(done.stdout)
        times = " | ".join(
            f"{1000 * _at(seconds, share):.0f} ms" for seconds in found["seconds"] for share in (0.5, 0.95)
        )
        print(f"| {found['passages']:,} | {reader} | {found['n']} | {found['answered']} | {times} |")


def ask(path: str) -> None:
    """In the child: ask every question twice, and write what it took to standard output."""
    from assistant.service import Service
    from assistant.settings import load_settings

    questions = [line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    service = Service(load_settings())
    assistant = service.assistant()
    service.warm_up()
    rounds: list[list[float]] = []
    answered = 0
    for _ in range(2):
        seconds = []
        answered = 0
        for question in questions:
            began = time.perf_counter()
            answered += assistant.ask(question).outcome != "not_found"
            seconds.append(time.perf_counter() - began)
        rounds.append(seconds)
    found = {"passages": assistant.passage_count, "n": len(questions), "answered": answered, "seconds": rounds}
    sys.stdout.write(json.dumps(found))


def _at(seconds: list[float], share: float) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[round(100 * share) - 1]


if __name__ == "__main__":
    main()
