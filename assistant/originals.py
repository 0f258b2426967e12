"""The files behind the documents: only those that the index was built from, and whether they are still the same."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path

from corpus.errors import UserError
from corpus.types import DocumentInfo
from index.changes import FileRecord


@dataclass(frozen=True, slots=True)
class Original:
    """The file that a document was read from; `sha256` is that of its bytes as they are now.

    `is_changed` says that they are no longer those that the index was built from.
    """

    path: Path
    sha256: str
    is_changed: bool


def find_original(folder: Path | None, files: Iterable[FileRecord], document: DocumentInfo) -> Original:
    """The file of a document of the index in the corpus folder. Raises UserError where it cannot be handed out.

    The name comes from the index and never from a request; a link that leads out of the folder is refused.
    """
    record = next((one for one in files if one.name == document.path), None)
    if folder is None or record is None:
        raise UserError(f"The file of “{document.title}” is not kept with the index: only its text is here.")
    path = folder / document.path
    try:
        # Resolved before it is compared: ".." and links count as where they lead.
        if not path.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"The file of “{document.title}” lies outside the corpus folder, so it is not handed out.")
        if not path.is_file():
            raise UserError(f"The file of “{document.title}” is no longer in the corpus folder: only its text is here.")
        digest = _digest(path, _state(path))
    except OSError as error:
        raise UserError(f"The file of “{document.title}” cannot be read ({error.strerror}).") from error
    return Original(path, digest, digest != record.sha256)


def _state(path: Path) -> tuple[int, int, int, int]:
    state = os.stat(path)
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


@lru_cache(maxsize=4096)
def _digest(path: Path, state: tuple[int, int, int, int]) -> str:  # noqa: ARG001 - a changed file is hashed anew
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
