"""Generations swapped under readers that never pause: `python -m evals.bench_swaps`.

One index after the other is built and published, each by `assistant index build` in a process of its
own: a change of the documents each time, and every tenth time a new base. Meanwhile some reader
processes ask without pause, as the chat does: `assistant.service.Service` with `follow()`, the
settings' own encoder, an `Assistant` for each question. So what is measured is the product; only the
documents are made up, and they have no definitions.

Half of the documents hold the number of their generation in every sentence, so an answer out of two
generations shows; the other half never changes, so that the base that snapshots share is searched too.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from assistant.ask import Assistant
from assistant.service import Service
from assistant.settings import load_settings
from assistant.types import Answer
from evals.made_up import document, sentence, vocabulary

NUMBERED = 20
STANDING = 20
NEW_BASE_EVERY = 10
_SENTENCES = 4
_ASKED_WORDS = 4
_LOOKED_AT = 3
_KEPT_GENERATIONS = 2
_WATCH_EVERY = 0.005
_PATIENCE = 120.0
# The readers go on so long after the last generation.
_AFTERWARDS = 5.0
_NUMBER = re.compile(r"\bedition(\d+)\b", re.IGNORECASE)


@dataclass(slots=True)
class Reading:
    """What a reader saw. Times are seconds; `seen` has the clock's time of the first answer from each generation.

    `sizes` are its resident bytes and its open files right then. `logged` counts what its service
    had to say about an index that it could not open at once.
    """

    questions: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    mixed: list[str] = field(default_factory=list)
    backward: int = 0
    logged: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    seen: dict[int, float] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Watched:
    """What lay in the index folder at any moment: finished generations, and folders with the unfinished one."""

    finished: int = 0
    folders: int = 0
    longest_over: float = 0.0
    seconds_over: float = 0.0


def main() -> None:
    """Print the tables."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        corpus, index = Path(scratch) / "documents", Path(scratch) / "index"
        os.environ |= {"ASSISTANT_CORPUS": str(corpus), "ASSISTANT_INDEX": str(index)}
        texts = _texts(random.Random(arguments.seed))
        _write(corpus, texts, 0)
        _build(rebuild=False)
        started = time.perf_counter()
        with watching(index) as watched, Readers(arguments.readers, _questions(texts, arguments.seed)) as readers:
            published = _publish_all(corpus, index, texts, arguments.generations)
            readers.wait_for(arguments.generations)
            time.sleep(_AFTERWARDS)
            readings = readers.end()
        seconds = time.perf_counter() - started
        left = len(_generations(index)), len(list((index / "serving").glob("*")))
    _print_summary(readings, watched, left, published, seconds)
    _print_sizes(readings, arguments.generations)
    _print_findings(readings)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generations", type=int, default=100)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _texts(generator: random.Random) -> dict[str, list[str]]:
    """The sentences of each document. They stay; what changes is the number that stands in them."""
    known = vocabulary()
    names = [f"numbered-{at:02}" for at in range(NUMBERED)] + [f"standing-{at:02}" for at in range(STANDING)]
    return {name: [sentence(generator, known) for _ in range(_SENTENCES)] for name in names}


def _write(folder: Path, texts: Mapping[str, Sequence[str]], number: int) -> None:
    folder.mkdir(exist_ok=True)
    for name, sentences in texts.items():
        if number == 0 or name.startswith("numbered"):
            mark = f"edition{number}" if name.startswith("numbered") else "always"
            (folder / f"{name}.md").write_text(document(name, sentences, mark), encoding="utf-8")


def _questions(texts: Mapping[str, Sequence[str]], seed: int) -> list[str]:
    """A question for each sentence, of some of its words."""
    generator = random.Random(seed)
    return [
        f"What is said of {' '.join(generator.sample(one.split(), _ASKED_WORDS))}?"
        for sentences in texts.values()
        for one in sentences
    ]


def _publish_all(corpus: Path, index: Path, texts: Mapping[str, Sequence[str]], count: int) -> dict[int, float]:
    """Publish generations 1 to `count`; the clock's time at which each was."""
    published = {}
    for number in range(1, count + 1):
        _write(corpus, texts, number)
        _build(rebuild=number % NEW_BASE_EVERY == 0)
        # The pointer is written, made durable and renamed into place: the time of writing is kept.
        published[number] = (index / "current").stat().st_mtime
        print(f"{number} of {count} generations", file=sys.stderr, flush=True)
    return published


