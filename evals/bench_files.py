"""What hostile and damaged files do to the reading of documents: `python -m evals.bench_files FOLDER`.

Read are, each in the child process that a build uses and with its limits: every PDF below FOLDER;
`--mutations` damaged copies of them (`evals.mutations`), the same for the same `--seed`; and with
`--bombs` the files of `evals.bombs`. Around the child stands a process that does what a build does
with a file, up to its passages: that one must neither die nor hang. The tables are Markdown.

`--list` names every file that was refused or took long, `--only I` repeats one mutation, and with
`--save FILE` its bytes are kept. Linux only: memory and processor time are read from /proc. Memory
is the highest resident size that the kernel noted for the process during this file (VmHWM, set back
before each file); of a process that was killed, what it was at most 50 ms before.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import queue
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from corpus import sandbox as product
from corpus.catalogue import Source, read_source
from corpus.errors import UserError
from corpus.readers import READERS
from corpus.readers.types import Reading
from corpus.sandbox import Sandbox, sandbox
from corpus.split import passages
from evals.bombs import BOMBS
from evals.mutations import mutations, pdf_files

SECONDS = 30.0
MEMORY = 2**30
_SLOW = 10.0
_FULL_RUN = 10_000
# After so much processor time of its own for a file, or so much time at all, a process counts as hung.
_STUCK = SECONDS
_LONGEST = 900.0
_POLL = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_BY_PDFIUM = "pages read by PDFium: "

READ = "read"
HUNG = "the process around it hung"
KILLED = "the process around it died"
# The first pattern that a refusal's sentence matches names its kind: first what a reader says, then what is left.
_REFUSALS = {
    "refused: no text": r"holds no (?:main )?text",
    "refused: locked with a password": r"NotDecrypted|WrongPassword|password",
    "refused: a limit of the reader": r"LimitReached|field larger than",
    "refused: damaged": r"^it (?:cannot be read as|is empty|is not|begins as|holds)",
}
_ENDED = {
    "refused: time limit": r"^reading it took more than",
    "refused: memory limit": r"^reading it takes more than",
    "refused: the child crashed": r"^reading it crashed",
    "refused: an exception that no reader foresaw": r"^reading it failed",
    "refused: an error of the system": r"^it cannot be read \(",
    "refused: otherwise": "",
}
_KINDS = _REFUSALS | _ENDED
_FAULTS = (*_ENDED, HUNG, KILLED)
_RAISED = re.compile(r"^(?:it cannot be read as|reading it failed)[^(]*\((\w+)")


@dataclass(frozen=True, slots=True)
class Item:
    """A file to read; `origin` is the file that it was made from."""

    label: str
    suffix: str
    content: Callable[[], bytes]
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file. Times in seconds, memory in bytes; `own` ones are of the process around the child.

    `processor` and `own_processor` are processor time: on a busy machine less than `seconds`.
    """

    kind: str
    said: str = ""
    seconds: float = 0.0
    processor: float = 0.0
    memory: int = 0
    own_processor: float = 0.0
    own_memory: int = 0
    pages: int = 0
    characters: int = 0
    by_pdfium: int = 0
    needs_ocr: bool = False
    label: str = ""
    origin: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether it missed the requirement, or was ended by a limit of the child's and not by its reader.

        Judged by processor time: on a busy machine every file takes long.
        """
        too_long = self.processor + self.own_processor > SECONDS
        return self.kind in _FAULTS or too_long or max(self.memory, self.own_memory) > MEMORY


def main() -> None:
    """Print the tables of `docs/measurements.md`."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        if given.only is not None:
            _repeat_one(Path(scratch), given)
            return
        if given.folder:
            files = pdf_files(given.folder)
            _print_files(
                _read_all(Path(scratch), given.jobs, [_item(given.folder, path) for path in files]), given.list
            )
        if given.folder and given.mutations:
            _print_mutations(Path(scratch), given)
        if given.bombs:
            _print_bombs(Path(scratch))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="PDF files; none is changed")
    parser.add_argument("--mutations", type=int, default=_FULL_RUN, help="how many; 0 for none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of the one mutation to read")
    parser.add_argument("--save", type=Path, help="with --only: where to write it")
    parser.add_argument("--bombs", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    if given.folder is None and (given.only is not None or not given.bombs):
        parser.error("give a FOLDER of PDF files, or --bombs")
    if given.folder and not pdf_files(given.folder):
        parser.error(f"{given.folder} holds no PDF files")
    return given


# --- In the child -------------------------------------------------------------------------------


def serve(connection: Connection, memory: int) -> None:
    """What the child runs: the product's own, but that a PDF tells how many of its pages PDFium read."""
    READERS[".pdf"] = _read_pdf
    _PRODUCT_SERVE(connection, memory)


_PRODUCT_SERVE = product._serve


def _read_pdf(path: Path) -> Reading:
    from corpus.readers import pdf

    counted = 0
    by_page, whole = pdf._rescued, pdf._read_by_pdfium

    def rescued(path: Path, texts: list[str]) -> list[str]:
        nonlocal counted
        better = by_page(path, texts)
        counted = sum(one != other for one, other in zip(better, texts, strict=True))
        return better

    def read_by_pdfium(path: Path, error: Exception) -> Reading:
        nonlocal counted
        reading = whole(path, error)
        counted = len(reading.pages)
        return reading

    pdf._rescued, pdf._read_by_pdfium = rescued, read_by_pdfium
    try:
        reading = pdf.read(path)
    finally:
        pdf._rescued, pdf._read_by_pdfium = by_page, whole
    return replace(reading, remarks=(*reading.remarks, f"{_BY_PDFIUM}{counted}"))


# --- In the process around the child ------------------------------------------------------------


def _read_for_ever(connection: Connection) -> None:
    product._serve = serve
    with suppress(EOFError, KeyboardInterrupt), sandbox() as reader:
        while True:
            connection.send(_outcome(reader, connection.recv()))


def _outcome(reader: Sandbox, path: Path) -> Outcome:
    _set_back(os.getpid())
    started, own = time.perf_counter(), time.process_time()
    with _watched(reader) as child:
        try:
            document = read_source(path.parent, Source(path.name, path, {}), reader.read)
            passages(document)
        except UserError as error:
            found = Outcome(_kind_of(str(error)), str(error))
        else:
            counts = [int(remark.removeprefix(_BY_PDFIUM)) for remark in document.remarks if _BY_PDFIUM in remark]
            found = Outcome(
                READ,
                pages=len(document.pages),
                characters=len(document.text),
                by_pdfium=sum(counts),
                needs_ocr=any("need OCR" in remark for remark in document.remarks),
            )
    return replace(
        found,
        seconds=time.perf_counter() - started,
        processor=child.processor,
        memory=child.memory,
        own_processor=time.process_time() - own,
        own_memory=_state(os.getpid())[1],
    )


def _kind_of(said: str) -> str:
    return next(kind for kind, pattern in _KINDS.items() if re.search(pattern, said))


class _Child:
    """What the sandbox's child used since this was made."""

    def __init__(self, reader: Sandbox) -> None:
        self._reader = reader
        self._pid = self._now()
        self._before = 0.0
        self.processor = 0.0
        self.memory = 0
        if self._pid:
            _set_back(self._pid)
            with suppress(OSError):
                self._before = _state(self._pid)[0]

    def look(self) -> None:
        if pid := self._now():
            if pid != self._pid:
                self._pid, self._before = pid, 0.0
            with suppress(OSError):
                processor, memory = _state(pid)
                self.processor = max(self.processor, processor - self._before)
                self.memory = max(self.memory, memory)

    def _now(self) -> int | None:
        child = self._reader._child
        return child.process.pid if child else None


@contextmanager
def _watched(reader: Sandbox) -> Iterator[_Child]:
    child, ended = _Child(reader), threading.Event()

    def watch() -> None:
        while not ended.wait(_POLL):
            child.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield child
        child.look()
    finally:
        ended.set()
        thread.join()


def _set_back(pid: int) -> None:
    """Let the highest resident size of a process begin anew, where the system allows it."""
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _state(pid: int) -> tuple[float, int]:
    """Seconds of processor time that a process has used, and its highest resident size. Raises OSError."""
    peak = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS, int(peak[1]) * 1024 if peak else 0


# --- In the process that counts -----------------------------------------------------------------


class Builder:
    """A process that reads files as a build does. It is replaced when a file kills it or makes it hang."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_read_for_ever, args=(theirs,))
        self._process.start()
        theirs.close()

    def read(self, path: Path) -> Outcome:
        started, before = time.perf_counter(), self._used()[0]
        self._connection.send(path)
        while not self._connection.poll(1):
            processor, memory = self._used()
            seconds = time.perf_counter() - started
            if processor - before > _STUCK or seconds > _LONGEST:
                self._replace()
                return Outcome(HUNG, "ended", seconds=seconds, own_processor=processor - before, own_memory=memory)
        try:
            found: Outcome = self._connection.recv()
        except (EOFError, OSError):
            self._process.join()
            said = f"exit code {self._process.exitcode}"
            self._replace()
            return Outcome(KILLED, said, seconds=time.perf_counter() - started)
        return found

    def close(self) -> None:
        self._connection.close()
        self._process.join(5)
        self._process.kill()
        self._process.join()

    def _replace(self) -> None:
        self._process.kill()
        self.close()
        self._start()

    def _used(self) -> tuple[float, int]:
        try:
            return _state(self._process.pid or 0)
        except OSError:
            return 0.0, 0


def _read_all(scratch: Path, jobs: int, items: Sequence[Item]) -> list[Outcome]:
    """Every item in its order, `jobs` at a time."""
    idle: queue.SimpleQueue[Builder] = queue.SimpleQueue()
    builders = [Builder() for _ in range(jobs)]
    for builder in builders:
        idle.put(builder)

    def read(number: int) -> Outcome:
        builder = idle.get()
        try:
            return _read_one(scratch, builder, number, items[number])
        finally:
            idle.put(builder)

    outcomes = []
    with ThreadPoolExecutor(jobs) as pool:
        for outcome in pool.map(read, range(len(items))):
            outcomes.append(outcome)
            if len(outcomes) % 500 == 0:
                print(f"{len(outcomes)} of {len(items)} files", file=sys.stderr, flush=True)
    for builder in builders:
        builder.close()
    return outcomes


def _read_one(scratch: Path, builder: Builder, number: int, item: Item) -> Outcome:
    path = scratch / f"{number}{item.suffix}"
    path.write_bytes(item.content())
    try:
        return replace(builder.read(path), label=item.label, origin=item.origin)
    finally:
        path.unlink()


def _item(folder: Path, path: Path) -> Item:
    return Item(path.relative_to(folder).as_posix(), ".pdf", path.read_bytes)


def _print_files(outcomes: Sequence[Outcome], listed: bool) -> None:
    _print_outcomes(f"{len(outcomes)} PDF files", outcomes)
    if listed:
        print()
        for outcome in outcomes:
            if outcome.kind != READ or outcome.seconds > _SLOW:
                print(_line(outcome))


def _print_mutations(scratch: Path, given: argparse.Namespace) -> None:
    made = mutations(given.folder, given.seed, range(given.mutations))
    started = time.perf_counter()
    outcomes = _read_all(scratch, given.jobs, [Item(one.label, ".pdf", one.make, one.source) for one in made])
    rate = len(outcomes) / (time.perf_counter() - started)
    faults = [outcome for outcome in outcomes if outcome.is_fault]
    print()
    _print_outcomes(f"{len(outcomes)} mutations of seed {given.seed}", outcomes)
    print(f"\n{rate:.1f} a second with {given.jobs} jobs: {_FULL_RUN} take {_FULL_RUN / rate / 60:.0f} minutes.")
    print(f"{len(faults)} missed the requirement or were ended by a limit, a crash or an unforeseen exception.\n")
    for outcome in faults:
        print(_line(outcome))


def _repeat_one(scratch: Path, given: argparse.Namespace) -> None:
    [one] = mutations(given.folder, given.seed, [given.only])
    if given.save:
        given.save.write_bytes(one.make())
    [outcome] = _read_all(scratch, 1, [Item(one.label, ".pdf", one.make, one.source)])
    print(_line(outcome))


def _print_bombs(scratch: Path) -> None:
    print(f"\n| {len(BOMBS)} bombs | outcome | seconds | processor: child + around it | memory: child + around it |")
    print("| --- | --- | --- | --- | --- |")
    for name, make in BOMBS.items():
        # Each has processes of its own, so that its memory is no other's.
        [one] = _read_all(scratch, 1, [Item(name, Path(name).suffix, make)])
        print(f"| {name} | {_said(one)} | {one.seconds:.1f} | {_processor(one)} | {_memory(one)} |", flush=True)


def _print_outcomes(what: str, outcomes: Sequence[Outcome]) -> None:
    counts = Counter(outcome.kind for outcome in outcomes)
    read = [outcome for outcome in outcomes if outcome.kind == READ]
    print(f"| {what} | files |\n| --- | --- |")
    print(f"| read | {len(read)} |")
    print(f"| … by pypdf alone | {sum(not outcome.by_pdfium for outcome in read)} |")
    print(f"| … with pages by PDFium | {sum(outcome.by_pdfium > 0 for outcome in read)} |")
    print(f"| … of either, with pages that need OCR | {sum(outcome.needs_ocr for outcome in read)} |")
    for kind in (*_KINDS, HUNG, KILLED):
        if counts[kind] or kind in _FAULTS:
            print(f"| {kind} | {counts[kind]} |")
    print(f"\n| {what} | together | median | worst |\n| --- | --- | --- | --- |")
    _print_use("pages read", [outcome.pages for outcome in outcomes], "{:.0f}")
    _print_use("seconds", [outcome.seconds for outcome in outcomes], "{:.2f}")
    _print_use("processor seconds of the child", [outcome.processor for outcome in outcomes], "{:.2f}")
    _print_use("processor seconds around it", [outcome.own_processor for outcome in outcomes], "{:.2f}")
    _print_use("peak memory of the child, MB", [outcome.memory / 2**20 for outcome in outcomes], "{:.0f}", "")
    _print_use("peak memory around it, MB", [outcome.own_memory / 2**20 for outcome in outcomes], "{:.0f}", "")
    _print_raised(outcomes)


def _print_use(what: str, values: Sequence[float], form: str, together: str | None = None) -> None:
    total = form.format(sum(values)) if together is None else together
    print(f"| {what} | {total} | {form.format(statistics.median(values))} | {form.format(max(values))} |")


def _print_raised(outcomes: Sequence[Outcome]) -> None:
    """What the libraries raised where a file was refused for it."""
    raised = Counter((outcome.kind, match[1]) for outcome in outcomes if (match := _RAISED.search(outcome.said)))
    if raised:
        print("\n| refusals that name an exception | | files |")
        print("| --- | --- | --- |")
        for (kind, name), count in raised.most_common():
            print(f"| {kind} | {name} | {count} |")


def _line(one: Outcome) -> str:
    origin = f" of {one.origin}" if one.origin else ""
    return f"- {one.label}{origin}: {_said(one)} ({one.seconds:.1f} s, processor {_processor(one)}, {_memory(one)})"


def _said(one: Outcome) -> str:
    said = one.said.replace("|", "\\|") or f"{one.pages} pages, {one.characters} characters"
    return f"{one.kind}: {said}"


def _processor(one: Outcome) -> str:
    return f"{one.processor:.1f} + {one.own_processor:.1f} s"


def _memory(one: Outcome) -> str:
    return f"{one.memory / 2**20:.0f} + {one.own_memory / 2**20:.0f} MB"


if __name__ == "__main__":
    main()
