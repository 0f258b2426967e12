"""Files of an index that are flipped or cut: none is opened unnoticed, each is named, all are rebuilt."""

from __future__ import annotations

import json
import random
from contextlib import closing
from pathlib import Path

from corpus.errors import UserError
from evals.bench_crashes import DamagedError, served
from evals.made_up import Documents, HashingEncoder
from evals.reliability.promise import Faults, Plan
from index import generation
from index.build import build_index
from index.search import Snapshot

_DOCUMENTS = 12
_CHANGED = 2
_REBUILD_EVERY = 10


def found(plan: Plan) -> Faults:
    """A file after the other, 20 places each by turns flipped and cut; every tenth time the next build puts it right.

    The index has a base, recent changes and a generation before it, which serves meanwhile.
    """
    shelf = _Shelf(plan)
    for number in range(plan.trials):
        files = shelf.files()
        path = files[number % len(files)]
        way = "cut" if number // len(files) % 2 else "flipped"
        name = path.relative_to(shelf.index).as_posix()
        content, place = path.read_bytes(), plan.generator(number)
        damaged, at = _damaged(content, way, place)
        path.write_bytes(damaged)
        rebuilt = number % _REBUILD_EVERY == _REBUILD_EVERY - 1
        fault = shelf.fault(path, content)
        if rebuilt:
            fault = fault or shelf.put_right()
        else:
            path.write_bytes(content)
        yield f"{name}, {way} at {at:,} of {len(content):,}: {fault}" if fault else ""


def _damaged(content: bytes, way: str, generator: random.Random) -> tuple[bytes, int]:
    at = generator.randrange(max(1, len(content)))
    if way == "cut" or not content:
        return content[:at] if content else b"x", at
    flipped = bytearray(content)
    flipped[at] ^= 1 << generator.randrange(8)
    return bytes(flipped), at


class _Shelf:
    """Documents with an index of two generations, the newer one with changes beside its base."""

    def __init__(self, plan: Plan) -> None:
        self.documents = Documents(plan.folder / "documents", _DOCUMENTS, random.Random(plan.seed))
        self.index = plan.folder / "index"
        self._before: dict[str, str] = {}
        self._build(rebuild=True)
        self._change()

    def files(self) -> list[Path]:
        """The files of the generation that serves, and what names it."""
        folder = generation.current(self.index)
        return [self.index / "current", *sorted(path for path in folder.rglob("*") if path.is_file())]

    def fault(self, path: Path, content: bytes) -> str:
        """What is wrong with what serves now, "" where it is whole and the damage is named."""
        try:
            with closing(Snapshot.current(self.index, HashingEncoder())) as snapshot:
                notice, texts = snapshot.notice, self._texts(snapshot)
                version = snapshot.manifest.version
        except UserError as error:
            return "" if path.name in str(error) else f"nothing serves, and the file is not named: {error}"
        except Exception as error:  # noqa: BLE001 - whatever else opening it raises is what is looked for
            return f"{type(error).__name__}: {error}"
        if notice is None:
            same = texts == self.documents.texts and version == self._version and _same(path, content)
            return "" if same else "it was opened as if nothing had happened"
        # Of a manifest that cannot be read the index is named, as one that another version may have written.
        named = path.name in notice or (path.name == "manifest.json" and ("manifest" in notice or "format" in notice))
        if texts not in (self._before, self.documents.texts):
            return "what serves instead is neither this index nor the one before"
        return "" if named else f"the file is not named: {notice}"

    def put_right(self) -> str:
        """The next build, which nobody tells that anything is wrong, makes it whole again."""
        try:
            self._build(rebuild=False)
            served(self.index, {"now": self.documents.texts})
        except (UserError, DamagedError) as error:
            return f"the next build did not put it right: {error}"
        self._change()
        return ""

    def _change(self) -> None:
        self._before = dict(self.documents.texts)
        self.documents.change(_CHANGED)
        self._build(rebuild=False)

    def _build(self, *, rebuild: bool) -> None:
        report = build_index(self.documents.folder, self.index, HashingEncoder(), rebuild=rebuild)
        self._version = report.manifest.version

    @staticmethod
    def _texts(snapshot: Snapshot) -> dict[str, str]:
        return {info.path: snapshot.document(info.id).text for info in snapshot.state.documents}


def _same(path: Path, content: bytes) -> bool:
    """Whether a file still says what it said: white space of JSON, or the end of a name, may differ."""
    now = path.read_bytes()
    if path.name == "current":
        return now.split() == content.split()
    try:
        return bool(json.loads(now) == json.loads(content))
    except ValueError:
        return False
