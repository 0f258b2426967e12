"""A file that hangs, crashes or eats memory costs itself and nothing else."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from corpus import sandbox as module
from corpus.errors import UserError
from corpus.readers import READERS
from corpus.sandbox import Sandbox, sandbox
from tests import bombs


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.txt"
    path.write_text("All is well.", encoding="utf-8")
    return path


def bomb(tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"a{name}"
    path.write_text("boom", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".hang", "reading it took more than 2 s"),
        (".die", "reading it crashed (exit code -9)"),
        (".exit", "reading it crashed (exit code 3)"),
        (".eat", "reading it takes more than 1024 MB of memory"),
        (".raise", "reading it failed (ZeroDivisionError: "),
        (".recurse", "reading it failed (RecursionError"),
    ],
)
def test_a_bad_file_is_refused_and_the_next_one_is_read(tmp_path: Path, good: Path, name: str, reason: str) -> None:
    started = time.monotonic()
    with bombs.armed(), sandbox(seconds=2) as reader:
        with pytest.raises(UserError) as caught:
            reader.read(bomb(tmp_path, name))
        assert str(caught.value).startswith(reason)
        assert reader.read(good).text == "All is well."
    assert time.monotonic() - started < 20


def test_a_file_is_read_as_without_a_sandbox_and_a_refusal_is_the_same(tmp_path: Path, good: Path) -> None:
    with sandbox() as reader:
        assert reader.read(good) == READERS[".txt"](good)
        (tmp_path / "empty.txt").write_bytes(b"")
        with pytest.raises(UserError, match="it is empty"):
            reader.read(tmp_path / "empty.txt")


def test_the_child_is_replaced_after_a_number_of_files(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FILES_A_CHILD", 2)
    with sandbox() as reader:
        children = []
        for _ in range(5):
            reader.read(good)
            assert reader._child is not None
            children.append(reader._child.process.pid)
    assert [children.index(child) for child in children] == [0, 0, 2, 2, 4]


def test_a_child_that_was_killed_between_two_files_is_replaced(good: Path) -> None:
    reader = Sandbox()
    reader.read(good)
    assert reader._child is not None
    assert reader._child.process.pid
    os.kill(reader._child.process.pid, signal.SIGKILL)
    reader._child.process.join()
    assert reader.read(good).text == "All is well."
    reader.close()


def test_a_loop_is_ended_by_its_processor_time_before_its_time_is_up(tmp_path: Path, good: Path) -> None:
    with bombs.armed(), sandbox(seconds=50) as reader:
        with pytest.raises(UserError, match="reading it took more than 20 s of the processor; split it"):
            reader.read(bomb(tmp_path, ".spin"))
        assert reader.read(good).text == "All is well."


def test_more_text_than_the_builder_can_take_is_refused(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 5)
    with pytest.raises(UserError, match="it holds 12 characters, more than 5; split it"):
        module._read(good)
