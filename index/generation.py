"""Generations: a build goes to a fresh directory and becomes the index by one atomic rename.

    INDEX/current                     the name of the generation that serves
    INDEX/generations/NAME/           manifest.json, state.json, and two parts of the index:
        base/                         content.sqlite, lexical/, vectors/: carried on from build to build
        recent/                       content.sqlite, lexical/: what has changed since the base was made
    INDEX/serving/                    the copies of `base/vectors/` that processes have open
    INDEX/lock                        held by the one process that builds

A generation never changes after it is published. A damaged one can kill the process that opens
it, so its files are checked against the manifest before they are opened. Chroma writes to a store
at each opening, so it is given a copy of its own and the published files stay as they were.

With a Chroma server the vectors lie in a collection there, named in the manifest, and all the rest here.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import IO, Any

from corpus.errors import IndexMissingError, UserError
from index.faults import crash_point
from index.segment import VECTORS
from index.state import FORMAT

BASE = "base"
RECENT = "recent"
STATE = "state.json"
_MANIFEST = "manifest.json"
_POINTER = "current"
_GENERATIONS = "generations"
_SERVING = "serving"
_COLLECTION = "collection.json"
_SEAL = "sha256"
_TODO = "run `assistant index build --rebuild`"
_KEPT = 2
_LOCK_DELAY = 60.0
_LOCK_INTERVAL = 0.2
# Above this size a base is carried on as links to the same files, below it as a copy, which is damaged alone.
_COPIED = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is and what its files must be.

    `version` depends on the content alone. `gone` are the documents of the base that count no
    longer; `base` its number of passages, `ef_search` and `recall` how its vectors are searched and
    what share of the ten nearest that finds. `server` and `collection` say where they lie; `server`
    is None where they lie in the generation itself.
    """

    format: int
    version: str
    built: str
    encoder: str
    encoder_sha256: str
    documents: int
    passages: int
    sentences: int
    base: int
    gone: list[str]
    ef_search: int
    recall: float
    server: str | None
    collection: str
    files: dict[str, dict[str, Any]]


def staging(index: Path) -> Path:
    """A fresh, empty directory for the next generation, named after none before it."""
    root = index / _GENERATIONS
    numbers = [int(match[1]) for path in root.glob("*") if (match := re.match(r"g(\d+)", path.name))]
    folder = root / f"g{max(numbers, default=0) + 1:06d}"
    folder.mkdir(parents=True)
    return folder


def carry_on(source: Path, target: Path) -> None:
    """Put the base of one generation into another one, as it is."""
    large = size(source / BASE) > _COPIED
    for path in _files(source / BASE):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not large or not _linked(path, place):
            shutil.copyfile(path, place)


def _linked(path: Path, place: Path) -> bool:
    try:
        os.link(path, place)
    except OSError:
        # Not every file system has links.
        return False
    return True


def seal(folder: Path, manifest: Manifest) -> None:
    """Write the manifest with the state of every file, and make all of it durable.

    What `manifest.files` says already, of files that were carried on, stays: their state is the
    one that they were built with.
    """
    files = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    states = {name: manifest.files.get(name) or _state(path) for name, path in files.items()}
    document = {**asdict(manifest), "files": states}
    (folder / _MANIFEST).write_text(json.dumps({**document, _SEAL: _digest(document)}, indent=1), encoding="utf-8")
    for path in [*files.values(), folder / _MANIFEST]:
        _sync(path)
    for path in {folder, folder.parent, *(path.parent for path in files.values())}:
        _sync(path)


def publish(index: Path, folder: Path) -> None:
    """Make a sealed generation the one that serves; readers of the old one are not disturbed."""
    pointer = index / _POINTER
    draft = index / f"{_POINTER}.new"
    draft.write_text(f"{folder.name} {_check_of(folder.name)}", encoding="utf-8")
    _sync(draft)
    crash_point("pointer drafted")
    os.replace(draft, pointer)
    _sync(index)


