"""One re-index after the other under an open chat: neither the disk nor open files nor memory grow."""

from __future__ import annotations

import multiprocessing
import random
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from evals.made_up import Documents, HashingEncoder
from evals.reliability.promise import Faults, Plan
from index.build import build_index
from index.search import Snapshot

_DOCUMENTS = 12
_CHANGED = 2
_NEW_BASE_EVERY = 10
_GENERATIONS = 2
# The first re-indexes fill what is kept for later; what comes after is compared with the most of these.
_FIRST = 40
_MEMORY = 48 * 2**20
_DISK = 1.5
_FILES = 4


@dataclass(frozen=True, slots=True)
class Size:
    """What a process that builds and reads has: bytes on disk, generations, open files, resident bytes."""

    disk: int
    generations: int
    files: int
    memory: int


def none(plan: Plan) -> Faults:
    """Each re-index is a trial; every tenth makes a new base, and after each the new index is opened and asked."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(plan, sending))
    process.start()
    sending.close()
    seen: list[Size] = []
    try:
        with suppress(EOFError):
            while len(seen) < plan.trials:
                seen.append(receiving.recv())
                yield _grown(seen)
    finally:
        if len(seen) < plan.trials:
            process.kill()
        process.join()
        receiving.close()
    if len(seen) < plan.trials:
        yield f"the process ended after {len(seen)} re-indexes"


def _grown(seen: list[Size]) -> str:
    now, first = seen[-1], seen[:_FIRST]
    found = []
    if now.generations > _GENERATIONS:
        found.append(f"{now.generations} generations")
    if len(seen) > _FIRST:
        found += _beyond("bytes on disk", now.disk, int(_DISK * max(one.disk for one in first)))
        found += _beyond("open files", now.files, max(one.files for one in first) + _FILES)
        found += _beyond("bytes of memory", now.memory, max(one.memory for one in first) + _MEMORY)
    return f"re-index {len(seen)}: {', '.join(found)}" if found else ""


def _beyond(what: str, now: int, most: int) -> list[str]:
    return [f"{now:,} {what}, expected at most {most:,}"] if now > most else []


def _work(plan: Plan, sending: Connection) -> None:
    documents = Documents(plan.folder / "documents", _DOCUMENTS, random.Random(plan.seed))
    index, snapshot = plan.folder / "index", None
    for number in range(plan.trials):
        documents.change(_CHANGED)
        build_index(documents.folder, index, HashingEncoder(), rebuild=number % _NEW_BASE_EVERY == 0)
        # As the chat does it: the new one is opened before the one before is let go.
        opened = Snapshot.current(index, HashingEncoder(), snapshot)
        opened.search(next(iter(documents.texts.values()))[:200])
        snapshot = opened
        sending.send(_size(index))


def _size(index: Path) -> Size:
    process = psutil.Process()
    disk = sum(path.lstat().st_blocks * 512 for path in index.rglob("*"))
    generations = len(list((index / "generations").iterdir()))
    return Size(disk, generations, process.num_fds(), process.memory_info().rss)
