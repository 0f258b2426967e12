"""Our own file of a part of an index: documents, passages, sentences and their vectors.

SQLite, written once by the build and then only read. Everything else in a part can be made again
from this file, without reading a document or encoding a text.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from corpus.spans import Span
from corpus.types import Document, Passage
from index.encode import Vectors
from index.late import Bits, Codes

_SCHEMA = """
CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL,
                        sentences INTEGER NOT NULL);
CREATE TABLE passages (position INTEGER PRIMARY KEY, id TEXT NOT NULL, document INTEGER NOT NULL,
                       start INTEGER NOT NULL, end INTEGER NOT NULL, heading_path TEXT NOT NULL, vector BLOB NOT NULL);
CREATE INDEX passages_of ON passages (document, id);
CREATE TABLE details (position INTEGER PRIMARY KEY, key BLOB NOT NULL, terms TEXT NOT NULL, spans BLOB NOT NULL,
                      sentences BLOB NOT NULL);
CREATE TABLE words (position INTEGER PRIMARY KEY, count INTEGER NOT NULL, bits BLOB NOT NULL);
CREATE TABLE meanings (position INTEGER PRIMARY KEY, counts BLOB NOT NULL, codes BLOB NOT NULL);
"""
_DOCUMENT = TypeAdapter(Document)
_ROWS_AT_ONCE = 500
# Read through memory as far as the file fits; what lies beyond is read as any file is.
_MAPPED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Row:
    """A passage with all that was made of it.

    `key` is the digest of what was encoded: rows with one key have the same vectors. `spans` are
    those of its sentences, counted from the passage's start; `sentences` has a vector for each.
    `words` has a row for each word that tells something, as `index.late` packs them; `meanings` holds, for
    each sentence, a row for each of its words as `index.late.coded` gives them.
    """

    passage: Passage
    key: bytes
    terms: tuple[str, ...]
    vector: Vectors
    spans: tuple[Span, ...]
    sentences: Vectors
    words: Bits
    meanings: tuple[Codes, ...]


class ContentWriter:
    """Writes a new file, a document after the other."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(_SCHEMA)
        self.documents = 0
        self.passages = 0
        self.sentences = 0

    def add(self, document: Document, rows: Sequence[Row]) -> None:
        """Add a document with its passages in reading order."""
        starts = {row.passage.start + start for row in rows for start, _ in row.spans}
        self._database.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?)",
            (self.documents, document.id, _DOCUMENT.dump_json(document).decode(), len(starts)),
        )
        at = range(self.passages, self.passages + len(rows))
        self._database.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (position, row.passage.id, self.documents, row.passage.start, row.passage.end,
                 json.dumps(row.passage.heading_path), _blob(row.vector, "<f4"))
                for position, row in zip(at, rows, strict=True)
            ),
        )  # fmt: skip
        self._database.executemany(
            "INSERT INTO details VALUES (?, ?, ?, ?, ?)",
            (
                (position, row.key, " ".join(row.terms), _blob(np.array(row.spans), "<i4"),
                 _blob(row.sentences, "<f2"))
                for position, row in zip(at, rows, strict=True)
            ),
        )  # fmt: skip
        self._database.executemany(
            "INSERT INTO words VALUES (?, ?, ?)",
            ((position, len(row.words), row.words.tobytes()) for position, row in zip(at, rows, strict=True)),
        )
        self._database.executemany(
            "INSERT INTO meanings VALUES (?, ?, ?)",
            (
                (position, _blob([len(one) for one in row.meanings], "<i4"), b"".join(map(bytes, row.meanings)))
                for position, row in zip(at, rows, strict=True)
            ),
        )
        self.documents += 1
        self.passages += len(rows)
        self.sentences += len(starts)

    def close(self) -> None:
        """Make what was added durable."""
        self._database.commit()
        self._database.close()