def current(index: Path) -> Path:
    """The directory of the generation that serves. Raises IndexMissingError where there is none."""
    try:
        name, _, check = (index / _POINTER).read_text(encoding="utf-8", errors="replace").strip().partition(" ")
    except FileNotFoundError:
        raise IndexMissingError(f"There is no index in {index} yet: run `assistant index build`.") from None
    folder = index / _GENERATIONS / name
    if not re.fullmatch(r"g\d+", name) or not folder.is_dir():
        raise UserError(f"{index / _POINTER} names the generation {name!r}, which is not there: {_TODO}.")
    # Without a check it was written by an earlier version of this program.
    if check and check != _check_of(name):
        raise UserError(f"{index / _POINTER} is damaged: found {name!r} with the check {check!r}; {_TODO}.")
    return folder


def read_manifest(folder: Path) -> Manifest:
    """Raises UserError where the manifest is missing, damaged, or of another format."""
    try:
        row = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        # Without a seal it was written by an earlier version of this program.
        sealed = row.pop(_SEAL, None)
        manifest = Manifest(**row)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(_damaged(folder, f"its manifest cannot be read ({error})")) from error
    if manifest.format != FORMAT:
        raise UserError(
            f"The index in {folder} has format {manifest.format}, this program reads format {FORMAT}: {_TODO}."
        )
    if sealed is not None and sealed != _digest(row):
        raise UserError(_damaged(folder, f"{_MANIFEST} is not as the build left it"))
    return manifest


def usable(index: Path) -> tuple[Path, str | None]:
    """The generation to serve, checked: the current one, else the last one before it that is whole.

    With it comes the sentence that says why it is not the current one, None where it is. Raises
    UserError where no generation can be used.
    """
    problem: UserError | None = None
    try:
        folder = current(index)
        check_files(folder, read_manifest(folder))
    except UserError as error:
        problem = error
    else:
        return folder, None
    for folder in sorted(_sealed(index), reverse=True):
        with suppress(UserError, FileNotFoundError):
            check_files(folder, read_manifest(folder))
            return folder, f"{problem} Until then answers come from the index before it."
    raise problem


def check_files(folder: Path, manifest: Manifest, only: Container[str] | None = None) -> None:
    """Raises UserError, naming the file, where one is not what the build left; of those in `only`, where given."""
    for name, expected in manifest.files.items():
        if only is not None and name not in only:
            continue
        path = folder / name
        if not path.is_file():
            raise UserError(_damaged(folder, f"{name} is missing"))
        found = _state(path)
        if found != expected:
            raise UserError(_damaged(folder, f"{name} is not as the build left it"))