def _build(*, rebuild: bool) -> None:
    command = [sys.executable, "-m", "assistant", "index", "build", *(["--rebuild"] if rebuild else [])]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own


class Readers:
    """Processes that ask without pause until they are told to end."""

    def __init__(self, count: int, questions: Sequence[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._end = context.Event()
        self._newest = context.Array("i", count)
        self._processes: list[BaseProcess] = []
        self._receiving: list[Connection] = []
        for at in range(count):
            receiving, sending = context.Pipe(duplex=False)
            process = context.Process(target=_read, args=(at, questions, self._newest, self._end, sending))
            process.start()
            sending.close()
            self._processes.append(process)
            self._receiving.append(receiving)

    def __enter__(self) -> Readers:
        """Waits until each has answered a question."""
        for receiving in self._receiving:
            receiving.recv()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.join()

    def wait_for(self, number: int) -> None:
        """Wait until each has answered from this generation, or died, or had its time."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and any(
            process.is_alive() and self._newest[at] < number for at, process in enumerate(self._processes)
        ):
            time.sleep(0.05)

    def end(self) -> list[Reading]:
        """What each saw. A reader that died gives a reading that says so."""
        self._end.set()
        return [
            _received(process, receiving) for process, receiving in zip(self._processes, self._receiving, strict=True)
        ]


def _received(process: BaseProcess, receiving: Connection) -> Reading:
    reading = Reading()
    with suppress(EOFError):
        reading = receiving.recv()
    process.join(_PATIENCE)
    if process.exitcode != 0:
        reading.failed[f"the reader ended with exit code {process.exitcode}"] += 1
    return reading


def _read(at: int, questions: Sequence[str], newest: Any, end: Event, sending: Connection) -> None:
    """The main function of a reader. `newest` is where it tells the last generation that it answered from."""
    generator = random.Random(at)
    reading = Reading()
    _count_warnings(reading.logged)
    service = Service(load_settings())
    service.assistant()
    service.warm_up()
    service.follow()
    parent = multiprocessing.parent_process()
    while not end.is_set() and parent is not None and parent.is_alive():
        try:
            number = _ask(service, generator, questions, reading)
        except Exception as error:  # noqa: BLE001 - whatever a question raises is what is looked for
            reading.failed[f"{type(error).__name__}: {error}"] += 1
        else:
            _note(reading, number)
            newest[at] = number
        if reading.questions == 1:
            sending.send("ready")
    service.close()
    sending.send(reading)


def _ask(service: Service, generator: random.Random, questions: Sequence[str], reading: Reading) -> int:
    """Ask one question. The number of the generation that it was answered from."""
    reading.questions += 1
    started = time.perf_counter()
    assistant = service.assistant()
    answer = assistant.ask(generator.choice(questions))
    reading.longest = max(reading.longest, time.perf_counter() - started)
    numbers = _numbers(assistant, answer, generator)
    if len(numbers) != 1 or answer.index_version != assistant.index_version:
        reading.mixed.append(f"numbers {sorted(numbers)} in the answer to {answer.question!r}")
    return max(numbers, default=-1)


def _numbers(assistant: Assistant, answer: Answer, generator: random.Random) -> set[int]:
    """The numbers in all that the answer quotes, the text around it, and some other documents."""
    shown = [*answer.citations, *answer.nearest]
    numbered = [info.id for info in assistant.documents if info.path.startswith("numbered")]
    documents = [assistant.document(name) for name in generator.sample(numbered, _LOOKED_AT)]
    texts = [answer.text, *(citation.quote for citation in shown)]
    texts += [assistant.snapshot.document(citation.document_id).text for citation in shown]
    texts += [found.text for found in documents if found]
    return {int(number) for text in texts for number in _NUMBER.findall(text)}


def _note(reading: Reading, number: int) -> None:
    """Note which generation an answer came from; the first from each with the time and the reader's size."""
    if number < max(reading.seen, default=0):
        reading.backward += 1
    if number not in reading.seen:
        process = psutil.Process()
        reading.seen[number] = time.time()
        reading.sizes[number] = (process.memory_info().rss, process.num_fds())


def _count_warnings(counts: Counter[str]) -> None:
    """Count what the service logs: it goes on with the index before where a new one cannot be opened."""

    class Counting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            counts[record.getMessage()] += 1

    logging.getLogger("assistant.service").addHandler(Counting())


@contextmanager
def watching(index: Path) -> Iterator[Watched]:
    """Look at the generations on disk every few milliseconds."""
    watched, ended = Watched(), threading.Event()
    thread = threading.Thread(target=_watch, args=(index, watched, ended), daemon=True)
    thread.start()
    try:
        yield watched
    finally:
        ended.set()
        thread.join()


def _watch(index: Path, watched: Watched, ended: threading.Event) -> None:
    since = before = time.perf_counter()
    while not ended.wait(_WATCH_EVERY):
        folders = _generations(index)
        finished = sum((folder / "manifest.json").exists() for folder in folders)
        watched.folders = max(watched.folders, len(folders))
        watched.finished = max(watched.finished, finished)
        now = time.perf_counter()
        if finished > _KEPT_GENERATIONS:
            watched.seconds_over += now - before
            watched.longest_over = max(watched.longest_over, now - since)
        else:
            since = now
        before = now


def _generations(index: Path) -> list[Path]:
    return list((index / "generations").glob("g*"))


def _delays(reading: Reading, published: Mapping[int, float]) -> list[float]:
    """The seconds from each publishing to the first answer from that generation or, where it was passed by, a newer."""
    return [
        min(times) - at
        for number, at in published.items()
        if (times := [seen for of, seen in reading.seen.items() if of >= number])
    ]


def _print_summary(
    readings: Sequence[Reading],
    watched: Watched,
    left: tuple[int, int],
    published: Mapping[int, float],
    seconds: float,
) -> None:
    delays = [delay for reading in readings for delay in _delays(reading, published)]
    print(f"| {len(published)} generations under {len(readings)} readers, {seconds:.0f} s | |")
    print("| --- | --- |")
    _row("questions asked", sum(reading.questions for reading in readings))
    _row("questions failed", sum(reading.failed.total() for reading in readings))
    _row("answers out of more than one generation", sum(len(reading.mixed) for reading in readings))
    _row("answers from an older generation than before", sum(reading.backward for reading in readings))
    _row("a new index that could not be opened at once", sum(reading.logged.total() for reading in readings))
    _row("most finished generations on disk at any moment", watched.finished)
    _row("most folders there, with the one being built", watched.folders)
    _row("more than two finished: longest, all in all", f"{watched.longest_over:.2f} s, {watched.seconds_over:.1f} s")
    _row("generations at the end", left[0])
    _row("copies of a store for serving at the end", left[1])
    missed = len(published) * len(readings) - len(delays)
    _row("generations that a reader never came to", missed)
    if delays:
        _row(
            "from publishing to an answer from it: median, worst",
            f"{statistics.median(delays):.2f} s, {max(delays):.2f} s",
        )
    _row("longest question", f"{max((reading.longest for reading in readings), default=0.0):.2f} s")


def _row(what: str, value: object) -> None:
    print(f"| {what} | {value} |")


def _print_sizes(readings: Sequence[Reading], generations: int) -> None:
    """Each reader's memory and open files, early, in the middle and at the end."""
    shares = (0.1, 0.5, 1.0)
    print("\n| reader | questions | " + " | ".join(f"at {share:.0%}" for share in shares) + " |")
    print("| --- | --- |" + " --- |" * len(shares))
    for at, reading in enumerate(readings, 1):
        cells = [_size_at(reading, share * generations) for share in shares]
        print(f"| {at} | {reading.questions} | {' | '.join(cells)} |")


def _size_at(reading: Reading, number: float) -> str:
    later = [of for of in reading.sizes if of >= number]
    if not later:
        return "–"
    memory, files = reading.sizes[min(later)]
    return f"{memory / 2**20:.0f} MB, {files} files"


def _print_findings(readings: Sequence[Reading]) -> None:
    """What went wrong, in each reader's words."""
    findings = [
        f"- reader {at}, {times} times: {what}"
        for at, reading in enumerate(readings, 1)
        for what, times in (Counter(reading.mixed) + reading.failed + reading.logged).most_common()
    ]
    print("\n" + ("\n".join(findings) or "No faults."))


if __name__ == "__main__":
    main()
