"""Time and memory on this machine, as tables: `make bench`.

Every figure is the median of five runs, each in a process of its own. Machines are shared and
noisy: compare figures of one run with each other.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from evals.questions import SETS, read_questions

RUNS = 5

# A child that answers twice and tells how long each took since its process began.
_CHILD = """
import json, sys, time
import psutil
began = psutil.Process().create_time()
from assistant.service import Service
from assistant.settings import load_settings
assistant = Service(load_settings()).assistant()
assistant.ask(sys.argv[1])
first = time.time() - began
times = []
for _ in range(20):
    start = time.perf_counter()
    assistant.ask(sys.argv[1])
    times.append(time.perf_counter() - start)
print(json.dumps({"first": first, "more": sorted(times)[10], "memory": psutil.Process().memory_info().rss}))
"""


def main() -> None:
    """Print the table of `docs/measurements.md`."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"ASSISTANT_INDEX": str(Path(folder) / "index")}
        built = _median(lambda: _timed([*_ASSISTANT, "index", "build", "--rebuild"], environment))
        print("| what | median of 5 | spread |")
        print("| --- | --- | --- |")
        _row("build the index of the shipped corpus, process start to end", built, "s")
        _row("`assistant --help`, process start to end", _median(lambda: _timed([*_ASSISTANT, "--help"], {})), "s")
        for kind, label in (("definition", "a definition"), ("question", "a question")):
            question = next(one.question for one in read_questions(SETS / "start.jsonl") if one.type == kind)
            runs = [_answers(question, environment) for _ in range(RUNS)]
            _row(f"{label}: process start to first answer", [run["first"] for run in runs], "s")
            _row(f"{label}: one more answer", [run["more"] * 1000 for run in runs], "ms")
            _row(f"{label}: resident memory after it", [run["memory"] / 2**20 for run in runs], "MB")


_ASSISTANT = [sys.executable, "-m", "assistant"]


def _answers(question: str, environment: dict[str, str]) -> dict[str, float]:
    output = _run([sys.executable, "-c", _CHILD, question], environment)
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result


def _timed(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    _run(command, environment)
    return time.perf_counter() - started


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        command, env={**os.environ, **environment}, check=True, capture_output=True, text=True
    )
    return done.stdout


def _median(measure: Callable[[], float]) -> list[float]:
    return [measure() for _ in range(RUNS)]


def _row(what: str, values: list[float], unit: str) -> None:
    print(f"| {what} | {statistics.median(values):.3g} {unit} | {min(values):.3g}–{max(values):.3g} |", flush=True)


if __name__ == "__main__":
    main()
