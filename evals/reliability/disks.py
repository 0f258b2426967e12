"""A disk that is full, at many sizes, and one that cannot be written to."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assistant.records.store import Store
from assistant.types import Answer
from corpus.errors import UserError
from corpus.intake import add_files
from evals.bench_crashes import DamagedError, served
from evals.made_up import Documents, HashingEncoder
from evals.reliability.promise import Faults, Plan
from evals.reliability.small_disk import SmallDisk, small_disk
from evals.reliability.world import World, questions
from index import generation
from index.build import build_index

_DOCUMENTS = 12
_CHANGED = 3
_SIZES = 20
# The room that the largest build of these documents takes, with some to spare.
_MOST = 6 * 2**20


@dataclass(frozen=True, slots=True)
class Shelf:
    """A corpus, an index and records on one disk, and an answer that could be kept."""

    documents: Documents
    index: Path
    records: Path
    answer: Answer

    def build(self, *, rebuild: bool) -> None:
        """Raises UserError where it cannot be done."""
        build_index(self.documents.folder, self.index, HashingEncoder(), rebuild=rebuild)

    def keep(self) -> None:
        """Raises UserError where it cannot be done, RuntimeError where it was said to be done and was not."""
        # Opened anew each time: a disk on which something is open for writing cannot be made read-only.
        with closing(Store(str(self.records), keep_days=365)) as store:
            kept = store.keep(self.answer, conversation="c", user="ana", configuration="x")
        with closing(Store(str(self.records), keep_days=365)) as store:
            if kept is None or store.answer(kept) is None:
                raise RuntimeError("an answer that was said to be kept is not there")

    def add(self, path: Path) -> None:
        """As `keep`."""
        target = self.documents.folder / path.name
        try:
            add_files(self.documents.folder, [path])
            if target.read_bytes() != path.read_bytes():
                raise RuntimeError("a file that was said to be added is another one")
        finally:
            with suppress(OSError):
                target.unlink()


def full(plan: Plan) -> Faults:
    """A build, an answer and a file for a disk with less and less room, or that is filled once the build has begun."""
    with small_disk(plan.folder / "disk") as disk, _shelf(disk, plan) as shelf:
        extra = plan.folder / "extra.txt"
        extra.write_text("A note that takes some room.\n" * 4000, encoding="utf-8")
        for number in range(plan.trials):
            free = _MOST * (number * 7 % _SIZES) // _SIZES
            rebuild, meanwhile = number // _SIZES % 2 == 0, number % 4 != 0
            old = dict(shelf.documents.texts)
            shelf.documents.change(_CHANGED)
            with disk.filled(free), _unforeseen(meanwhile):
                faults = [_tried(partial(shelf.build, rebuild=rebuild))]
                faults += [_served(shelf, {"old": old, "new": shelf.documents.texts})] if disk.mounted else []
                faults += [_tried(shelf.keep), _tried(partial(shelf.add, extra))]
            faults += [_put_right(shelf)]
            what = "; ".join(filter(None, faults))
            yield f"{free:,} bytes left, {'new base' if rebuild else 'changes'}: {what}" if what else ""


def read_only(plan: Plan) -> Faults:
    """What is asked is answered, what has to be written is refused in one sentence, and later all works again.

    No trial where nothing can be made read-only.
    """
    with small_disk(plan.folder / "disk") as disk, _shelf(disk, plan) as shelf:
        if not disk.can_be_read_only:
            return
        extra = plan.folder / "extra.txt"
        extra.write_text("A note.\n", encoding="utf-8")
        works: tuple[tuple[str, Callable[[], None]], ...] = (
            ("a build", lambda: shelf.build(rebuild=True)), ("a change", lambda: shelf.build(rebuild=False)),
            ("an answer", shelf.keep), ("a file", lambda: shelf.add(extra)),
        )  # fmt: skip
        for number in range(plan.trials):
            name, work = works[number % len(works)]
            old = dict(shelf.documents.texts)
            shelf.documents.change(_CHANGED)
            with disk.read_only():
                faults = [_tried(work, works=False), _served(shelf, {"old": old})]
            what = "; ".join(filter(None, [*faults, _put_right(shelf)]))
            yield f"{name} for a read-only disk: {what}" if what else ""


@contextmanager
def _shelf(disk: SmallDisk, plan: Plan) -> Iterator[Shelf]:
    world = World(plan.folder / "world")
    world.build()
    with world.opened() as assistant:
        answer = assistant.ask(questions()[0])
    documents = Documents(disk.folder / "documents", _DOCUMENTS, random.Random(plan.seed))
    shelf = Shelf(documents, disk.folder / "index", disk.folder / "records.sqlite", answer)
    shelf.build(rebuild=True)
    shelf.keep()
    yield shelf


@contextmanager
def _unforeseen(meanwhile: bool) -> Iterator[None]:
    """As if somebody else filled the disk after the build had looked how much is free."""
    look = generation.check_free_space
    if meanwhile:
        generation.check_free_space = lambda *_: None
    try:
        yield
    finally:
        generation.check_free_space = look


def _tried(work: Callable[[], None], *, works: bool = True) -> str:
    """What is wrong where it neither works nor is refused in a sentence, or where it works and must not."""
    try:
        work()
    except UserError:
        return ""
    except Exception as error:  # noqa: BLE001 - whatever is raised but a sentence is what is looked for
        return f"{type(error).__name__}: {error}"
    return "" if works else "it was not refused"


def _served(shelf: Shelf, versions: dict[str, dict[str, str]]) -> str:
    try:
        served(shelf.index, versions)
    except (DamagedError, UserError) as error:
        return f"what serves is no whole index: {error}"
    except Exception as error:  # noqa: BLE001 - as above
        return f"{type(error).__name__} where the index is asked: {error}"
    return ""


def _put_right(shelf: Shelf) -> str:
    """With room again the next build makes the new index, and an answer is kept."""
    with suppress(UserError):
        shelf.build(rebuild=False)
        shelf.keep()
        return _served(shelf, {"new": shelf.documents.texts})
    return "it does not work again with room"
