"""The chat as a program: what stopped the index from loading can be put right while it serves."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from assistant import service
from assistant.settings import load_settings
from assistant.web.main import Loading
from index.build import build_index
from index.encode import Encoder
from tests.fakes import HashingEncoder


def test_a_build_puts_right_what_stopped_the_chat(
    corpus_folder: Path, index_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tiny(_: object) -> Encoder:
        return HashingEncoder()

    monkeypatch.setattr(service, "encoder_of", tiny)
    loading = Loading(load_settings(corpus=corpus_folder, index=index_folder))
    assert (loading.get(), loading.failure()) == (None, None)
    loading.load()
    assert loading.get() is None
    assert (loading.failure() or "").startswith("There is no index in")
    build_index(corpus_folder, index_folder, HashingEncoder())
    assistant = loading.get()
    assert assistant is not None
    assert assistant.ask("SG?").mode == "definition"
    assert loading.failure() is None
    loading.close()
    assistant.snapshot.close()


def test_a_running_chat_answers_from_a_new_index_and_never_stops_answering(
    corpus_folder: Path, index_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "encoder_of", lambda _: HashingEncoder())
    build_index(corpus_folder, index_folder, HashingEncoder())
    loading = Loading(load_settings(corpus=corpus_folder, index=index_folder))
    loading.load()
    first = loading.get()
    assert first is not None
    (corpus_folder / "bees.txt").write_text("Bees are welcome in every plot.", encoding="utf-8")
    version = build_index(corpus_folder, index_folder, HashingEncoder()).manifest.version
    published = time.monotonic()
    while (assistant := loading.get()) is not None and assistant.index_version != version:
        assert assistant.ask("SG?").index_version == first.index_version
        assert time.monotonic() - published < 10
    assert assistant is not None
    assert assistant.snapshot.search("bees")[0].passage.document_id == "bees.txt"
    # What has not changed is shared with the snapshot before, and stays open for who still reads it.
    assert assistant.snapshot.base() is first.snapshot.base()
    assert first.ask("SG?").mode == "definition"
    loading.close()


def test_a_service_that_is_closed_has_no_thread_left_that_could_lose_a_copy(
    corpus_folder: Path, index_folder: Path
) -> None:
    before = set(threading.enumerate())
    opened = service.Service(load_settings(corpus=corpus_folder, index=index_folder))
    opened.follow()
    (follower,) = set(threading.enumerate()) - before
    opened.close()
    assert not follower.is_alive()
