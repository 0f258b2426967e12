"""The encoder that serves: the model's graph gives the token vectors and the sentence vector at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from index.encode import Model, Vectors, WordVectors, pool_words
from index.graph import Graph


@dataclass(frozen=True, slots=True)
class _Weights:
    """The encoder's weights as what a graph is made from."""

    model: Model

    @property
    def name(self) -> str:
        return self.model.name

    def check(self) -> str:
        return self.model.check()

    def weights_digest(self) -> str:
        return self.model.weights_digest()

    def weights(self) -> list[Path]:
        return self.model.weights()

    def export(self, graph: Path, tokenizer: Path) -> dict[str, Any]:
        from index.torch_encoder import export

        return export(self.model, graph, tokenizer)


class OnnxEncoder:
    """Encodes in 8 bits. Its graph lies in a folder of its own under `graphs`."""

    def __init__(self, model: Model, graphs: Path) -> None:
        self.name = model.name
        self._graph = Graph(_Weights(model), graphs / sha256(str(model.folder).encode()).hexdigest()[:12])

    @property
    def digest(self) -> str:
        """A digest of the weights and of how the graph is made from them."""
        return self._graph.digest

    def prepare(self) -> None:
        """As `Encoder.prepare`: checks the weights and makes the graph where it is missing or damaged."""
        self._graph.prepare()

    def is_prepared(self) -> bool:
        """As `Encoder.is_prepared`."""
        return self._graph.is_prepared()

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `Encoder.encode`."""
        vectors = self._blank(texts)
        done = 0
        for rows, _, (_, of_texts) in self._graph.read(texts):
            vectors[rows] = of_texts
            done += len(rows)
            if progress:
                progress(done)
        return vectors

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """As `Encoder.encode_words`."""
        return self.encode_with_words(texts)[1]

    def encode_with_words(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        """As `Encoder.encode_with_words`: one graph gives both."""
        vectors = self._blank(texts)
        words: dict[int, WordVectors] = {}
        for rows, encodings, (hidden, of_texts) in self._graph.read(texts):
            vectors[rows] = of_texts
            words.update(
                (row, pool_words(texts[row], encoding, tokens))
                for row, encoding, tokens in zip(rows, encodings, hidden, strict=True)
            )
        return vectors, [words[row] for row in range(len(texts))]

    def _blank(self, texts: Sequence[str]) -> Vectors:
        return np.zeros((len(texts), self._graph.about["dimensions"]), np.float32)
