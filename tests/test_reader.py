"""The reader: whether a text answers a question, and where."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import index.reader
from corpus.errors import UserError
from index.reader import OnnxReader, open_reader

QUESTION = "When was the bridge opened?"
ANSWERS = "The town lies on two banks. The bridge was opened on 3 May 1921 by the mayor. It is painted green."
ON_TOPIC = "The town lies on two banks. The bridge is painted green every ten years. It has six arches."


@pytest.fixture(scope="module")
def reader(graphs: Path) -> OnnxReader:
    found = open_reader("shipped", graphs)
    assert found is not None
    found.prepare()
    return found


def test_a_text_that_answers_is_told_from_one_on_the_same_topic(reader: OnnxReader) -> None:
    answers, on_topic = reader.read(QUESTION, [ANSWERS, ON_TOPIC], [(0, len(ANSWERS)), (0, len(ON_TOPIC))])
    assert answers.answers > on_topic.answers + 1


def test_the_answer_is_marked_and_lies_in_its_sentence(reader: OnnxReader) -> None:
    start, end = ANSWERS.index("The bridge"), ANSWERS.index(" It is")
    inside, outside = reader.read(QUESTION, [ANSWERS, ANSWERS], [(start, end), (0, start)])
    assert "1921" in ANSWERS[slice(*inside.mark)]
    assert inside.inside > 0.9 > 0.1 > outside.inside
    assert inside.answers == pytest.approx(outside.answers, abs=1e-4)


def test_no_window_gives_no_reading_and_a_very_long_one_is_cut(reader: OnnxReader) -> None:
    assert reader.read(QUESTION, [], []) == []
    (reading,) = reader.read(QUESTION, ["word " * 5000], [(0, 25_000)])
    assert 0 <= reading.mark[0] <= reading.mark[1] <= 25_000


def test_a_reader_goes_to_another_process_without_its_session(reader: OnnxReader) -> None:
    copy = pickle.loads(pickle.dumps(reader))
    assert copy.digest == reader.digest
    assert len(copy.read(QUESTION, [ANSWERS], [(0, 10)])) == 1


def test_off_is_none_and_anything_else_is_named(tmp_path: Path) -> None:
    assert open_reader("off", tmp_path) is None
    with pytest.raises(UserError, match=r"ASSISTANT_READER is 'on': expected 'shipped' or 'off'"):
        open_reader("on", tmp_path)


def test_another_adapter_than_the_shipped_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "reader.safetensors"
    other.write_bytes(index.reader.ADAPTER.read_bytes()[:-1] + b"\0")
    monkeypatch.setattr(index.reader, "ADAPTER", other)
    with pytest.raises(UserError, match="has SHA-256"):
        OnnxReader(tmp_path).prepare()
