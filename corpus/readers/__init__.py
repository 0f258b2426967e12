"""Files to text, sections and pages: one reader for each format, chosen by the file's ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corpus.errors import UserError
from corpus.readers.types import Reading


def _text(path: Path) -> Reading:
    from corpus.readers.text import read

    return read(path)


def _markdown(path: Path) -> Reading:
    from corpus.readers.markdown import read

    return read(path)


def _pdf(path: Path) -> Reading:
    from corpus.readers.pdf import read

    return read(path)


def _html(path: Path) -> Reading:
    from corpus.readers.html import read

    return read(path)


def _docx(path: Path) -> Reading:
    from corpus.readers.docx import read

    return read(path)


def _csv(path: Path) -> Reading:
    from corpus.readers.csv import read

    return read(path)


# The libraries behind a reader are imported when its first file is read.
READERS: dict[str, Callable[[Path], Reading]] = {
    ".txt": _text,
    ".text": _text,
    ".md": _markdown,
    ".markdown": _markdown,
    ".pdf": _pdf,
    ".html": _html,
    ".htm": _html,
    ".docx": _docx,
    ".csv": _csv,
}


def read_file(path: Path) -> Reading:
    """The text, sections and pages of a file.

    Raises UserError, naming the reason without the path, when the file cannot be used.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise UserError(f"its format {path.suffix or '(no ending)'} is not supported; expected one of {known}")
    try:
        if path.stat().st_size == 0:
            raise UserError("it is empty; replace it or take it out of the folder")
        reading = reader(path)
    except OSError as error:
        raise UserError(f"it cannot be read ({error.strerror}); check the file and its permissions") from error
    if not reading.text.strip():
        raise UserError("it holds no text; if its pages are pictures, run OCR on it first")
    return reading
