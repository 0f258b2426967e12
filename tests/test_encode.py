"""The encoder that serves against the reference, with the real model."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import UserError
from index.encode import SHIPPED_MODEL, SHIPPED_SHA256, Encoder, find_model, open_encoder
from index.graph import _batches
from index.onnx_encoder import OnnxEncoder

TEXTS = [
    "What is a science park?",
    "Shared gardens are plots tended by neighbours, whose main aim is to grow food and company.",
    "x",
    "The fee is 40 euros a year for members and 60 for others, due in May. " * 30,
    "",
]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shipped model's graph, made in a process of its own as a build does."""
    folder = tmp_path_factory.mktemp("encoders")
    code = "import sys; from pathlib import Path; from index.encode import open_encoder; "
    code += f"open_encoder({SHIPPED_MODEL!r}, Path({str(folder)!r})).prepare()"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=Path(__file__).parents[1])
    return folder


@pytest.fixture(scope="module")
def served(graphs: Path) -> Encoder:
    return open_encoder(SHIPPED_MODEL, graphs)


def test_the_graph_gives_the_models_vectors_but_for_rounding(served: Encoder) -> None:
    reference = open_encoder("torch", Path()).encode(TEXTS)
    vectors = served.encode(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    similarity = (vectors * reference).sum(axis=1)
    assert similarity.min() > 0.97
    # The order of the texts survives being sorted by length.
    assert (vectors @ reference.T).argmax(axis=1).tolist() == list(range(len(TEXTS)))


def test_words_and_their_vectors_are_the_models_but_for_rounding(served: Encoder) -> None:
    text = "Shared gardens, well-tended!"
    (reference,) = open_encoder("torch", Path()).encode_words([text])
    short, found = served.encode_words(["A word", text])
    assert short.words == ("A", "word")
    assert found.words == reference.words == ("Shared", "gardens", "well", "tended")
    assert (found.vectors * reference.vectors).sum(axis=1).min() > 0.95


def test_serving_imports_neither_torch_nor_sentence_transformers(graphs: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from index.encode import open_encoder; "
        f"e = open_encoder({SHIPPED_MODEL!r}, Path({str(graphs)!r})); e.encode(['a']); e.encode_words(['a b']); "
        "print([m for m in ('torch', 'transformers', 'sentence_transformers', 'onnx') if m in sys.modules])"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"


def test_the_digest_tells_the_engines_apart_and_needs_no_graph(served: Encoder, tmp_path: Path) -> None:
    assert open_encoder("torch", tmp_path).digest == SHIPPED_SHA256
    assert open_encoder(SHIPPED_MODEL, tmp_path).digest == served.digest != SHIPPED_SHA256


def test_an_encoder_that_was_used_can_still_go_to_another_process(served: Encoder) -> None:
    served.encode(["a"])
    again: Encoder = pickle.loads(pickle.dumps(served))
    np.testing.assert_array_equal(again.encode(["a b c"]), served.encode(["a b c"]))


def test_a_missing_graph_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run `assistant index build --rebuild`"):
        open_encoder(SHIPPED_MODEL, tmp_path).encode(["a"])


@pytest.mark.parametrize("name", ["graph.onnx", "tokenizer.json"])
def test_a_damaged_graph_is_not_opened(graphs: Path, name: str, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "encoders"
    shutil.copytree(graphs, copy)
    (path,) = copy.glob(f"*/{name}")
    path.write_bytes(path.read_bytes()[:-1] + b"~")
    with pytest.raises(UserError, match=f"has a damaged {name}"):
        OnnxEncoder(find_model(SHIPPED_MODEL), copy).encode(["a"])


def test_batches_hold_every_row_once_and_little_padding() -> None:
    lengths = [5, 256, 1, 256, 7] * 20
    batches = _batches(lengths)
    assert sorted(row for batch in batches for row in batch) == list(range(100))
    assert all(len(batch) * max(lengths[row] for row in batch) <= 4096 for batch in batches)
