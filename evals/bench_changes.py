"""One document changed among many: how long until it is answered from. `python -m evals.bench_changes`.

The documents are made up (two sentences of the shipped corpus' words each, by a seed), so the
figures are those of many small files. A server process holds the index open, as the chat does; the
change is a written file and `assistant index build` in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from assistant.service import Service
from assistant.settings import load_settings
from corpus.catalogue import SHIPPED_DOCUMENTS, load_corpus
from index.words import words

RUNS = 5


def main() -> None:
    """Print the table of `docs/measurements.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    count = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as scratch:
        corpus, index = Path(scratch) / "documents", Path(scratch) / "index"
        _write_documents(corpus, count)
        os.environ |= {"ASSISTANT_CORPUS": str(corpus), "ASSISTANT_INDEX": str(index)}
        first = _build()
        service = Service(load_settings())
        opened = _timed(service.assistant)
        service.follow()
        nothing = _build()
        seconds = [_change(service, corpus, number) for number in range(RUNS)]
        service.close()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"| {count} documents | seconds |")
    print("| --- | --- |")
    print(f"| the first build | {first:.1f} |")
    print(f"| opening the index | {opened:.2f} |")
    print(f"| a build when nothing has changed | {nothing:.2f} |")
    built = [build for build, _ in seconds]
    found = [total for _, total in seconds]
    print(f"| one document changed: the build, median of {RUNS} (spread) | {_spread(built)} |")
    print(
        f"| one document changed: from writing the file to the answer, median of {RUNS} (spread) | {_spread(found)} |"
    )
    print(f"| peak memory of the serving process | {memory / 2**20:.0f} MB |")


def _write_documents(folder: Path, count: int) -> None:
    folder.mkdir()
    generator = random.Random(1)
    vocabulary = [word for document in load_corpus(SHIPPED_DOCUMENTS).documents for word in words(document.text)]
    for number in range(count):
        lines = [" ".join(generator.sample(vocabulary, 15)).capitalize() + "." for _ in range(2)]
        (folder / f"{number:06}.md").write_text(f"# Note {number}\n\n{' '.join(lines)}\n", encoding="utf-8")


def _change(service: Service, corpus: Path, number: int) -> tuple[float, float]:
    """Seconds of the build, and from the change to the first search that finds it."""
    mark = f"quokka{number}"
    started = time.perf_counter()
    (corpus / f"{number:06}.md").write_text(f"# Changed\n\nThe {mark} sleeps here.\n", encoding="utf-8")
    built = _build()
    while not (hits := service.assistant().snapshot.search(mark, 1)) or hits[0].lexical_rank is None:
        time.sleep(0.02)
    return built, time.perf_counter() - started


def _build() -> float:
    return _timed(
        lambda: subprocess.run(
            [sys.executable, "-m", "assistant", "index", "build"], check=True, stdout=subprocess.DEVNULL
        )
    )


def _timed(task: Callable[[], object]) -> float:
    started = time.perf_counter()
    task()
    return time.perf_counter() - started


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


if __name__ == "__main__":
    main()
