"""A file that a browser sends for the corpus: streamed to a folder of its own, read with limits, then taken in."""

from __future__ import annotations

import filecmp
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request

from assistant.web.speech import said
from corpus.errors import UserError
from corpus.intake import NameTakenError, add_files, safe_name, set_aside
from corpus.readers import READERS
from corpus.sandbox import sandbox

LARGEST = 50_000_000
"""Bytes of a file."""
# One file is read at a time: each child may take a gigabyte.
_reading = threading.Lock()


class TooLargeError(UserError):
    """A file of more bytes than are taken."""


async def take_in(request: Request, corpus: Path, given: str, *, replace: bool) -> tuple[str, bool]:
    """Take a request's body into a corpus under a safe form of the name that was given.

    Returns the name, and whether anything changed: a file with that content may be there already. With
    `replace` the file of that name is set aside first. Raises UserError where the file cannot be used,
    TooLargeError where it has too many bytes, NameTakenError where another file has its name.
    """
    name = safe_name(given)
    _check_ending(name)
    with TemporaryDirectory(prefix="assistant-received-") as folder:
        path = Path(folder, name)
        await _stream(request, path)
        return name, await run_in_threadpool(_put, corpus, path, replace)


def _check_ending(name: str) -> None:
    ending = Path(name).suffix
    if ending.lower() not in READERS:
        raise UserError(
            said(
                "{name}: its format {ending} is not supported; expected one of {known}.",
                name=name, ending=ending or said("(no ending)"), known=", ".join(sorted(READERS)),
            )
        )  # fmt: skip


async def _stream(request: Request, path: Path) -> None:
    """Write a body as it comes; what is too long is not written to its end."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > LARGEST:
        raise TooLargeError(too_large(path.name))
    taken = 0
    with path.open("wb") as file:
        async for piece in request.stream():
            taken += len(piece)
            if taken > LARGEST:
                raise TooLargeError(too_large(path.name))
            file.write(piece)
    if not taken:
        raise UserError(said("{name} is empty.", name=path.name))


def too_large(name: str) -> str:
    return said("{name} has more than {count} MB: split it, or save it smaller.", name=name, count=LARGEST // 10**6)


def _put(corpus: Path, path: Path, replace: bool) -> bool:
    target = corpus / path.name
    taken = target.exists()
    if taken and filecmp.cmp(path, target, shallow=False):
        return False
    if taken and not replace:
        raise NameTakenError(
            said("There is another document named {name} already: replace it, or rename the new one.", name=path.name)
        )
    _check_reads(path)
    if taken:
        set_aside(corpus, path.name, keep=True)
    try:
        add_files(corpus, [path], replace=replace)
    except NameTakenError:
        raise
    except UserError as error:
        # Where the file lay for the moment says nothing to whom it came from.
        raise UserError(str(error).replace(str(path), path.name)) from error
    return True


def _check_reads(path: Path) -> None:
    try:
        with _reading, sandbox() as reader:
            reader.read(path)
    except UserError as error:
        reason = str(error).replace(str(path), path.name)
        raise UserError(said("{name} cannot be used: {reason}.", name=path.name, reason=reason.rstrip("."))) from error
