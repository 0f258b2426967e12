"""An index is the same wherever its documents were read and its texts encoded."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from assistant.cli import app
from corpus.errors import UserError
from index import generation
from index.build import build_index
from index.engine import PARTS, Batch, Engine, LocalEngine, Work, encoded, open_engine
from index.faults import VARIABLE
from index.generation import BASE
from index.segment import CONTENT
from tests.fakes import HashingEncoder

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install '.[scale]' to run this test."
)
SMALL = LocalEngine(passages_at_once=3)
ROOT = Path(__file__).parents[1]
BUILD = """
import sys
from pathlib import Path
from index.build import build_index
from index.ray_engine import RayEngine
from tests.fakes import HashingEncoder
if __name__ == "__main__":
    engine = RayEngine(workers=2, passages_at_once=3, runs_at_once=1)
    build_index(Path(sys.argv[1]), Path(sys.argv[2]), HashingEncoder(), engine=engine)
"""


@pytest.fixture
def documents(corpus_folder: Path) -> Path:
    """Nine documents, among them one that cannot be read, one without words for its vector, and one twice."""
    for number in range(6):
        text = f"Plot {number}\n\nPlot {number} grows beans and the number {number}.\n\nIts keeper waters row {number}."
        (corpus_folder / f"plot{number}.txt").write_text(text, encoding="utf-8")
    (corpus_folder / "twice.txt").write_text((corpus_folder / "plot1.txt").read_text())
    (corpus_folder / "broken.pdf").write_bytes(b"%PDF-1.4 no more")
    (corpus_folder / "signs.txt").write_text("... --- ...")
    return corpus_folder


def tables(index: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything that an index stores of documents, passages, sentences and vectors."""
    path = generation.current(index) / BASE / CONTENT
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: list(database.execute(f"SELECT * FROM {name}")) for name in sorted(names)}


def built(documents: Path, index: Path, engine: Engine) -> str:
    return build_index(documents, index, HashingEncoder(), engine=engine).manifest.version


def test_how_much_is_put_together_changes_nothing_but_the_batches(documents: Path, tmp_path: Path) -> None:
    one = built(documents, tmp_path / "one", LocalEngine())
    assert built(documents, tmp_path / "three", SMALL) == one
    assert built(documents, tmp_path / "ahead", replace(SMALL, runs_at_once=4)) == one
    assert tables(tmp_path / "one") == tables(tmp_path / "three") == tables(tmp_path / "ahead")


def test_an_engine_that_is_not_there_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="Found the engine 'spark', expected local or ray"):
        open_engine("spark")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"not installed: python -m pip install .*association-assistant\[scale\]"):
        open_engine("ray")
    assert app.info.help


@needs_ray
def test_ray_makes_the_same_index_to_the_byte_and_leaves_no_part(documents: Path, tmp_path: Path) -> None:
    from index.ray_engine import RayEngine

    version = built(documents, tmp_path / "local", SMALL)
    assert built(documents, tmp_path / "ray", RayEngine(workers=2, passages_at_once=3, runs_at_once=2)) == version
    assert tables(tmp_path / "ray") == tables(tmp_path / "local")
    assert not (tmp_path / "ray" / PARTS).exists()


@needs_ray
def test_a_build_on_ray_that_was_killed_goes_on_from_the_parts_that_it_kept(documents: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    command = [sys.executable, "-c", BUILD, str(documents), str(index)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    before: dict[str, int] = {}
    for count in (1, 2, 3):
        # Each time it is killed when one more part is there.
        killed = subprocess.run(
            command, env={**environment, VARIABLE: "part kept"}, capture_output=True, text=True, timeout=300
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        kept = {path.name: path.stat().st_mtime_ns for path in (index / PARTS).iterdir()}
        assert len(kept) == count
        assert before.items() <= kept.items()
        before = kept
    subprocess.run(command, env=environment, check=True, timeout=300)
    built(documents, tmp_path / "local", SMALL)
    assert tables(index) == tables(tmp_path / "local")
    assert not (index / PARTS).exists()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    yield
    monkeypatch.undo()


@needs_ray
@pytest.mark.usefixtures("nowhere")
def test_a_cluster_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    from index.ray_engine import RayEngine

    with (
        pytest.raises(UserError, match=r"There is no Ray cluster at RAY_ADDRESS '127\.0\.0\.1:9'"),
        RayEngine().crew(Work(HashingEncoder(), (), tmp_path)),
    ):
        pass


def test_what_is_kept_of_a_part_is_what_was_encoded(tmp_path: Path) -> None:
    from index.ray_engine import _as_arrays, _Encode, _from_arrays, _keep

    batches = [
        Batch("passages", ("bees and beans", "..."), ("en", "en")),
        Batch("sentences", ("half a \ud800 character", "...", "beans")),
        Batch("sentences", ("...",)),
    ]
    encode = _Encode(HashingEncoder())
    rows = [encode({"at": at, "task": json.dumps(asdict(batch))}) for at, batch in enumerate(batches)]
    _keep(tmp_path / "parts" / "encoded.npz", _as_arrays(rows))
    for found, batch in zip(_from_arrays(tmp_path / "parts" / "encoded.npz", len(batches)), batches, strict=True):
        expected = encoded(HashingEncoder(), batch)
        assert np.array_equal(found.vectors, expected.vectors)
        assert [one.tobytes() for one in found.words] == [one.tobytes() for one in expected.words]
        assert [len(one) for one in found.words] == [len(one) for one in expected.words]
