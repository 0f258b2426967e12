"""The reader: does this sentence answer this question? A question and a text are read together.

Sentence vectors cannot tell a sentence that answers from one on the same topic. The reader is the
encoder's own model with a low-rank adapter (Hu et al. 2021, "LoRA") and two heads, trained by
`python -m evals.train_reader` on public questions (docs/reader.md); the adapter is merged into the
published weights when an index is built. It gives no words of its own: only how probable it is that a
text answers, and where in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from corpus.errors import UserError
from corpus.spans import Span
from index.encode import SHIPPED_MODEL, Model, digest_of, find_model
from index.graph import Array, Graph

ADAPTER = Path(__file__).with_name("reader.safetensors")
ADAPTER_SHA256 = "eff89c86d542083b7318ab4135e1dce6534ef32b6b0b782d4fa480996a53059d"
OFF = "off"
SHIPPED_READER = "shipped"
_LONGEST_ANSWER = 30


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of a sentence in its window.

    `answers` is the logit of the window answering the question, `inside` the share of the answer's
    place that lies in the sentence, from 0 to 1, and `mark` the most probable words of the answer, as
    offsets into the window.
    """

    answers: float
    inside: float
    mark: Span


class Reader(Protocol):
    """Reads texts with a question in mind."""

    @property
    def name(self) -> str:
        """What a calibration names it by: it holds for no other."""
        ...

    def prepare(self) -> None:
        """Check the weights and make what reading needs. Raises UserError for other weights."""
        ...

    def is_prepared(self) -> bool:
        """Whether what `prepare` makes is there; it is not checked."""
        ...

    def read(self, question: str, windows: Sequence[str], sentences: Sequence[Span]) -> list[Reading]:
        """A reading of each window; `sentences` are the spans in them that are judged. Equal windows are read once."""
        ...


@dataclass(frozen=True, slots=True)
class _Weights:
    """The published weights and the adapter as what a graph is made from."""

    model: Model

    @property
    def name(self) -> str:
        return f"{self.model.name} + {ADAPTER.name}"

    def check(self) -> str:
        """Raises UserError where the weights or the adapter are not what they should be."""
        found = digest_of(ADAPTER) if ADAPTER.is_file() else "none"
        if found != ADAPTER_SHA256:
            raise UserError(
                f"The reader's adapter {ADAPTER} has SHA-256 {found}, expected {ADAPTER_SHA256}: "
                "install the project again."
            )
        return sha256(f"{self.model.check()} {found}".encode()).hexdigest()

    def weights_digest(self) -> str:
        return sha256(f"{self.model.weights_digest()} {digest_of(ADAPTER)}".encode()).hexdigest()

    def weights(self) -> list[Path]:
        return [*self.model.weights(), ADAPTER]

    def export(self, graph: Path, tokenizer: Path) -> dict[str, Any]:
        from index.reader_net import export

        return export(self.model, ADAPTER, graph, tokenizer)


class OnnxReader:
    """The reader that ships, in 8 bits."""

    name = SHIPPED_READER

    def __init__(self, graphs: Path) -> None:
        self._graph = Graph(_Weights(find_model(SHIPPED_MODEL)), graphs / "reader")

    @property
    def digest(self) -> str:
        """A digest of the weights, of the adapter and of how the graph is made from them."""
        return self._graph.digest

    def prepare(self) -> None:
        """Check the weights and make the graph where it is missing or damaged."""
        self._graph.prepare()

    def is_prepared(self) -> bool:
        """Whether the graph is there and made from these weights; it is not checked."""
        return self._graph.is_prepared() and self._graph.is_current()

    def read(self, question: str, windows: Sequence[str], sentences: Sequence[Span]) -> list[Reading]:
        """As `Reader.read`."""
        distinct = list(dict.fromkeys(windows))
        made: dict[str, tuple[float, Array, Any]] = {}
        for rows, encodings, (answers, places) in self._graph.read([(question, window) for window in distinct]):
            for row, encoding, logit, place in zip(rows, encodings, answers, places, strict=True):
                made[distinct[row]] = float(logit), place, encoding
        return [_reading(*made[window], sentence) for window, sentence in zip(windows, sentences, strict=True)]


def open_reader(setting: str, graphs: Path) -> Reader | None:
    """The reader that a setting names, without loading it: `shipped`, None for `off`, or the folder of a
    sentence-transformers cross-encoder. Raises UserError where it is none of these."""
    if setting == OFF:
        return None
    if setting == SHIPPED_READER:
        return OnnxReader(graphs)
    folder = Path(setting).expanduser()
    if not (folder / "config.json").is_file():
        raise UserError(
            f"ASSISTANT_READER is {setting!r}: expected {SHIPPED_READER!r}, {OFF!r}, or the folder of a "
            "sentence-transformers cross-encoder (with a config.json in it)."
        )
    from index.torch_encoder import CrossReader

    return CrossReader(folder.resolve())


def _reading(logit: float, place: Array, encoding: Any, sentence: Span) -> Reading:
    """`place` has the shape (tokens, 2): logits of the answer's first and last token."""
    tokens = [at for at, kind in enumerate(encoding.type_ids) if kind == 1 and encoding.offsets[at][1] > 0]
    if not tokens:
        return Reading(logit, 0.0, (0, 0))
    starts, ends = place[tokens, 0], place[tokens, 1]
    first = np.exp(starts - starts.max())
    first /= first.sum()
    begins = np.array([encoding.offsets[at][0] for at in tokens])
    inside = float(first[(begins >= sentence[0]) & (begins < sentence[1])].sum())
    # The best pair with the end after the start, and not too far.
    pairs = np.triu(starts[:, None] + ends[None, :]) + np.tril(np.full((len(tokens), len(tokens)), -1e9), -1)
    pairs[np.triu_indices(len(tokens), _LONGEST_ANSWER)] = -1e9
    begin, end = np.unravel_index(int(pairs.argmax()), pairs.shape)
    return Reading(logit, inside, (encoding.offsets[tokens[begin]][0], encoding.offsets[tokens[end]][1]))
