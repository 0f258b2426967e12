"""Files from elsewhere, copied into the folder of a corpus."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from corpus.catalogue import CATALOGUE, DEFINITIONS, is_temporary
from corpus.errors import UserError
from corpus.readers import READERS

_DRAFT = ".assistant-adds-"


def add_files(folder: Path, files: Sequence[Path], *, replace: bool = False) -> list[tuple[Path | None, str]]:
    """Copy files into a corpus, all of them or none; for each where it is now, and its name.

    The place is None where the same content was there already. With `replace` a file takes the
    place of another one with its name. Raises UserError, naming the file, where one cannot be
    added; then nothing was.
    """
    if not folder.is_dir():
        raise UserError(f"The corpus folder {folder} does not exist or is no folder: name one with ASSISTANT_CORPUS.")
    names = [_checked(folder, path, replace=replace) for path in files]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UserError(f"Two files are named {min(twice)}: rename one of them, then add both.")
    return [_put(folder, path, name) for path, name in zip(files, names, strict=True)]


def _checked(folder: Path, path: Path, *, replace: bool) -> str:
    name = path.name
    if not path.is_file():
        raise UserError(f"There is no file {path}: give the files to add, not a folder.")
    if path.suffix.lower() not in READERS:
        known = ", ".join(sorted(READERS))
        raise UserError(f"{path}: its format {path.suffix or '(no ending)'} is not supported; expected one of {known}.")
    if is_temporary(name) or name in (CATALOGUE, DEFINITIONS):
        raise UserError(f"{path}: a file of this name is not read from a corpus; rename it, then add it.")
    target = folder / name
    if target.exists() and not replace and not filecmp.cmp(path, target, shallow=False):
        raise UserError(
            f"{folder} has another {name} already: give --replace to put the new one in its place, or rename it."
        )
    return name


def _put(folder: Path, path: Path, name: str) -> tuple[Path | None, str]:
    target = folder / name
    if target.exists() and filecmp.cmp(path, target, shallow=False):
        return None, name
    # A build that runs meanwhile sees the whole file or none: temporary names are left alone.
    draft = folder / f"{_DRAFT}{os.getpid()}.tmp"
    try:
        shutil.copyfile(path, draft)
        os.replace(draft, target)
    except OSError as error:
        raise UserError(f"{path} could not be copied to {folder} ({error.strerror}).") from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return target, name
