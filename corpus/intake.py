"""Files from elsewhere, copied into the folder of a corpus, and files of it set aside."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from uuid import uuid4

from corpus.catalogue import CATALOGUE, DEFINITIONS, is_temporary
from corpus.errors import UserError
from corpus.readers import READERS

ASIDE = ".removed"
"""The folder inside a corpus for what was taken out of it. Its name is hidden, so that no build reads it."""
_DRAFT = ".assistant-adds-"
_LONGEST_NAME = 120
_TIME = "%Y%m%dT%H%M%S%f"


class NameTakenError(UserError):
    """The corpus has another file of that name; whether to replace it is for a person to say."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A file that was taken out: where it lies below the corpus, what it was called there, and when it went."""

    place: str
    name: str
    when: datetime


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
        raise NameTakenError(
            f"{folder} has another {name} already: give --replace to put the new one in its place, or rename it."
        )
    return name


def _put(folder: Path, path: Path, name: str) -> tuple[Path | None, str]:
    target = folder / name
    if target.exists() and filecmp.cmp(path, target, shallow=False):
        return None, name
    # A build that runs meanwhile sees the whole file or none: temporary names are left alone.
    draft = folder / f"{_DRAFT}{uuid4().hex}.tmp"
    try:
        shutil.copyfile(path, draft)
        os.replace(draft, target)
    except OSError as error:
        raise UserError(f"{path} could not be copied to {folder} ({error.strerror}).") from error
    finally:
        # Of a disk that cannot be written nothing can be taken away either; nothing was put there.
        with suppress(OSError):
            draft.unlink()
    return target, name


def safe_name(given: str) -> str:
    """A name from elsewhere as one that a file of the corpus may have; its ending is kept.

    >>> safe_name("../../etc/Fees 2026?.pdf"), safe_name("~.md"), safe_name("a<b>.txt")
    ('Fees 2026.pdf', 'file.md', 'a_b.txt')
    """
    last = re.split(r"[/\\\\]", unicodedata.normalize("NFC", given))[-1]
    printable = "".join(sign for sign in last if sign.isprintable() and unicodedata.category(sign) != "Cf")
    stem, dot, ending = printable.rpartition(".")
    stem, ending = (stem, dot + ending) if dot else (printable, "")
    clean = re.sub(r"[^\w() .,+&'-]", "_", stem).strip("._ ~-'")
    return (clean[: _LONGEST_NAME - len(ending)].rstrip("._ ~-'") or "file") + re.sub(r"[^\w.]", "_", ending)


def set_aside(folder: Path, name: str, *, keep: bool = False) -> Aside:
    """Move a file of a corpus, given by its name below the folder, to where no build reads it; with `keep`, copy it.

    Nothing is ever deleted. Raises UserError where the corpus has no such file, or it cannot be moved.
    """
    source = _inside(folder, name)
    when = datetime.now(UTC)
    target = folder / ASIDE / when.strftime(_TIME) / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if keep:
            shutil.copy2(source, target)
        else:
            os.replace(source, target)
    except OSError as error:
        raise UserError(f"{name} could not be moved to {folder / ASIDE} ({error.strerror}).") from error
    return Aside(target.relative_to(folder).as_posix(), name, when)


def set_aside_before(folder: Path) -> list[Aside]:
    """What was taken out of a corpus and not put back, the latest first."""
    found = []
    for path in (folder / ASIDE).glob("*/**/*"):
        when, *rest = path.relative_to(folder / ASIDE).parts
        with suppress(ValueError):
            if path.is_file():
                moment = datetime.strptime(when, _TIME).replace(tzinfo=UTC)
                found.append(Aside(path.relative_to(folder).as_posix(), "/".join(rest), moment))
    return sorted(found, key=lambda one: (one.when, one.name), reverse=True)


def put_back(folder: Path, place: str) -> str:
    """Move a file that was set aside to where it was; its name there.

    Raises UserError where it is not there any more, or another file has its name.
    """
    known = next((one for one in set_aside_before(folder) if one.place == place), None)
    if known is None:
        raise UserError(f"There is no {place} in {folder}: it may have been put back already.")
    target = folder / known.name
    if target.exists():
        raise NameTakenError(f"{folder} has another {known.name} already: remove that one first, then put this back.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(folder / place, target)
    except OSError as error:
        raise UserError(f"{known.name} could not be moved back to {folder} ({error.strerror}).") from error
    return known.name


def _inside(folder: Path, name: str) -> Path:
    """The file of a corpus with a name. Raises UserError for a name that leads out of it, or to none."""
    parts = PurePosixPath(name).parts
    refused = not parts or "\0" in name or parts[-1] in (CATALOGUE, DEFINITIONS)
    if refused or any(part in ("/", "..") or is_temporary(part) for part in parts):
        raise UserError(f"{name!r} is no document of {folder}.")
    path = folder / name
    if not os.path.lexists(path) or path.is_dir() or not path.parent.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"There is no document {name} in {folder}: it may have been removed already.")
    return path
