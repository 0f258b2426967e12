"""The model as published, run by sentence-transformers: the reference, and where the ONNX graph comes from.

The only file that imports sentence-transformers and torch. That takes seconds and hundreds of
megabytes, so it is imported when the first text is encoded, or in a build's child process.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.spans import Span
from index.encode import Model, Vectors, WordVectors, pool_words
from index.reader import Reading

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer

_TEXTS_AT_ONCE = 256
_OPSET = 17


class TorchEncoder:
    """Encodes in 32 bits. Opening it is quick, its first text is not."""

    def __init__(self, model: Model) -> None:
        self.name = f"{model.name} (torch)"
        self._model = model
        self._loaded: SentenceTransformer | None = None
        self._digest: str | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the weights, in hexadecimal."""
        if self._digest is None:
            self._digest = self._model.weights_digest()
        return self._digest

    def prepare(self) -> None:
        """As `Encoder.prepare`: checks the weights."""
        self._model.check()

    def is_prepared(self) -> bool:
        """Nothing is made."""
        return True

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `Encoder.encode`."""
        model = self._load()
        blocks: list[Vectors] = [np.zeros((0, model.get_embedding_dimension() or 0), np.float32)]
        for at in range(0, len(texts), _TEXTS_AT_ONCE):
            some = list(texts[at : at + _TEXTS_AT_ONCE])
            vectors = model.encode(some, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
            blocks.append(vectors.astype(np.float32, copy=False))
            if progress:
                progress(at + len(some))
        return np.concatenate(blocks)

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """As `Encoder.encode_words`."""
        import torch

        model = self._load()
        batch = model.tokenizer(
            list(texts), padding=True, truncation=True, return_tensors="pt", max_length=model.max_seq_length
        )
        with torch.inference_mode():
            # The first module is the transformer; the pooling comes after it.
            hidden = model[0].auto_model(**batch).last_hidden_state.numpy()  # type: ignore[operator]
        return [pool_words(text, batch.encodings[row], hidden[row]) for row, text in enumerate(texts)]

    def encode_with_words(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        """As `Encoder.encode_with_words`."""
        return self.encode(texts), self.encode_words(texts)

    def _load(self) -> SentenceTransformer:
        if self._loaded is None:
            self._loaded = load(self._model)
        return self._loaded


class CrossReader:
    """Any sentence-transformers cross-encoder as a reader: its score is what it makes of a text, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._folder = folder
        self._loaded: CrossEncoder | None = None

    def prepare(self) -> None:
        """Nothing is made. Raises UserError where the folder holds no weights in a format that is loaded."""
        Model(self.name, self._folder).weights()

    def is_prepared(self) -> bool:
        """Nothing is made."""
        return True

    def read(self, question: str, windows: Sequence[str], sentences: Sequence[Span]) -> list[Reading]:
        """As `Reader.read`; no words are marked."""
        if self._loaded is None:
            _stay_here()
            from sentence_transformers import CrossEncoder

            self._loaded = CrossEncoder(
                str(self._folder), device="cpu", local_files_only=True, trust_remote_code=False, num_labels=1
            )
        distinct = list(dict.fromkeys(windows))
        scores = self._loaded.predict([(question, window) for window in distinct], show_progress_bar=False)
        made = dict(zip(distinct, map(float, scores), strict=True))
        return [Reading(made[window], 1.0, (0, 0)) for window, _ in zip(windows, sentences, strict=True)]


def load(model: Model) -> SentenceTransformer:
    """The model from its folder, and from nowhere else."""
    _stay_here()
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(model.folder), device="cpu", local_files_only=True, trust_remote_code=False)


def _stay_here() -> None:
    """Nothing is fetched from a hub. Set before the libraries are imported: they read these once."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library's own


def export(model: Model, graph: Path, tokenizer: Path) -> dict[str, Any]:
    """Write the model as one ONNX graph in 32 bits, from token ids to token vectors and the sentence vector.

    Returns the graph's input and output names, the longest input in tokens, and the dimensions.
    """
    import torch

    loaded = load(model).eval()
    sample = loaded.tokenizer(["a sample", "another, longer sample"], padding=True, return_tensors="pt")
    names = list(sample)

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = loaded

        def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            out = self.model(dict(zip(names, inputs, strict=True)))
            return out["token_embeddings"], torch.nn.functional.normalize(out["sentence_embedding"], dim=1)

    with torch.inference_mode(), warnings.catch_warnings():
        # The tracer warns of shapes that it takes as constants; the graph is compared with the model in the tests.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Graph(),
            tuple(sample[name] for name in names),
            str(graph),
            input_names=names,
            output_names=["tokens", "sentence"],
            dynamic_axes={**{name: {0: "texts", 1: "length"} for name in (*names, "tokens")}, "sentence": {0: "texts"}},
            opset_version=_OPSET,
            # The newer exporter needs packages that this project has no other use for.
            dynamo=False,
        )
    loaded.tokenizer.backend_tokenizer.save(str(tokenizer))
    return {
        "inputs": names,
        "outputs": ["tokens", "sentence"],
        "max_length": int(loaded.max_seq_length or 512),
        "dimensions": int(loaded.get_embedding_dimension() or 0),
        "pad_id": int(loaded.tokenizer.pad_token_id or 0),
        "pad_token": str(loaded.tokenizer.pad_token),
    }
