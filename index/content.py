"""Our own file of a generation: documents, definitions, passages, sentences and their vectors.

SQLite, written once by the build and then only read. Everything else in a generation can be made
again from this file, without reading a document or encoding a text.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from corpus.spans import Span
from corpus.types import Corpus, Definition, Document, Passage, Refused
from index.acronyms import Acronym
from index.encode import Vectors

FORMAT = 1
_SCHEMA = """
CREATE TABLE records (kind TEXT NOT NULL, position INTEGER NOT NULL, record TEXT NOT NULL,
                      PRIMARY KEY (kind, position)) WITHOUT ROWID;
CREATE TABLE passages (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL,
                       start INTEGER NOT NULL, end INTEGER NOT NULL, heading_path TEXT NOT NULL,
                       vector BLOB NOT NULL);
CREATE TABLE sentences (document_id TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
                        vector BLOB NOT NULL, PRIMARY KEY (document_id, start)) WITHOUT ROWID;
"""
_RECORDS: dict[str, TypeAdapter[Any]] = {
    "document": TypeAdapter(Document),
    "definition": TypeAdapter(Definition),
    "refused": TypeAdapter(Refused),
    "acronym": TypeAdapter(Acronym),
}


def write_content(
    path: Path,
    corpus: Corpus,
    acronyms: Sequence[Acronym],
    passages: Sequence[Passage],
    passage_vectors: Vectors,
    sentences: Sequence[tuple[str, Span]],
    sentence_vectors: Vectors,
) -> None:
    """Write a new file. Vectors have a row for each passage and each (document id, span)."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(_SCHEMA)
        for kind, values in _kinds(corpus, acronyms):
            database.executemany(
                "INSERT INTO records VALUES (?, ?, ?)",
                [(kind, at, _RECORDS[kind].dump_json(value).decode()) for at, value in enumerate(values)],
            )
        database.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (at, p.id, p.document_id, p.start, p.end, json.dumps(p.heading_path), _blob(vector))
                for at, (p, vector) in enumerate(zip(passages, passage_vectors, strict=True))
            ),
        )
        database.executemany(
            "INSERT INTO sentences VALUES (?, ?, ?, ?)",
            (
                (document_id, *span, _blob(vector))
                for (document_id, span), vector in zip(sentences, sentence_vectors, strict=True)
            ),
        )


class Content:
    """A written file, opened for reading only. May be used from several threads."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self.documents: tuple[Document, ...] = self._records("document")
        self.definitions: tuple[Definition, ...] = self._records("definition")
        self.refused: tuple[Refused, ...] = self._records("refused")
        self.acronyms: tuple[Acronym, ...] = self._records("acronym")
        self.passages: tuple[Passage, ...] = tuple(
            Passage(row[0], row[1], row[2], row[3], tuple(json.loads(row[4])))
            for row in self._database.execute(
                "SELECT id, document_id, start, end, heading_path FROM passages ORDER BY position"
            )
        )

    def passage_vectors(self) -> Vectors:
        """The vectors of `passages`, a row each."""
        return _rows(self._database.execute("SELECT vector FROM passages ORDER BY position"))

    def sentences_in(self, passage: Passage) -> tuple[list[Span], Vectors]:
        """The spans of the sentences inside a passage, in reading order, and a vector for each."""
        rows = self._database.execute(
            "SELECT start, end, vector FROM sentences WHERE document_id = ? AND start >= ? AND end <= ? ORDER BY start",
            (passage.document_id, passage.start, passage.end),
        ).fetchall()
        return [(row[0], row[1]) for row in rows], _rows((row[2],) for row in rows)

    def close(self) -> None:
        self._database.close()

    def _records(self, kind: str) -> tuple[Any, ...]:
        rows = self._database.execute("SELECT record FROM records WHERE kind = ? ORDER BY position", (kind,))
        return tuple(_RECORDS[kind].validate_json(row[0]) for row in rows)


def _kinds(corpus: Corpus, acronyms: Sequence[Acronym]) -> Iterable[tuple[str, Sequence[Any]]]:
    return (
        ("document", corpus.documents),
        ("definition", corpus.definitions),
        ("refused", corpus.refused),
        ("acronym", acronyms),
    )


def _blob(vector: Vectors) -> bytes:
    return np.asarray(vector, dtype="<f4").tobytes()


def _rows(blobs: Iterable[tuple[bytes]]) -> Vectors:
    rows = [np.frombuffer(blob, dtype="<f4") for (blob,) in blobs]
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)
