"""`kill -9` during a build: what serves then, and does the next build put it right? `python -m evals.bench_crashes`.

A process builds the index of some made-up documents with a tiny encoder and is killed: `--times`
times at each named step of `index.faults`, and `--moments` times at moments drawn uniformly over the
duration of a build. At a random moment the signal goes to the build's parent process, and in half
of the runs to all of its processes at once; in the others its children have to notice. Every other
time it is a new base that is killed; in between, by turns, a change of a few documents beside the
base, which is written without a child, and one of many, which is written in one. After each kill the
old index or the new one must serve, whole; the next build must make the new one without help, and
nothing may be left lying about; the next kill goes on from there.

    --server      the same again with the vectors on a Chroma server, which the command starts
    --only KIND   one step alone, or "moments": repeats, with the same seed, what a fault names
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil  # type: ignore[import-untyped]

from evals.made_up import READY, Documents, HashingEncoder
from index import generation
from index.faults import STEPS
from index.search import Snapshot

MOMENTS = "moments"
DOCUMENTS = 24
NEW_BASE, FEW, MANY = "new base", "a few changes", "many changes"
_CHANGES = (NEW_BASE, FEW, NEW_BASE, MANY)
# So many documents are changed; above 20 files a build writes them in a child.
_CHANGED = {NEW_BASE: 3, FEW: 3, MANY: 22}
# Steps that a build passes only where it makes a new base.
_NEW_BASE_ONLY = ("vectors written",)
# So many random moments share an index, its first build and its server.
IN_A_ROW = 10
_PATIENCE = 120.0
_NOTICED = 5.0
_A_WHILE = 300.0
_GENERATIONS = 2
_BELONGS = {"current", "generations", "lock", "serving"}
_BUILDER = "from evals.made_up import serve_builds; serve_builds()"


@dataclass(frozen=True, slots=True)
class Series:
    """Kills of one kind, one after the other on one index: numbers `first` to `first + kills - 1`."""

    kind: str
    server: bool
    first: int
    kills: int
    seed: int

    @property
    def place(self) -> str:
        return "server" if self.server else "embedded"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one kill. `served` is "old", "new" or "damaged"; `faults` say what was wrong, in words."""

    died: bool
    served: str
    built: bool
    clean: bool
    faults: tuple[str, ...]


class DamagedError(Exception):
    """What serves is no whole index of one version of the documents."""


