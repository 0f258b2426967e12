"""The vectors in Chroma: a cache that can be rebuilt from our own file at any time.

The only file that imports chromadb. A store is built once into a fresh folder, closed, and from
then on only read. Facts behind the settings are in DESIGN and docs/decisions.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index.encode import Vectors

# Telemetry is off by code, before the import that would read it.
os.environ["ANONYMIZED_TELEMETRY"] = "False"

import chromadb
from chromadb.config import Settings

_COLLECTION = "passages"
_ROWS_A_CALL = 5000
_CONFIGURATION = {"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200, "max_neighbors": 32}}


class VectorStore:
    """Passage ids by the similarity of their vectors."""

    def __init__(self, client: Any, collection: Any) -> None:
        self._client = client
        self._collection = collection

    @classmethod
    def build(cls, folder: Path, ids: Sequence[str], vectors: Vectors) -> None:
        """Write a new store with one row for each id and close it."""
        client = _client(folder)
        collection = client.create_collection(_COLLECTION, embedding_function=None, configuration=_CONFIGURATION)
        for at in range(0, len(ids), _ROWS_A_CALL):
            collection.add(ids=list(ids[at : at + _ROWS_A_CALL]), embeddings=vectors[at : at + _ROWS_A_CALL])
        client.close()

    @classmethod
    def open(cls, folder: Path) -> VectorStore:
        """Open a built store. Raises ValueError where it measures something else than cosine."""
        client = _client(folder)
        collection = client.get_collection(_COLLECTION, embedding_function=None)
        configuration = collection.configuration_json
        if isinstance(configuration, str):
            configuration = json.loads(configuration)
        space = configuration["hnsw"]["space"]
        if space != "cosine":
            raise ValueError(f"{folder} measures {space!r}, expected 'cosine'")
        return cls(client, collection)

    def count(self) -> int:
        return int(self._collection.count())

    def search(self, vectors: Vectors, limit: int) -> list[list[tuple[str, float]]]:
        """For each vector the nearest ids with their cosine similarity, best first."""
        limit = min(limit, self.count())
        if not limit or not len(vectors):
            return [[] for _ in vectors]
        found = self._collection.query(query_embeddings=vectors, n_results=limit, include=["distances"])
        return [
            # Chroma's cosine distance is 1 - similarity; here higher is better.
            [(identifier, 1.0 - distance) for identifier, distance in zip(ids, distances, strict=True)]
            for ids, distances in zip(found["ids"], found["distances"], strict=True)
        ]

    def close(self) -> None:
        self._client.close()


def _client(folder: Path) -> Any:
    return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
