"""The vectors of the base in Chroma: a cache that can be rebuilt from our own file at any time.

The only file that imports chromadb. Embedded, a store is a folder that is built once, closed, and
from then on only read; on a Chroma server it is a collection with a name of its own. Facts behind
the settings are in DESIGN and docs/decisions.md.
"""

from __future__ import annotations

import errno
import json
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from corpus.errors import UserError
from index.encode import Vectors
from index.segment import EF_SEARCH

# Telemetry is off by code, before the import that would read it.
os.environ["ANONYMIZED_TELEMETRY"] = "False"

import chromadb
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError

COLLECTION = "passages"
_ROWS_A_CALL = 5000
_QUERIES_A_CALL = 1000
# What SQLite, which Chroma keeps its rows in, says of it (code 13).
_FULL = "disk is full"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is: a folder, or the URL of a Chroma server; and the name of its collection."""

    place: Path | str
    collection: str = COLLECTION

    @property
    def is_server(self) -> bool:
        return isinstance(self.place, str)


class VectorStore:
    """Passages, by their position, by the similarity of their vectors."""

    def __init__(self, address: Address, client: Any, collection: Any) -> None:
        self._address = address
        self._client = client
        self._collection = collection

    @classmethod
    def build(cls, address: Address, vectors: Iterable[Vectors], ef_search: int = EF_SEARCH) -> VectorStore:
        """Write a new store with one row for each vector, in their order, and leave it open.

        `ef_search` is how many candidates a search looks at: more finds more, and takes longer.
        """
        with _in_words(address):
            client = _client(address)
            collection = client.create_collection(
                address.collection,
                embedding_function=None,
                configuration={
                    "hnsw": {
                        "space": "cosine",
                        "ef_construction": 200,
                        "ef_search": ef_search,
                        "max_neighbors": 32,
                    }
                },
            )
            at = 0
            for block in _blocks(vectors):
                ids = [str(position) for position in range(at, at + len(block))]
                collection.add(ids=ids, embeddings=block)
                at += len(block)
            return cls(address, client, collection)

    @classmethod
    def open(cls, address: Address) -> VectorStore:
        """Open a built store. Raises UserError where it cannot be used, ValueError where it does not measure cosine."""
        with _in_words(address):
            client = _client(address)
            collection = client.get_collection(address.collection, embedding_function=None)
            configuration = collection.configuration_json
        if isinstance(configuration, str):
            configuration = json.loads(configuration)
        space = configuration["hnsw"]["space"]
        if space != "cosine":
            raise ValueError(f"{address.place} measures {space!r}, expected 'cosine'")
        return cls(address, client, collection)

    def count(self) -> int:
        with _in_words(self._address):
            return int(self._collection.count())

    def search(self, vectors: Vectors, limit: int) -> list[list[tuple[int, float]]]:
        """For each vector the nearest positions with their cosine similarity, best first."""
        if not limit or not len(vectors):
            return [[] for _ in vectors]
        return [
            hits
            for at in range(0, len(vectors), _QUERIES_A_CALL)
            for hits in self._search(vectors[at : at + _QUERIES_A_CALL], limit)
        ]

    def widened(self, ef_search: int, vectors: Iterable[Vectors]) -> VectorStore:
        """The same store with another `ef_search`; this one is closed.

        What is open goes on as it was opened (Chroma 1.5.9): a folder is opened again, and on a
        server, which keeps it open, the collection is made again from its vectors.
        """
        if self._address.is_server:
            self.close()
            remove(self._address)
            return VectorStore.build(self._address, vectors, ef_search)
        with warnings.catch_warnings():
            # To have no embedding function is the "legacy" that it warns of, and fails at where warnings are errors.
            warnings.filterwarnings("ignore", "legacy embedding function config", DeprecationWarning)
            self._collection.modify(configuration={"hnsw": {"ef_search": ef_search}})
        self.close()
        return VectorStore.open(self._address)

    def close(self) -> None:
        _close(self._client)

    def _search(self, vectors: Vectors, limit: int) -> list[list[tuple[int, float]]]:
        with _in_words(self._address):
            found = self._collection.query(query_embeddings=vectors, n_results=limit, include=["distances"])
        return [
            # Chroma's cosine distance is 1 - similarity; here higher is better.
            [(int(identifier), 1.0 - distance) for identifier, distance in zip(ids, distances, strict=True)]
            for ids, distances in zip(found["ids"], found["distances"], strict=True)
        ]


def remove(address: Address) -> None:
    """Remove a collection from a server. One that is not there is no error."""
    with _in_words(address):
        client = _client(address)
        try:
            client.delete_collection(address.collection)
        except NotFoundError:
            pass
        finally:
            _close(client)


def _close(client: Any) -> None:
    """Close a client; with the last one for a server, its connections too, which Chroma leaves open."""
    sessions = [getattr(part._server, "_session", None) for part in (client, client._admin_client)]
    client.close()
    for session in sessions:
        if session is not None and client._identifier not in client._identifier_to_system:
            session.close()


def _client(address: Address) -> Any:
    settings = Settings(anonymized_telemetry=False)
    if isinstance(address.place, Path):
        return chromadb.PersistentClient(str(address.place), settings=settings)
    parts = urlsplit(address.place)
    secure = parts.scheme == "https"
    return chromadb.HttpClient(
        host=parts.hostname or "localhost", port=parts.port or (443 if secure else 8000), ssl=secure, settings=settings
    )


@contextmanager
def _in_words(address: Address) -> Iterator[None]:
    """What a server does wrong, as a sentence; what a folder does wrong is a fault, unless its disk is full."""
    try:
        yield
    except (httpx.HTTPError, ChromaError, ValueError) as error:
        if not address.is_server:
            if _FULL in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(address.place)) from error
            raise
        said = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"The Chroma server at {address.place} could not be used ({said}): start it with `make chroma`, or set "
            "ASSISTANT_INDEX to a folder."
        ) from error


def _blocks(vectors: Iterable[Vectors]) -> Iterator[Vectors]:
    for block in vectors:
        for at in range(0, len(block), _ROWS_A_CALL):
            yield block[at : at + _ROWS_A_CALL]
