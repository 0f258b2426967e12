"""A build that is killed at any step leaves the old index or the new one, and the next build works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from index import generation
from index.build import build_index
from index.faults import STEPS, VARIABLE
from index.search import Snapshot
from tests.fakes import HashingEncoder

_BUILD = """
import sys
from pathlib import Path
from index.build import build_index
from tests.fakes import HashingEncoder
if __name__ == "__main__":
    build_index(Path(sys.argv[1]), Path(sys.argv[2]), HashingEncoder(), server=sys.argv[3] or None, rebuild=True)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "build.py"
    path.write_text(_BUILD, encoding="utf-8")
    return path


def start(script: Path, corpus: Path, index: Path, server: str | None, step: str = "") -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(script), str(corpus), str(index), server or ""],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), VARIABLE: step},
        stderr=subprocess.DEVNULL,
    )


def check(corpus: Path, index: Path, server: str | None) -> None:
    """The old index or the new one answers; the next build is the new one, and nothing is left lying about."""
    encoder = HashingEncoder()
    with closing(Snapshot.current(index, encoder)) as snapshot:
        assert snapshot.notice is None
        assert snapshot.search("shared garden")[0].passage.document_id == "gardens"
        found = snapshot.document("gardens").text
        assert ("Bees" in found) == any("bees" in passage.text for passage in _texts(snapshot))
    build_index(corpus, index, encoder, server=server)
    with closing(Snapshot.current(index, encoder)) as snapshot:
        assert "Bees are welcome" in snapshot.document("gardens").text
        kept = {path.name for path in (index / "generations").iterdir()}
        assert snapshot.folder.name in kept
        assert len(kept) <= 2


class _Text:
    def __init__(self, text: str) -> None:
        self.text = text.lower()


def _texts(snapshot: Snapshot) -> list[_Text]:
    text = snapshot.document("gardens").text
    return [_Text(text[passage.start : passage.end]) for passage in snapshot.passages()]


def first_build_then_change(corpus: Path, index: Path, server: str | None) -> None:
    build_index(corpus, index, HashingEncoder(), server=server)
    with (corpus / "gardens.txt").open("a", encoding="utf-8") as file:
        file.write("\nBees are welcome in every plot.\n")


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step(script: Path, corpus_folder: Path, index_folder: Path, step: str) -> None:
    first_build_then_change(corpus_folder, index_folder, None)
    old = generation.current(index_folder)
    with start(script, corpus_folder, index_folder, None, step) as process:
        assert process.wait(60) == -signal.SIGKILL
    published = STEPS.index(step) >= STEPS.index("published")
    assert (generation.current(index_folder) != old) == published
    check(corpus_folder, index_folder, None)


@pytest.mark.parametrize("step", ["vectors written", "sealed", "published"])
def test_killed_at_a_step_with_a_chroma_server(
    script: Path, corpus_folder: Path, index_folder: Path, chroma_server: str, step: str
) -> None:
    first_build_then_change(corpus_folder, index_folder, chroma_server)
    with start(script, corpus_folder, index_folder, chroma_server, step) as process:
        assert process.wait(60) == -signal.SIGKILL
    check(corpus_folder, index_folder, chroma_server)


def test_killed_in_its_first_build(script: Path, corpus_folder: Path, index_folder: Path) -> None:
    with start(script, corpus_folder, index_folder, None, "sealed") as process:
        assert process.wait(60) == -signal.SIGKILL
    assert build_index(corpus_folder, index_folder, HashingEncoder()).changed
    assert [path.name for path in (index_folder / "generations").iterdir()] == ["g000001"]


@pytest.mark.parametrize("seconds", [0.4, 0.9, 1.4])
def test_killed_at_any_moment(script: Path, corpus_folder: Path, index_folder: Path, seconds: float) -> None:
    first_build_then_change(corpus_folder, index_folder, None)
    with start(script, corpus_folder, index_folder, None) as process:
        time.sleep(seconds)
        process.kill()
    check(corpus_folder, index_folder, None)
