"""The model as an ONNX graph in 8 bits, run by onnxruntime: what serves.

The graph is made once, when an index is built, from the published weights: exported, then
quantised per output channel, which halves the time and keeps the ranking (per tensor does not).
One graph gives the token vectors and the sentence vector. Only file that imports onnxruntime and
tokenizers.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.errors import UserError
from index.encode import Model, Vectors, WordVectors, digest_of, pool_words

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

FORMAT = 1
_GRAPH = "graph.onnx"
_TOKENIZER = "tokenizer.json"
_ABOUT = "about.json"
# Texts of like length go together, so that little is padded; this many tokens at once.
_TOKENS_AT_ONCE = 4096


class OnnxEncoder:
    """Encodes in 8 bits. Its graph lies in a folder of its own under `graphs`."""

    def __init__(self, model: Model, graphs: Path) -> None:
        self.name = model.name
        self._model = model
        self._folder = graphs / sha256(str(model.folder).encode()).hexdigest()[:12]
        self._about: dict[str, Any] | None = None
        self._session: InferenceSession | None = None
        self._tokenizer: Tokenizer | None = None

    @property
    def digest(self) -> str:
        """A digest of the weights and of how the graph is made from them."""
        return sha256(f"onnx {FORMAT} {self._weights_digest()}".encode()).hexdigest()

    def prepare(self) -> None:
        """As `Encoder.prepare`: checks the weights and makes the graph where it is missing or damaged."""
        weights = self._model.check()
        with suppress(UserError):
            if self._read_about()["weights_sha256"] == weights:
                self._check_files()
                return
        self._make(weights)

    def is_prepared(self) -> bool:
        """As `Encoder.is_prepared`."""
        return all((self._folder / name).is_file() for name in (_GRAPH, _TOKENIZER, _ABOUT))

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `Encoder.encode`."""
        self._load()
        vectors = np.zeros((len(texts), self._read_about()["dimensions"]), np.float32)
        done = 0
        for rows, _, _, of_texts in self._read(texts):
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
        self._load()
        vectors = np.zeros((len(texts), self._read_about()["dimensions"]), np.float32)
        words: dict[int, WordVectors] = {}
        for rows, encodings, hidden, of_texts in self._read(texts):
            vectors[rows] = of_texts
            words.update(
                (row, pool_words(texts[row], encoding, tokens))
                for row, encoding, tokens in zip(rows, encodings, hidden, strict=True)
            )
        return vectors, [words[row] for row in range(len(texts))]

    def __getstate__(self) -> dict[str, Any]:
        # A session cannot go to another process; it is loaded there again.
        return {**self.__dict__, "_session": None, "_tokenizer": None, "_about": None}

    def _read(self, texts: Sequence[str]) -> Iterator[tuple[list[int], list[Encoding], Vectors, Vectors]]:
        """Batches of texts: their rows, their tokens, the tokens' vectors, the texts' vectors."""
        assert self._tokenizer is not None  # noqa: S101 - loaded by both callers
        encodings = self._tokenizer.encode_batch(list(texts))
        for rows in _batches([len(encoding) for encoding in encodings]):
            batch = [encodings[row] for row in rows]
            yield (rows, batch, *self._run(batch))

    def _run(self, encodings: Sequence[Encoding]) -> tuple[Vectors, Vectors]:
        """Token vectors of shape (texts, length, dimensions) and sentence vectors (texts, dimensions)."""
        assert self._session is not None  # noqa: S101 - loaded by both callers
        length = max(len(encoding) for encoding in encodings)
        about = self._read_about()
        columns = {
            "input_ids": [_padded(encoding.ids, length, about["pad_id"]) for encoding in encodings],
            "attention_mask": [_padded(encoding.attention_mask, length, 0) for encoding in encodings],
            "token_type_ids": [_padded(encoding.type_ids, length, 0) for encoding in encodings],
        }
        inputs = {name: np.array(columns[name], dtype=np.int64) for name in about["inputs"]}
        tokens, sentence = self._session.run(["tokens", "sentence"], inputs)
        return tokens, sentence

    def _load(self) -> None:
        if self._session is not None:
            return
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        about = self._read_about()
        self._check_files()
        tokenizer = Tokenizer.from_file(str(self._folder / _TOKENIZER))
        tokenizer.enable_truncation(about["max_length"])
        tokenizer.no_padding()
        options = SessionOptions()
        options.log_severity_level = 3
        # By default a thread for each core of the machine, of which a process may be allowed fewer.
        options.intra_op_num_threads = _cores()
        self._tokenizer = tokenizer
        self._session = InferenceSession(str(self._folder / _GRAPH), options, providers=["CPUExecutionProvider"])

    def _weights_digest(self) -> str:
        """From the graph's record where the weights' files are as they were then; reading them takes longer."""
        with suppress(UserError):
            about = self._read_about()
            if about["weights_state"] == self._weights_state():
                return str(about["weights_sha256"])
        return self._model.weights_digest()

    def _weights_state(self) -> list[list[Any]]:
        return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in self._model.weights()]

    def _read_about(self) -> dict[str, Any]:
        if self._about is None:
            try:
                about = json.loads((self._folder / _ABOUT).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise UserError(self._unusable("is missing or damaged")) from error
            if not isinstance(about, dict) or about.get("format") != FORMAT:
                raise UserError(self._unusable("has another format"))
            self._about = about
        return self._about

    def _check_files(self) -> None:
        about = self._read_about()
        for name in (_GRAPH, _TOKENIZER):
            try:
                found = digest_of(self._folder / name)
            except OSError as error:
                raise UserError(self._unusable(f"has no {name}")) from error
            if found != about["files"][name]:
                raise UserError(self._unusable(f"has a damaged {name}"))

    def _unusable(self, what: str) -> str:
        return f"The encoder's graph in {self._folder} {what}: run `assistant index build --rebuild`."

    def _make(self, weights: str) -> None:
        """Export and quantise into a fresh folder that then takes the place of the old one."""
        from index.torch_encoder import export

        self._folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix="draft-", dir=self._folder.parent))
        try:
            about = export(self._model, draft / "full.onnx", draft / _TOKENIZER)
            _quantise(draft / "full.onnx", draft / _GRAPH)
            (draft / "full.onnx").unlink()
            about |= {
                "format": FORMAT,
                "model": self._model.name,
                "weights_sha256": weights,
                "weights_state": self._weights_state(),
                "files": {name: digest_of(draft / name) for name in (_GRAPH, _TOKENIZER)},
            }
            (draft / _ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
            # A temporary folder is its maker's alone; whoever serves must read this one.
            draft.chmod(0o755)
            shutil.rmtree(self._folder, ignore_errors=True)
            os.replace(draft, self._folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._about = None


def _cores() -> int:
    """The cores that this process may use; 0, which leaves it to onnxruntime, where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


def _quantise(full: Path, graph: Path) -> None:
    import logging

    from onnxruntime.quantization import QuantType, quantize_dynamic

    # It recommends a preparation on the root logger that is meant for graphs of pictures.
    logging.getLogger().setLevel(logging.ERROR)
    quantize_dynamic(str(full), str(graph), per_channel=True, weight_type=QuantType.QInt8)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Rows in batches of like length, each of at most `_TOKENS_AT_ONCE` tokens with its padding."""
    batches: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
        if batches and (len(batches[-1]) + 1) * lengths[row] <= _TOKENS_AT_ONCE:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches


def _padded(ids: list[int], length: int, pad: int) -> list[int]:
    return [*ids, *[pad] * (length - len(ids))]
