"""The chat as a program: what stopped the index from loading can be put right while it serves."""

from __future__ import annotations

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
    assistant.snapshot.close()