class Content:
    """A written file, opened for reading only. May be used from several threads."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self._database.execute(f"PRAGMA mmap_size = {_MAPPED}")
        self._ids: dict[int, str] = dict(self._database.execute("SELECT number, id FROM documents"))
        self._numbers = {identifier: number for number, identifier in self._ids.items()}
        (self.size,) = self._database.execute("SELECT count(*) FROM passages").fetchone()

    @property
    def document_ids(self) -> Iterable[str]:
        return self._numbers.keys()

    def document(self, document_id: str) -> Document:
        """Raises KeyError where the file holds no such document."""
        (record,) = self._database.execute(
            "SELECT record FROM documents WHERE number = ?", (self._numbers[document_id],)
        ).fetchone()
        return _DOCUMENT.validate_json(record)

    def passages(self, positions: Sequence[int]) -> list[Passage]:
        """The passages at some positions, in that order."""
        found = {
            row[0]: Passage(row[1], self._ids[row[2]], row[3], row[4], tuple(json.loads(row[5])))
            for row in self._some("position, id, document, start, end, heading_path", positions)
        }
        return [found[position] for position in positions]

    def vectors(self, positions: Sequence[int]) -> Vectors:
        """The vectors of passages, a row each, in the order of `positions`."""
        found = {row[0]: row[1] for row in self._some("position, vector", positions)}
        return _stack([found[position] for position in positions])

    def terms(self, positions: Sequence[int]) -> list[list[str]]:
        """The index terms of passages, in the order of `positions`."""
        found = {row[0]: _terms(row[1]) for row in self._some("position, terms", positions, "details")}
        return [found[position] for position in positions]

    def words(self, positions: Sequence[int]) -> list[Bits]:
        """The packed words of passages, in the order of `positions`."""
        found = {row[0]: _bits(row[1], row[2]) for row in self._some("position, count, bits", positions, "words")}
        return [found[position] for position in positions]

    def sentence_vectors(self, positions: Sequence[int]) -> list[Vectors]:
        """For each passage a row for each of its sentences, in the order of `positions`."""
        # A span is two numbers of four bytes.
        rows = self._some("position, sentences, length(spans) / 8", positions, "details")
        found = {at: _halves(vectors, count) for at, vectors, count in rows}
        return [found[position] for position in positions]

    def meanings(self, passage: Passage) -> list[Codes]:
        """For each sentence of a passage, in reading order, its coded words."""
        counts, codes = self._database.execute(
            "SELECT counts, codes FROM meanings JOIN passages USING (position) WHERE document = ? AND id = ?",
            (self._numbers[passage.document_id], passage.id),
        ).fetchone()
        return list(_codes(counts, codes))

    def all_vectors(self) -> Iterator[Vectors]:
        """The vectors of all passages in order, some thousands at once."""
        cursor = self._database.execute("SELECT vector FROM passages ORDER BY position")
        while rows := cursor.fetchmany(4096):
            yield _stack([row[0] for row in rows])

    def all_terms(self) -> Iterator[list[str]]:
        """The index terms of all passages in order."""
        for (terms,) in self._database.execute("SELECT terms FROM details ORDER BY position"):
            yield _terms(terms)

    def sentences(self, passage: Passage) -> tuple[list[Span], Vectors]:
        """The spans of a passage's sentences in its document, in reading order, and a vector for each."""
        spans, vectors = self._database.execute(
            "SELECT spans, sentences FROM details JOIN passages USING (position) WHERE document = ? AND id = ?",
            (self._numbers[passage.document_id], passage.id),
        ).fetchone()
        found = _spans(spans)
        return [(passage.start + start, passage.start + end) for start, end in found], _halves(vectors, len(found))

    def around(self, passage: Passage, reach: int) -> list[Passage]:
        """A passage with up to `reach` passages of its section on either side, in reading order."""
        (at,) = self._database.execute(
            "SELECT position FROM passages WHERE document = ? AND id = ?",
            (self._numbers[passage.document_id], passage.id),
        ).fetchone()
        found = self.passages(range(max(0, at - reach), min(self.size, at + reach + 1)))
        return [
            other
            for other in found
            if (other.document_id, other.heading_path) == (passage.document_id, passage.heading_path)
        ]

    def positions_of(self, document_ids: Iterable[str]) -> list[int]:
        """The positions of the passages of documents."""
        numbers = [self._numbers[identifier] for identifier in document_ids]
        return [
            row[0]
            for number in numbers
            for row in self._database.execute("SELECT position FROM passages WHERE document = ?", (number,))
        ]

    def sentence_count(self, document_ids: Iterable[str]) -> int:
        counts = dict(self._database.execute("SELECT id, sentences FROM documents"))
        return sum(counts[identifier] for identifier in document_ids)

    def rows(self, document_id: str) -> list[Row]:
        """The passages of a document in reading order with all that was made of them."""
        found = self._database.execute(
            "SELECT id, start, end, heading_path, key, terms, vector, spans, sentences, count, bits, counts, codes "
            "FROM passages JOIN details USING (position) JOIN words USING (position) JOIN meanings USING (position) "
            "WHERE document = ? ORDER BY position",
            (self._numbers[document_id],),
        )
        return [
            Row(
                passage=Passage(row[0], document_id, row[1], row[2], tuple(json.loads(row[3]))),
                key=row[4],
                terms=tuple(_terms(row[5])),
                vector=np.frombuffer(row[6], "<f4"),
                spans=(spans := _spans(row[7])),
                sentences=_halves(row[8], len(spans)),
                words=_bits(row[9], row[10]),
                meanings=_codes(row[11], row[12]),
            )
            for row in found
        ]

    def close(self) -> None:
        self._database.close()

    def _some(self, columns: str, positions: Sequence[int], table: str = "passages") -> Iterator[tuple[Any, ...]]:
        for at in range(0, len(positions), _ROWS_AT_ONCE):
            wanted = positions[at : at + _ROWS_AT_ONCE]
            marks = ", ".join("?" * len(wanted))
            yield from self._database.execute(
                f"SELECT {columns} FROM {table} WHERE position IN ({marks})",  # noqa: S608 - both are this file's
                wanted,
            )


def _blob(values: npt.ArrayLike, kind: str) -> bytes:
    return np.asarray(values, dtype=kind).tobytes()


def _stack(blobs: Sequence[bytes]) -> Vectors:
    rows = [np.frombuffer(blob, dtype="<f4") for blob in blobs]
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def _spans(blob: bytes) -> tuple[Span, ...]:
    return tuple((int(start), int(end)) for start, end in np.frombuffer(blob, dtype="<i4").reshape(-1, 2))


def _terms(text: str) -> list[str]:
    return text.split(" ") if text else []


def _bits(count: int, blob: bytes) -> Bits:
    return np.frombuffer(blob, dtype=np.uint8).reshape(count, len(blob) // max(1, count))


def _codes(counts: bytes, blob: bytes) -> tuple[Codes, ...]:
    lengths = np.frombuffer(counts, dtype="<i4")
    rows = _bits(int(lengths.sum()), blob)
    return tuple(np.split(rows, np.cumsum(lengths)[:-1])) if len(lengths) else ()


def _halves(blob: bytes, rows: int) -> Vectors:
    return np.frombuffer(blob, dtype="<f2").reshape(rows, -1).astype(np.float32)
