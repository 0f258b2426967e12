"""A folder of documents, with or without a catalogue, to a `Corpus`."""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
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


def load_corpus(folder: Path, read: Read = read_file) -> Corpus:
    """Read every document below `folder`, and the definitions that belong to it.

    `read` reads one file; a build passes one that works in a child process with limits.
    A file that cannot be used is refused by name and the rest goes on. Raises UserError where
    there is nothing to read, or where the catalogue or the definitions cannot be trusted.
    """
    if not folder.is_dir():
        raise UserError(
            f"The corpus folder {folder} does not exist or is no folder: create it and put documents in it, "
            "or name another one with ASSISTANT_CORPUS."
        )
    entries = _read_catalogue(folder / CATALOGUE)
    documents, refused = _read_documents(folder, entries, read)
    if not documents:
        raise UserError(_nothing_to_read(folder, refused))
    return Corpus(
        documents=tuple(documents),
        definitions=load_definitions(definitions_path(folder), documents),
        refused=tuple(refused),
    )


def definitions_path(folder: Path) -> Path:
    """The definitions of a corpus lie in its folder; those of the shipped one beside it."""
    return SHIPPED_DEFINITIONS if folder.resolve() == SHIPPED_DOCUMENTS.resolve() else folder / DEFINITIONS


def corpus_files(folder: Path) -> Iterator[Path]:
    """Every file that belongs to the corpus, in an order that does not depend on the file system."""
    for directory, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not _TEMPORARY.search(name))
        for name in sorted(files):
            if not _TEMPORARY.search(name) and name not in (CATALOGUE, DEFINITIONS):
                yield Path(directory) / name


def stamp(folder: Path) -> str:
    """A digest of the names, sizes and times of the corpus' files: equal means unchanged, and costs no reading."""
    digest = sha256()
    for name, path in _sources(folder):
        with suppress(OSError):
            state = path.stat()
            digest.update(f"{name}\0{state.st_size}\0{state.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def fingerprint(folder: Path) -> str:
    """A digest of every file that the corpus is read from: it changes when a build would differ."""
    digest = sha256()
    for name, path in _sources(folder):
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
        try:
            # A pipe or a device would never end.
            digest.update(sha256(path.read_bytes()).digest() if path.is_file() else b"no file")
        except OSError:
            # A file that cannot be read is part of the state too: it is refused by the build.
            digest.update(b"unreadable")
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    """What the corpus is read from, each with its name below the folder."""
    yield CATALOGUE, folder / CATALOGUE
    yield DEFINITIONS, definitions_path(folder)
    for path in corpus_files(folder):
        yield path.relative_to(folder).as_posix(), path


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


def _read_documents(
    folder: Path, entries: Mapping[str, Mapping[str, Any]], read: Read
) -> tuple[list[Document], list[Refused]]:
    documents: dict[str, Document] = {}
    by_text: dict[str, Document] = {}
    files = {path.relative_to(folder).as_posix(): path for path in corpus_files(folder)}
    refused = [
        Refused(name, f"{CATALOGUE} names it, but there is no such file; add the file or take the entry out")
        for name in entries
        if name not in files
    ]
    for name in sorted(files, key=lambda name: (name not in entries, files[name].is_symlink(), name)):
        try:
            document = _read_document(folder, name, files[name], entries.get(name, {}), read)
            _check_unique(document, documents, by_text)
        except UserError as error:
            refused.append(Refused(name, str(error)))
        else:
            documents[document.id] = by_text[document.sha256] = document
    return sorted(documents.values(), key=lambda document: document.path), refused


def _check_unique(document: Document, documents: Mapping[str, Document], by_text: Mapping[str, Document]) -> None:
    """The first one stays: what the catalogue names, then files, then links."""
    if same := by_text.get(document.sha256):
        raise UserError(f"it holds the same text as {same.path}, which is indexed and cited in its place")
    if other := documents.get(document.id):
        raise UserError(f"its id {document.id!r} already belongs to {other.path}; give it another `id` in {CATALOGUE}")


def _read_document(folder: Path, name: str, path: Path, entry: Mapping[str, Any], read: Read) -> Document:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UserError("it is a link to a file outside the corpus folder; copy the file itself")
    if not path.is_file():
        raise UserError("it is no file that can be read (a link to nothing, a pipe or a device); take it out")
    reading = read(path)
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


def _nothing_to_read(folder: Path, refused: list[Refused]) -> str:
    if not refused:
        return (
            f"The corpus folder {folder} holds no documents: put text, Markdown or PDF files in it, "
            "or name another folder with ASSISTANT_CORPUS."
        )
    named = "; ".join(f"{item.path}: {item.reason}" for item in refused[:5])
    more = f"; and {len(refused) - 5} more" if len(refused) > 5 else ""
    return f"None of the {len(refused)} files in {folder} could be used: {named}{more}."