@contextmanager
def writer_lock(index: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Held while building. Another build is waited for, which `waiting` is told of once.

    Raises UserError when the folder cannot be written.
    """
    try:
        index.mkdir(parents=True, exist_ok=True)
        lock = (index / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"The index folder {index} cannot be written ({error.strerror}): make it writable, or name another one "
            "with ASSISTANT_INDEX."
        ) from error
    with lock:
        told = False
        while not _locked(lock):
            if not told:
                waiting()
                told = True
            time.sleep(_LOCK_INTERVAL)
        yield


def is_being_built(index: Path) -> bool:
    """Whether some process holds the writer's lock now."""
    return _is_locked(index / "lock")


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Marks a generation as read by this process, so that no build removes it meanwhile."""
    with (folder / _MANIFEST).open(encoding="utf-8") as manifest:
        fcntl.flock(manifest, fcntl.LOCK_SH)
        yield


@contextmanager
def serving_copy(folder: Path) -> Iterator[Path]:
    """A copy of a generation's store that this process alone may write to, gone afterwards.

    It lies beside the generations, or in the system's temporary folder where that is read-only or full.
    """
    place, lock = _copied(folder)
    try:
        with lock:
            yield place / VECTORS
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _copied(folder: Path) -> tuple[Path, IO[str]]:
    """A copy of a generation's store, locked. Raises UserError where there is no room for one."""
    places = folder.parent.parent / _SERVING, Path(gettempdir())
    problem = OSError()
    for place in places:
        try:
            return _copied_to(place, folder)
        except OSError as error:
            problem = error
    raise UserError(
        f"The store of the index cannot be copied to {places[0]} or {places[1]} ({problem.strerror}): free some space "
        "there."
    ) from problem


def _copied_to(root: Path, folder: Path) -> tuple[Path, IO[str]]:
    root.mkdir(exist_ok=True)
    place = Path(mkdtemp(prefix=f"{folder.name}-", dir=root))
    with ExitStack() as undoing:
        undoing.callback(shutil.rmtree, place, ignore_errors=True)
        lock = undoing.enter_context(_lock_file(place).open("w", encoding="utf-8"))
        fcntl.flock(lock, fcntl.LOCK_SH)
        _copy(folder / BASE / VECTORS, place / VECTORS)
        undoing.pop_all()
    return place, lock


def _lock_file(place: Path) -> Path:
    return place / "in-use"


def _copy(source: Path, target: Path) -> None:
    for path in _files(source):
        (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / path.relative_to(source))


def note_collection(folder: Path, server: str, collection: str) -> None:
    """Note in a generation which collection of a Chroma server is its own, before it is made there."""
    path = folder / _COLLECTION
    path.write_text(json.dumps([server, collection]), encoding="utf-8")
    _sync(path)
    _sync(folder)


def clean_up(index: Path, forget: Callable[[str, str], bool]) -> None:
    """Remove what no one needs: unfinished builds, generations before the last two, copies left by the dead.

    `forget` removes a collection of a Chroma server, given by the server's URL and its name, and
    tells whether it could.
    """
    for place in (index / _SERVING).glob("g*-*"):
        if not _is_locked(_lock_file(place)) and not _is_being_made(place):
            shutil.rmtree(place, ignore_errors=True)
    kept, others = _kept(index)
    needed = {_collection_of(folder) for folder in kept}
    for folder in others:
        collection = _collection_of(folder)
        if collection is None or collection in needed or forget(*collection):
            shutil.rmtree(folder, ignore_errors=True)


def _kept(index: Path) -> tuple[list[Path], list[Path]]:
    """The generations that are needed, by a reader or as the last two, and the others."""
    folders = sorted((index / _GENERATIONS).glob("g*"))
    try:
        serving = current(index)
    except IndexMissingError:
        # A first build was killed: nothing is published yet.
        return [], folders
    except UserError:
        # The pointer is damaged: what it may have meant stays until a build puts it right.
        return _sealed(index), [folder for folder in folders if folder not in _sealed(index)]
    last = {serving, *[path for path in sorted(_sealed(index)) if path < serving][-(_KEPT - 1) :]}
    kept = [folder for folder in folders if folder in last or _is_locked(folder / _MANIFEST)]
    return kept, [folder for folder in folders if folder not in kept]


def _collection_of(folder: Path) -> tuple[str, str] | None:
    try:
        server, collection = json.loads((folder / _COLLECTION).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        # A build that was killed before it noted one made none.
        return None
    return server, collection


def _sealed(index: Path) -> list[Path]:
    return [path for path in (index / _GENERATIONS).glob("g*") if (path / _MANIFEST).is_file()]


def check_free_space(index: Path, needed: int) -> None:
    """Raises UserError unless `needed` bytes are free where the index lies."""
    free = shutil.disk_usage(index).free
    if free < needed:
        raise UserError(
            f"The disk of {index} has {free // 2**20} MB free, the build needs {needed // 2**20} MB: free some space, "
            "or name another folder with ASSISTANT_INDEX."
        )


def size(folder: Path) -> int:
    """The bytes that a generation takes on disk."""
    return sum(path.stat().st_blocks * 512 for path in _files(folder))


def _is_being_made(place: Path) -> bool:
    """Whether a copy is so young that its lock may still be on its way."""
    with suppress(FileNotFoundError):
        return not _lock_file(place).exists() and time.time() - place.stat().st_mtime < _LOCK_DELAY
    return False


def _is_locked(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _MANIFEST)


def _state(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"size": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(folder: Path, what: str) -> str:
    return f"The index in {folder} is damaged: {what}; {_TODO}."


def _digest(manifest: dict[str, Any]) -> str:
    """A digest of all that a manifest says but this: its files are checked by it, and it by this."""
    return sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _check_of(name: str) -> str:
    """Tells a generation's name from another one that a damaged pointer might give."""
    return sha256(name.encode()).hexdigest()[:8]
