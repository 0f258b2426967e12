"""Files that are added to a corpus, and a folder that is watched."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from assistant.watch import changes
from corpus.errors import UserError
from corpus.intake import add_files


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "bees.txt").write_text("Bees like gardens.", encoding="utf-8")
    (folder / "owls.md").write_text("# Owls\n\nOwls live in barns.", encoding="utf-8")
    return folder


def test_files_are_copied_whole_and_nothing_else_is_left(corpus_folder: Path, elsewhere: Path) -> None:
    before = set(corpus_folder.iterdir())
    done = add_files(corpus_folder, [elsewhere / "bees.txt", elsewhere / "owls.md"])
    assert done == [(corpus_folder / "bees.txt", "bees.txt"), (corpus_folder / "owls.md", "owls.md")]
    assert set(corpus_folder.iterdir()) - before == {corpus_folder / "bees.txt", corpus_folder / "owls.md"}
    assert (corpus_folder / "bees.txt").read_text(encoding="utf-8") == "Bees like gardens."
    assert add_files(corpus_folder, [elsewhere / "bees.txt"]) == [(None, "bees.txt")]


def test_another_file_of_the_same_name_is_replaced_only_when_that_is_said(corpus_folder: Path, elsewhere: Path) -> None:
    (corpus_folder / "bees.txt").write_text("Something else.", encoding="utf-8")
    with pytest.raises(UserError, match=r"has another bees\.txt already: give --replace"):
        add_files(corpus_folder, [elsewhere / "bees.txt"])
    add_files(corpus_folder, [elsewhere / "bees.txt"], replace=True)
    assert (corpus_folder / "bees.txt").read_text(encoding="utf-8") == "Bees like gardens."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.txt", "There is no file"),
        ("picture.png", r"its format \.png is not supported"),
        ("~draft.txt", "is not read from a corpus"),
        ("catalogue.toml", "is not supported"),
        (".", "There is no file"),
    ],
)
def test_one_file_that_cannot_be_added_leaves_all_out(
    corpus_folder: Path, elsewhere: Path, name: str, words: str
) -> None:
    if name not in ("gone.txt", "."):
        (elsewhere / name).write_bytes(b"x")
    before = set(corpus_folder.iterdir())
    with pytest.raises(UserError, match=words):
        add_files(corpus_folder, [elsewhere / "bees.txt", elsewhere / name])
    assert set(corpus_folder.iterdir()) == before


def test_two_files_of_one_name_are_said(corpus_folder: Path, elsewhere: Path) -> None:
    with pytest.raises(UserError, match=r"Two files are named bees\.txt"):
        add_files(corpus_folder, [elsewhere / "bees.txt", elsewhere / "bees.txt"])


def test_a_change_is_reported_once_and_when_it_has_come_to_rest(corpus_folder: Path) -> None:
    turns = changes(corpus_folder, every=0.1)
    next(turns)
    path = corpus_folder / "new.txt"
    sizes: list[int] = []

    def write() -> None:
        for _ in range(8):
            with path.open("a", encoding="utf-8") as file:
                file.write("more\n")
            time.sleep(0.04)

    writer = threading.Thread(target=write)
    writer.start()
    next(turns)
    sizes.append(path.stat().st_size)
    writer.join()
    assert sizes == [8 * len("more\n")]


def test_added_on_the_command_line_and_answered_from(corpus_folder: Path, index_folder: Path, elsewhere: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "ASSISTANT_CORPUS": str(corpus_folder),
        "ASSISTANT_INDEX": str(index_folder),
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "assistant", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    added = run("documents", "add", str(elsewhere / "bees.txt"))
    assert (added.returncode, added.stderr) == (0, "Added bees.txt\n")
    assert added.stdout.startswith("Built, 2 read anew; index ")
    assert "Bees like gardens." in run("index", "search", "bees").stdout
    again = run("documents", "add", str(elsewhere / "bees.txt"))
    assert again.stderr == "bees.txt is there already, with the same content\n"
    assert again.stdout.startswith("Nothing has changed; index ")
