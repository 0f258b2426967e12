"""A folder of documents, with or without a catalogue, to a `Corpus`."""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.definitions import load_definitions
from corpus.errors import UserError
from corpus.language import language_of
from corpus.readers import read_file
from corpus.readers.types import Reading
from corpus.types import Corpus, Document, Refused

CATALOGUE = "catalogue.toml"
DEFINITIONS = "definitions.toml"
SHIPPED_DOCUMENTS = Path(__file__).parent / "documents"
SHIPPED_DEFINITIONS = Path(__file__).parent / DEFINITIONS

_TEMPORARY = re.compile(r"^[.~]|~$|\.(?:tmp|bak|swp|part|crdownload)$", re.IGNORECASE)
_KEYS: dict[str, type] = {
    "file": str, "id": str, "title": str, "url": str, "language": str, "kind": str, "date": date
}  # fmt: skip


Read = Callable[[Path], Reading]


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the corpus: its name below the folder, where it lies, and what the catalogue says of it."""

    name: str
    path: Path
    entry: Mapping[str, Any]


def load_corpus(folder: Path, read: Read = read_file) -> Corpus:
    """Read every document below `folder`, and the definitions that belong to it.

    A file that cannot be used is refused by name and the rest goes on. Raises UserError where
    there is nothing to read, or where the catalogue or the definitions cannot be trusted.
    """
    files, refused = sources(folder)
    shelf = Shelf()
    found: list[Document] = []
    for source in files:
        try:
            document = read_source(folder, source, read)
            shelf.put(document.path, document.id, document.sha256)
        except UserError as error:
            refused.append(Refused(source.name, str(error)))
        else:
            found.append(document)
    documents = {document.id: document for document in sorted(found, key=lambda document: document.path)}
    if not documents:
        raise UserError(nothing_to_read(folder, refused))
    definitions, drifted = load_definitions(definitions_path(folder), list(documents), documents.__getitem__)
    return Corpus(tuple(documents.values()), definitions, tuple(refused), drifted)


def sources(folder: Path) -> tuple[list[Source], list[Refused]]:
    """The files of a corpus, and what its catalogue names in vain.

    The order tells which of two with the same text or id stays: what the catalogue names, then
    files, then links. Raises UserError where there is no such folder or no usable catalogue.
    """
    if not folder.is_dir():
        raise UserError(
            f"The corpus folder {folder} does not exist or is no folder: create it and put documents in it, "
            "or name another one with ASSISTANT_CORPUS."
        )
    entries = _read_catalogue(folder / CATALOGUE)
    files = dict(_named_files(folder))
    missing = [
        Refused(name, f"{CATALOGUE} names it, but there is no such file; add the file or take the entry out")
        for name in entries
        if name not in files
    ]
    order = sorted(files, key=lambda name: (name not in entries, os.path.islink(files[name]), name))
    return [Source(name, files[name], entries.get(name, {})) for name in order], missing


class Shelf:
    """Says where documents go that were taken up before: each text and each id has one place."""

    def __init__(self) -> None:
        self._by_text: dict[str, str] = {}
        self._by_id: dict[str, str] = {}

    def put(self, path: str, document_id: str, sha256: str) -> None:
        """Raises UserError where another document has the same text or the same id."""
        self.check_text(sha256)
        if other := self._by_id.get(document_id):
            raise UserError(f"its id {document_id!r} already belongs to {other}; give it another `id` in {CATALOGUE}")
        self._by_text[sha256] = self._by_id[document_id] = path

    def check_text(self, sha256: str) -> None:
        """Raises UserError where a document with this text was put there before."""
        if same := self._by_text.get(sha256):
            raise UserError(f"it holds the same text as {same}, which is indexed and cited in its place")


def definitions_path(folder: Path) -> Path:
    """The definitions of a corpus lie in its folder; those of the shipped one beside it."""
    return SHIPPED_DEFINITIONS if folder.resolve() == SHIPPED_DOCUMENTS.resolve() else folder / DEFINITIONS


def is_temporary(name: str) -> bool:
    """Whether a name is that of a hidden file, or of one that a program leaves while it works."""
    return bool(_TEMPORARY.search(name))


def corpus_files(folder: Path) -> Iterator[Path]:
    """Every file that belongs to the corpus, in an order that does not depend on the file system."""
    for _, path in _named_files(folder):
        yield path


def _named_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file of the corpus with its name below the folder. Links to folders are not followed."""
    for directory, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not is_temporary(name))
        below = os.path.relpath(directory, folder)
        prefix = "" if below == os.curdir else f"{below}/"
        for name in sorted(files):
            if not is_temporary(name) and name not in (CATALOGUE, DEFINITIONS):
                yield prefix + name, Path(directory, name)


def _read_catalogue(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("document", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: it is not valid TOML ({error}); correct that place.") from error
    entries: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, 1):
        _check_entry(path, number, row)
        if row["file"] in entries:
            raise UserError(f"{path}: entry {number} names {row['file']!r} a second time; keep one of the two.")
        entries[row["file"]] = row
    return entries


def _check_entry(path: Path, number: int, row: Mapping[str, Any]) -> None:
    if "file" not in row:
        raise UserError(f"{path}: entry {number} has no `file`; give the document's name below this folder.")
    for key, value in row.items():
        expected = _KEYS.get(key)
        if expected is None:
            raise UserError(f"{path}: entry {number} has the unknown key {key!r}; expected {', '.join(_KEYS)}.")
        if not isinstance(value, expected):
            raise UserError(f"{path}: entry {number} has {key} = {value!r}; expected a {expected.__name__}.")


def check_place(folder: Path, path: Path) -> None:
    """Raises UserError where a file lies outside the corpus or is none."""
    # The folders above it are none that a link leads to: only the file itself can be one.
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        raise UserError("it is a link to a file outside the corpus folder; copy the file itself")
    if not path.is_file():
        raise UserError("it is no file that can be read (a link to nothing, a pipe or a device); take it out")


def read_source(folder: Path, source: Source, read: Read) -> Document:
    """The document in a file. `read` reads one file. Raises UserError, naming the reason, where it cannot be used."""
    check_place(folder, source.path)
    name, entry, reading = source.name, source.entry, read(source.path)
    return Document(
        id=entry.get("id") or document_id(name),
        title=entry.get("title") or reading.title or Path(name).stem,
        path=name,
        url=entry.get("url"),
        language=entry.get("language") or language_of(reading.text),
        kind=entry.get("kind", "document"),
        date=entry.get("date"),
        sha256=sha256(reading.text.encode("utf-8", "surrogatepass")).hexdigest(),
        text=reading.text,
        sections=reading.sections,
        pages=reading.pages,
        remarks=reading.remarks,
    )


def document_id(name: str) -> str:
    """A document's id where the catalogue gives none: its path, fit to be typed and linked.

    >>> document_id("Reports 2023/Annual report.pdf")
    'Reports-2023/Annual-report.pdf'
    """
    return re.sub(r"[\s?#%]+", "-", unicodedata.normalize("NFC", name))


def nothing_to_read(folder: Path, refused: list[Refused]) -> str:
    if not refused:
        return (
            f"The corpus folder {folder} holds no documents: put text, Markdown or PDF files in it, "
            "or name another folder with ASSISTANT_CORPUS."
        )
    named = "; ".join(f"{item.path}: {item.reason}" for item in refused[:5])
    more = f"; and {len(refused) - 5} more" if len(refused) > 5 else ""
    return f"None of the {len(refused)} files in {folder} could be used: {named}{more}."
