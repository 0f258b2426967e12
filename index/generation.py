"""Generations: a build goes to a fresh directory and becomes the index by one atomic rename.

    INDEX/current                     the name of the generation that serves
    INDEX/generations/NAME/           manifest.json, content.sqlite, lexical/, vectors/
    INDEX/serving/                    the copies of `vectors/` that processes have open
    INDEX/lock                        held by the one process that builds

A generation never changes after it is published. A damaged one can kill the process that opens
it, so its files are checked against the manifest before they are opened. Chroma writes to a store
at each opening, so it is given a copy of its own and the published files stay as they were.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from corpus.errors import IndexMissingError, UserError
from index.content import FORMAT

CONTENT = "content.sqlite"
LEXICAL = "lexical"
VECTORS = "vectors"
_MANIFEST = "manifest.json"
_POINTER = "current"
_GENERATIONS = "generations"
_SERVING = "serving"
_KEPT = 2
_LOCK_DELAY = 60.0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is and what its files must be. `version` depends on the content alone."""

    format: int
    version: str
    built: str
    encoder: str
    encoder_sha256: str
    fingerprint: str
    stamp: str
    documents: int
    passages: int
    sentences: int
    files: dict[str, dict[str, Any]]


def staging(index: Path) -> Path:
    """A fresh, empty directory for the next generation, named after none before it."""
    root = index / _GENERATIONS
    numbers = [int(match[1]) for path in root.glob("*") if (match := re.match(r"g(\d+)", path.name))]
    folder = root / f"g{max(numbers, default=0) + 1:06d}"
    folder.mkdir(parents=True)
    return folder


def seal(folder: Path, manifest: Manifest) -> None:
    """Write the manifest with the state of every file, and make all of it durable."""
    files = {path.relative_to(folder).as_posix(): _state(path) for path in _files(folder)}
    document = json.dumps({**asdict(manifest), "files": files}, indent=1)
    (folder / _MANIFEST).write_text(document, encoding="utf-8")
    for path in [*_files(folder), folder / _MANIFEST]:
        _sync(path)
    for path in {folder, folder.parent, *(path.parent for path in _files(folder))}:
        _sync(path)


def publish(index: Path, folder: Path) -> None:
    """Make a sealed generation the one that serves; readers of the old one are not disturbed."""
    pointer = index / _POINTER
    draft = index / f"{_POINTER}.new"
    draft.write_text(folder.name, encoding="utf-8")
    _sync(draft)
    os.replace(draft, pointer)
    _sync(index)


def current(index: Path) -> Path:
    """The directory of the generation that serves. Raises IndexMissingError where there is none."""
    try:
        name = (index / _POINTER).read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        raise IndexMissingError(f"There is no index in {index} yet: run `assistant index build`.") from None
    folder = index / _GENERATIONS / name
    if not re.fullmatch(r"g\d+", name) or not folder.is_dir():
        raise UserError(
            f"{index / _POINTER} names the generation {name!r}, which is not there: "
            "run `assistant index build --rebuild`."
        )
    return folder


def read_manifest(folder: Path) -> Manifest:
    """Raises UserError where the manifest is missing, damaged, or of another format."""
    try:
        manifest = Manifest(**json.loads((folder / _MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(_damaged(folder, f"its manifest cannot be read ({error})")) from error
    if manifest.format != FORMAT:
        raise UserError(
            f"The index in {folder} has format {manifest.format}, this program reads format {FORMAT}: "
            "run `assistant index build --rebuild`."
        )
    return manifest


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raises UserError, naming the file, where one is not what the build left."""
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise UserError(_damaged(folder, f"{name} is missing"))
        found = _state(path)
        if found != expected:
            raise UserError(_damaged(folder, f"{name} is not as the build left it"))


@contextmanager
def writer_lock(index: Path) -> Iterator[None]:
    """Held while building. Raises UserError when the folder cannot be written or a build is running."""
    try:
        index.mkdir(parents=True, exist_ok=True)
        lock = (index / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"The index folder {index} cannot be written ({error.strerror}): make it writable, or name another one "
            "with ASSISTANT_INDEX."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Another build of the index in {index} is running: wait until it is done, then try again."
            ) from None
        yield


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Marks a generation as read by this process, so that no build removes it meanwhile."""
    with (folder / _MANIFEST).open(encoding="utf-8") as manifest:
        fcntl.flock(manifest, fcntl.LOCK_SH)
        yield


@contextmanager
def serving_copy(folder: Path) -> Iterator[Path]:
    """A copy of a generation's store that this process alone may write to, gone afterwards.

    It lies beside the generations, or in the system's temporary folder where that is read-only.
    """
    try:
        root = folder.parent.parent / _SERVING
        root.mkdir(exist_ok=True)
        place = Path(mkdtemp(prefix=f"{folder.name}-", dir=root))
    except OSError:
        place = Path(mkdtemp(prefix=f"{folder.name}-"))
    try:
        with _lock_file(place).open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            try:
                _copy(folder / VECTORS, place / VECTORS)
            except OSError as error:
                raise UserError(
                    f"The store of the index cannot be copied to {place} ({error.strerror}): free some space there."
                ) from error
            yield place / VECTORS
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _lock_file(place: Path) -> Path:
    return place / "in-use"


def _copy(source: Path, target: Path) -> None:
    for path in _files(source):
        (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / path.relative_to(source))


def clean_up(index: Path) -> None:
    """Remove what no one needs: unfinished builds, generations before the last two, copies left by the dead."""
    for place in (index / _SERVING).glob("g*-*"):
        if not _is_locked(_lock_file(place)) and not _is_being_made(place):
            shutil.rmtree(place, ignore_errors=True)
    serving = current(index)
    sealed = sorted(path for path in (index / _GENERATIONS).glob("g*") if (path / _MANIFEST).is_file())
    kept = {serving, *[path for path in sealed if path < serving][-(_KEPT - 1) :]}
    for folder in (index / _GENERATIONS).iterdir():
        if folder not in kept and not _is_locked(folder / _MANIFEST):
            shutil.rmtree(folder, ignore_errors=True)


def discard(folder: Path) -> None:
    """Remove an unfinished generation."""
    shutil.rmtree(folder, ignore_errors=True)


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
    return f"The index in {folder} is damaged: {what}; run `assistant index build --rebuild`."
