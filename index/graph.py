"""A network as an ONNX graph in 8 bits with its tokenizer, run by onnxruntime: what serves.

A graph is made once, when an index is built, from published weights: exported, then quantised per
output channel, which halves the time and keeps the ranking (per tensor does not). Only file that
imports onnxruntime and tokenizers.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from corpus.errors import UserError
from index.encode import digest_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

FORMAT = 2
_GRAPH = "graph.onnx"
_TOKENIZER = "tokenizer.json"
_ABOUT = "about.json"
# Texts of like length go together, so that little is padded; this many tokens at once.
_TOKENS_AT_ONCE = 4096
# How much longer the longest text of a batch may be than the shortest, and by so many tokens more.
_PADDING, _PADDED = 1.15, 3

Array = npt.NDArray[Any]
Text = str | tuple[str, str]
"""One text, or two that are read together."""


class Source(Protocol):
    """Where a graph comes from."""

    @property
    def name(self) -> str: ...

    def check(self) -> str:
        """A digest of the weights. Raises UserError where they are not what they should be."""
        ...

    def weights_digest(self) -> str:
        """The same digest, unchecked."""
        ...

    def weights(self) -> list[Path]:
        """The files of the weights."""
        ...

    def export(self, graph: Path, tokenizer: Path) -> dict[str, Any]:
        """Write the graph in 32 bits and its tokenizer; gives `inputs`, `outputs`, `max_length`, `pad_id` and more."""
        ...


class Graph:
    """A graph in a folder of its own. It can be pickled: the session is loaded in each process."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._source = source
        self._folder = folder
        self._about: dict[str, Any] | None = None
        self._session: InferenceSession | None = None
        self._tokenizer: Tokenizer | None = None

    @property
    def digest(self) -> str:
        """A digest of the weights and of how the graph is made from them."""
        return sha256(f"onnx {FORMAT} {self._weights_digest()}".encode()).hexdigest()

    @property
    def about(self) -> dict[str, Any]:
        """What is known of the graph. Raises UserError where it is missing or damaged."""
        if self._about is None:
            try:
                about = json.loads((self._folder / _ABOUT).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise UserError(self._unusable("is missing or damaged")) from error
            if not isinstance(about, dict) or about.get("format") != FORMAT:
                raise UserError(self._unusable("has another format"))
            self._about = about
        return self._about

    def prepare(self) -> None:
        """Check the weights and make the graph where it is missing or damaged. Raises UserError for other weights."""
        weights = self._source.check()
        with suppress(UserError):
            if self.about["weights_sha256"] == weights:
                self._check_files()
                self._remember()
                return
        self._make(weights)

    def is_prepared(self) -> bool:
        """Whether the graph is there; it is not checked."""
        return all((self._folder / name).is_file() for name in (_GRAPH, _TOKENIZER, _ABOUT))

    def is_current(self) -> bool:
        """Whether the weights' files are as they were when the graph was made."""
        with suppress(UserError):
            return bool(self.about["weights_state"] == self._weights_state())
        return False

    def read(self, texts: Sequence[Text]) -> Iterator[tuple[list[int], list[Encoding], list[Array]]]:
        """Texts in batches: their rows, their tokens, and the graph's outputs, a row a text."""
        self._load()
        assert self._tokenizer is not None  # noqa: S101 - loaded above
        encodings = self._tokenizer.encode_batch(list(texts))
        for rows in _batches([len(encoding) for encoding in encodings]):
            batch = [encodings[row] for row in rows]
            yield rows, batch, self._run(batch)

    def __getstate__(self) -> dict[str, Any]:
        # A session cannot go to another process; it is loaded there again.
        return {**self.__dict__, "_session": None, "_tokenizer": None, "_about": None}

    def _run(self, encodings: Sequence[Encoding]) -> list[Array]:
        assert self._session is not None  # noqa: S101 - loaded by the caller
        length = max(len(encoding) for encoding in encodings)
        about = self.about
        columns = {
            "input_ids": [_padded(encoding.ids, length, about["pad_id"]) for encoding in encodings],
            "attention_mask": [_padded(encoding.attention_mask, length, 0) for encoding in encodings],
            "token_type_ids": [_padded(encoding.type_ids, length, 0) for encoding in encodings],
        }
        inputs = {name: np.array(columns[name], dtype=np.int64) for name in about["inputs"]}
        return list(self._session.run(about["outputs"], inputs))

    def _load(self) -> None:
        if self._session is not None:
            return
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        about = self.about
        self._check_files()
        tokenizer = Tokenizer.from_file(str(self._folder / _TOKENIZER))
        tokenizer.enable_truncation(about["max_length"])
        tokenizer.no_padding()
        options = SessionOptions()
        options.log_severity_level = 3
        # By default a thread for each core of the machine, of which a process may be allowed fewer.
        options.intra_op_num_threads = min(filter(None, (_cores(), _most_threads)), default=0)
        self._tokenizer = tokenizer
        self._session = InferenceSession(str(self._folder / _GRAPH), options, providers=["CPUExecutionProvider"])

    def _weights_digest(self) -> str:
        """From the graph's record where the weights' files are as they were then; reading them takes longer."""
        with suppress(UserError):
            if self.about["weights_state"] == self._weights_state():
                return str(self.about["weights_sha256"])
        return self._source.weights_digest()

    def _weights_state(self) -> list[list[Any]]:
        return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in self._source.weights()]

    def _check_files(self) -> None:
        for name in (_GRAPH, _TOKENIZER):
            try:
                found = digest_of(self._folder / name)
            except OSError as error:
                raise UserError(self._unusable(f"has no {name}")) from error
            if found != self.about["files"][name]:
                raise UserError(self._unusable(f"has a damaged {name}"))

    def _remember(self) -> None:
        """Write down how the weights' files are now: the same bytes may have been installed again."""
        if not self.is_current():
            about = {**self.about, "weights_state": self._weights_state()}
            draft = self._folder / f"{_ABOUT}.draft"
            draft.write_text(json.dumps(about, indent=1), encoding="utf-8")
            os.replace(draft, self._folder / _ABOUT)
            self._about = None

    def _unusable(self, what: str) -> str:
        return f"The encoder's graph in {self._folder} {what}: run `assistant index build --rebuild`."

    def _make(self, weights: str) -> None:
        """Export and quantise into a fresh folder that then takes the place of the old one."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix="draft-", dir=self._folder.parent))
        try:
            about = self._source.export(draft / "full.onnx", draft / _TOKENIZER)
            _quantise(draft / "full.onnx", draft / _GRAPH)
            (draft / "full.onnx").unlink()
            about |= {
                "format": FORMAT,
                "model": self._source.name,
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


_most_threads = 0


def use_threads(most: int) -> None:
    """In this process, run what is loaded from now on with so many threads at most: other processes want cores too."""
    global _most_threads
    _most_threads = most


def cores() -> int:
    """The cores that this process may use, at least 1."""
    return _cores() or 1


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
    """Rows in batches of like length, each of at most `_TOKENS_AT_ONCE` tokens with its padding.

    Of a few texts of all lengths, padding would be most of the work: 63 ms instead of 40 ms for ten sentences.
    """
    batches: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
        fits = batches and (len(batches[-1]) + 1) * lengths[row] <= _TOKENS_AT_ONCE
        if fits and lengths[row] <= _PADDING * lengths[batches[-1][0]] + _PADDED:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches


def _padded(ids: list[int], length: int, pad: int) -> list[int]:
    return [*ids, *[pad] * (length - len(ids))]