def main() -> None:
    """Print the table, then every fault with what repeats it."""
    arguments = _arguments()
    started = time.perf_counter()
    planned = _planned(arguments)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(arguments.jobs) as pool:
        found = []
        for results in pool.map(lambda series: apart(series, Path(scratch)), planned):
            found.append(results)
            print(f"{len(found)} of {len(planned)} series", file=sys.stderr, flush=True)
    _print_table(planned, found)
    kills = sum(map(len, found))
    print(f"\n{kills} kills in {time.perf_counter() - started:.0f} s, seed {arguments.seed}.")
    faults = [fault for results in found for result in results for fault in result.faults]
    print("\n".join(f"- {fault}" for fault in faults) or "No faults.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20, help="kills at each step")
    parser.add_argument("--moments", type=int, default=100, help="kills at random moments")
    parser.add_argument("--server", action="store_true", help="also against a Chroma server")
    parser.add_argument("--jobs", type=int, default=2, help="so many series at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=(*STEPS, MOMENTS), metavar="KIND", help="one step, or moments")
    return parser.parse_args()


def _planned(arguments: argparse.Namespace) -> list[Series]:
    return [
        Series(kind, server, first, min(kills, count - first), arguments.seed)
        for server in ([False, True] if arguments.server else [False])
        for kind in (*STEPS, MOMENTS)
        if arguments.only in (None, kind)
        for count, kills in [(arguments.moments, IN_A_ROW) if kind == MOMENTS else (arguments.times, arguments.times)]
        for first in range(0, count, kills or 1)
    ]


def _print_table(planned: Sequence[Series], found: Sequence[Sequence[Result]]) -> None:
    rows: dict[tuple[str, str], list[Result]] = {}
    for series, results in zip(planned, found, strict=True):
        rows.setdefault((series.place, series.kind), []).extend(results)
    print(
        "| vectors | killed at | kills | died as meant | old served | new served | mixed or damaged "
        "| next build failed | left-overs |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for (place, kind), results in rows.items():
        print(f"| {place} | {'random moments' if kind == MOMENTS else kind} | {_counts(results)} |")
    print(f"| | all | {_counts([result for results in rows.values() for result in results])} |")


def _counts(results: Sequence[Result]) -> str:
    served = [result.served for result in results]
    counts = (
        len(results),
        sum(result.died for result in results),
        *(served.count(what) for what in ("old", "new", "damaged")),
        sum(not result.built for result in results),
        sum(not result.clean for result in results),
    )
    return " | ".join(map(str, counts))


def apart(series: Series, scratch: Path) -> list[Result]:
    """Run a series in a process of its own: a damaged store can kill the process that opens it."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    with chroma(folder / "chroma") if series.server else nullcontext() as server:
        context = multiprocessing.get_context("spawn")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_report, args=(series, folder, server, sending))
        process.start()
        sending.close()
        results: list[Result] = []
        with suppress(EOFError):
            while True:
                results.append(receiving.recv())
        process.join()
    if process.exitcode:
        what = f"the process that looks at the index ended with exit code {process.exitcode}"
        results.append(Result(False, "damaged", False, False, (_named(series, series.first + len(results), what),)))
    return results


def _named(series: Series, number: int, what: str) -> str:
    return f"{series.place}, {series.kind}, kill {number + 1} with seed {series.seed}: {what}"


def _report(series: Series, folder: Path, server: str | None, sending: Connection) -> None:
    run = Run(series, folder, server)
    for number in range(series.first, series.first + series.kills):
        sending.send(run.kill(number))
    run.end()


class Run:
    """A series under way: the documents, their index, and the process that builds it."""

    def __init__(self, series: Series, folder: Path, server: str | None) -> None:
        self._series = series
        self._folder = folder
        self._server = server
        (folder / "temporary").mkdir()
        generator = random.Random(f"{series.seed} {series.kind} {series.first}")
        self._documents = Documents(folder / "documents", DOCUMENTS, generator)
        self._start_over()

    def _start_over(self) -> None:
        """A fresh index of the documents, and how long each kind of build takes here, which random moments ask for."""
        self._index = Path(tempfile.mkdtemp(dir=self._folder, prefix="index-"))
        self._foreign = collections(self._server) if self._server else set()
        self._builder = self._new_builder()
        self._seconds: dict[str, float] = {}
        self._timed()
        for change in (NEW_BASE, FEW, MANY) if self._series.kind == MOMENTS else ():
            self._documents.change(_CHANGED[change])
            self._seconds[change] = self._timed(rebuild=change == NEW_BASE)

    def _timed(self, *, rebuild: bool = False) -> float:
        self._builder.begin(rebuild=rebuild)
        taken = self._builder.reply(_PATIENCE)
        if not isinstance(taken, float):
            raise RuntimeError(f"a build that nobody disturbed failed: {taken}")
        return taken

    def _new_builder(self) -> Builder:
        return Builder(self._documents.folder, self._index, self._server, self._folder / "temporary")

    def kill(self, number: int) -> Result:
        """One kill, a look at what serves, the next build, and a look at what that leaves."""
        change = NEW_BASE if self._series.kind in _NEW_BASE_ONLY else _CHANGES[number % len(_CHANGES)]
        old = dict(self._documents.texts)
        self._documents.change(_CHANGED[change])
        killed = self._builder
        died, how = self._killed_in(killed, number, change)
        # The next build's process starts while this one looks.
        self._builder = self._new_builder()
        faults: list[str] = []
        served = self._served({"old": old, "new": self._documents.texts}, faults)
        built = self._built_again(faults)
        lying = [f"process {pid} of the killed build lives" for pid in killed.survivors()]
        lying += left_overs(self._index, self._server, self._foreign)
        lying += [f"{path.name} in the folder of temporary files" for path in (self._folder / "temporary").iterdir()]
        if not built:
            self._builder.end()
            self._start_over()
        if number + 1 == self._series.first + self._series.kills:
            lying += self._after_a_while()
        told = tuple(_named(self._series, number, f"{how}: {fault}") for fault in (*faults, *lying))
        return Result(died, served or "damaged", built, not lying, told)

    def _killed_in(self, builder: Builder, number: int, change: str) -> tuple[bool, str]:
        """Kill a build. Whether it died of that, and what was done, in words."""
        if self._series.kind != MOMENTS:
            return builder.die_at(self._series.kind, change == NEW_BASE), change
        share = random.Random(f"{self._series.seed} {number}").random()
        at, group = share * self._seconds[change], number // len(_CHANGES) % 2 == 0
        over = builder.die_after(at, change == NEW_BASE, group)
        if isinstance(over, float):
            # It takes less time by now: what runs beside it on this machine varies.
            self._seconds[change] = over
        return over is None, f"{change}, {at:.2f} s after its start, {'all processes' if group else 'the parent alone'}"

    def _served(self, versions: Mapping[str, Mapping[str, str]], faults: list[str]) -> str | None:
        """Which version serves; None, with a fault more, where it is not one of these."""
        try:
            return served(self._index, versions)
        except Exception as error:  # noqa: BLE001 - whatever opening it raises is what is looked for
            faults.append(f"{type(error).__name__}: {error}")
            return None

    def _built_again(self, faults: list[str]) -> bool:
        self._builder.begin()
        taken = self._builder.reply(_PATIENCE)
        if not isinstance(taken, float):
            faults.append(f"the next build failed: {taken or f'it died or took more than {_PATIENCE:.0f} s'}")
            return False
        return self._served({"new": self._documents.texts}, faults) == "new"

    def _after_a_while(self) -> list[str]:
        """What lies about even after a build that comes some minutes later, in words."""
        for path in serving_copies(self._index):
            os.utime(path, (time.time() - _A_WHILE,) * 2)
        self._timed()
        return [f"the serving copy {path.name} after {_A_WHILE:.0f} s" for path in serving_copies(self._index)]

    def end(self) -> None:
        self._builder.end()


class Builder:
    """A process that builds when it is told to, and can be killed alone or with its children."""

    def __init__(self, documents: Path, index: Path, server: str | None, temporary: Path) -> None:
        self._ready = False
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", _BUILDER, str(documents), str(index), server or ""],
            env={**os.environ, "TMPDIR": str(temporary)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            process_group=0,
        )

    def begin(self, step: str = "", rebuild: bool = False) -> None:
        """Start a build; `step` is where it dies. Waits until the process is up, but not for the build."""
        assert self._process.stdin is not None  # noqa: S101 - both pipes were asked for
        assert self._process.stdout is not None  # noqa: S101
        if not self._ready and self._process.stdout.readline().strip() != READY:
            raise RuntimeError("the process that builds did not start")
        self._ready = True
        self._process.stdin.write(json.dumps([step, rebuild]) + "\n")
        self._process.stdin.flush()

    def reply(self, seconds: float) -> float | str | None:
        """The seconds that the build took, or what was wrong; None where it died or is not done in time."""
        assert self._process.stdout is not None  # noqa: S101 - the pipe was asked for
        until = time.monotonic() + seconds
        while True:
            if select.select([self._process.stdout], [], [], 0.01)[0] and (line := self._process.stdout.readline()):
                taken: float | str = json.loads(line)
                return taken
            if self._process.poll() is not None or time.monotonic() > until:
                return None

    def die_at(self, step: str, rebuild: bool) -> bool:
        """Build and be killed at a step. False where the build ended otherwise."""
        self.begin(step, rebuild)
        over = self.reply(_PATIENCE)
        died = over is None and self._process.poll() == -signal.SIGKILL
        if not died:
            self.end()
        return died

    def die_after(self, seconds: float, rebuild: bool, group: bool) -> float | str | None:
        """Build and be killed some seconds later. None, or as `reply` where the build was over by then."""
        self.begin("", rebuild)
        time.sleep(seconds)
        if group:
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()
        return self.reply(0)

    def survivors(self) -> list[int]:
        """Which of its processes live on, once they had time to notice its death. They are killed then."""
        until = time.monotonic() + _NOTICED
        while (living := self._living()) and time.monotonic() < until:
            time.sleep(0.05)
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return living

    def _living(self) -> list[int]:
        found = []
        for process in psutil.process_iter():
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                if os.getpgid(process.pid) == self._process.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
        return found

    def end(self) -> None:
        """Kill all of it, whatever it does."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def served(index: Path, versions: Mapping[str, Mapping[str, str]]) -> str:
    """Which version of the documents, given by name and text, answers. Raises DamagedError where it is no whole one."""
    with closing(Snapshot.current(index, HashingEncoder())) as snapshot:
        if snapshot.notice:
            raise DamagedError(snapshot.notice)
        texts = {info.path: snapshot.document(info.id).text for info in snapshot.state.documents}
        of = {name for name, version in versions.items() if texts == version}
        if not of:
            raise DamagedError(f"the documents are not those of {' or '.join(versions)}")
        _check_counts(snapshot)
        _check_search(snapshot)
        return of.pop()


def _check_counts(snapshot: Snapshot) -> None:
    """The manifest's counts are those of what the index holds."""
    manifest, passages = snapshot.manifest, list(snapshot.passages())
    starts = {(passage.document_id, start) for passage in passages for start, _ in snapshot.sentences_in(passage)[0]}
    counts = (len(snapshot.state.documents), len(passages), len(starts), snapshot.base().size)
    said = (manifest.documents, manifest.passages, manifest.sentences, manifest.base)
    if counts != said:
        raise DamagedError(f"documents, passages, sentences and base are {counts}, the manifest says {said}")


def _check_search(snapshot: Snapshot) -> None:
    """Every passage is found first by its own words, and both the vectors and the words find it."""
    for passage in snapshot.passages():
        text = snapshot.document(passage.document_id).text[passage.start : passage.end]
        (hit,) = snapshot.search(text, 1)
        if hit.passage != passage or hit.dense_rank is None or hit.lexical_rank is None:
            raise DamagedError(f"the passage {passage.id} is not found by its own words")


def left_overs(index: Path, server: str | None, foreign: Container[str] = ()) -> list[str]:
    """What lies in an index folder, or on its server, that nothing needs; `foreign` collections are not its own."""
    generations = sorted((index / "generations").iterdir())
    found = [f"{path.name} in the index folder" for path in index.iterdir() if path.name not in _BELONGS]
    found += [f"{path.name} is no finished generation" for path in generations if not (path / "manifest.json").exists()]
    if len(generations) > _GENERATIONS:
        found.append(f"{len(generations)} generations")
    # A copy whose maker died before it could lock it is spared for a minute: the last look of a series is for those.
    found += [f"the serving copy {path.name}" for path in serving_copies(index) if (path / "in-use").exists()]
    if server and not found:
        needed = {generation.read_manifest(path).collection for path in generations}
        found += [f"the collection {name}" for name in sorted(collections(server) - needed) if name not in foreign]
    return found


def serving_copies(index: Path) -> list[Path]:
    return list((index / "serving").glob("*"))


def collections(server: str) -> set[str]:
    """The names of the collections on a Chroma server."""
    address = f"{server}/api/v2/tenants/default_tenant/databases/default_database/collections?limit=1000"
    with urlopen(address, timeout=_PATIENCE) as response:  # noqa: S310 - our own server
        return {str(collection["name"]) for collection in json.load(response)}


@contextmanager
def chroma(folder: Path, port: int | None = None) -> Iterator[str]:
    """The address of a `chroma run` over a folder, which is killed afterwards. `port` is by default any free one."""
    folder.mkdir(exist_ok=True)
    port = port or free_port()
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder), "--port", str(port)]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--host", "127.0.0.1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/v2/heartbeat", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with suppress(URLError, ConnectionError), urlopen(address, timeout=5):  # noqa: S310 - our own server
            return
        time.sleep(0.05)
    raise RuntimeError(f"the Chroma server at {address} did not answer")


if __name__ == "__main__":
    main()
