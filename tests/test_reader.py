"""The reader: whether a text answers a question, and where."""

from __future__ import annotations

import pickle
import shutil
from contextlib import closing
from pathlib import Path

import pytest

import index.reader
from assistant.ask import Assistant
from corpus.errors import UserError
from index.build import build_index
from index.encode import SHIPPED_MODEL, find_model
from index.reader import OnnxReader, open_reader
from index.search import Snapshot
from index.torch_encoder import load
from tests.fakes import HashingEncoder, calibration

QUESTION = "When was the bridge opened?"
ANSWERS = "The town lies on two banks. The bridge was opened on 3 May 1921 by the mayor. It is painted green."
ON_TOPIC = "The town lies on two banks. The bridge is painted green every ten years. It has six arches."


@pytest.fixture(scope="module")
def reader(graphs: Path) -> OnnxReader:
    found = OnnxReader(graphs)
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
    assert isinstance(open_reader("shipped", tmp_path), OnnxReader)
    with pytest.raises(UserError, match=r"ASSISTANT_READER is 'on': expected 'shipped', 'off', or the folder"):
        open_reader("on", tmp_path)


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder as people have them, only tiny and untrained."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("models") / "tiny-reranker"
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=30522, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    config.num_labels = 1
    BertForSequenceClassification(config).save_pretrained(folder)
    load(find_model(SHIPPED_MODEL)).tokenizer.save_pretrained(folder)
    return folder


def test_any_cross_encoder_in_a_folder_is_a_reader(cross_encoder: Path, tmp_path: Path) -> None:
    found = open_reader(str(cross_encoder), tmp_path)
    assert found is not None
    assert (found.name, found.is_prepared()) == ("tiny-reranker", True)
    found.prepare()
    first, second = found.read(QUESTION, [ANSWERS, ON_TOPIC], [(0, 10), (0, 10)])
    assert first.answers != second.answers
    assert first.mark == (0, 0)


def test_a_reader_that_nothing_was_fitted_with_is_left_out_and_that_is_said(
    cross_encoder: Path, index_folder: Path, corpus_folder: Path
) -> None:
    build_index(corpus_folder, index_folder, HashingEncoder())
    with closing(Snapshot.current(index_folder, HashingEncoder())) as snapshot:
        assistant = Assistant.over(
            snapshot, reader=open_reader(str(cross_encoder), index_folder), calibration=calibration()
        )
        assert assistant.reader is None
        assert assistant.notice is not None
        assert "The reader tiny-reranker is left out" in assistant.notice


def test_another_adapter_than_the_shipped_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "reader.safetensors"
    other.write_bytes(index.reader.ADAPTER.read_bytes()[:-1] + b"\0")
    monkeypatch.setattr(index.reader, "ADAPTER", other)
    with pytest.raises(UserError, match="has SHA-256"):
        OnnxReader(tmp_path).prepare()


def test_a_graph_of_other_weights_is_not_current_and_the_assistant_says_so(
    graphs: Path, tmp_path: Path, index_folder: Path, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "reader.safetensors"
    other.write_bytes(b"another adapter")
    found = OnnxReader(graphs)
    assert found.is_prepared()
    monkeypatch.setattr(index.reader, "ADAPTER", other)
    assert not found.is_prepared()
    build_index(corpus_folder, index_folder, HashingEncoder())
    with closing(Snapshot.current(index_folder, HashingEncoder())) as snapshot:
        assistant = Assistant.over(snapshot, reader=found, calibration=calibration())
        assert assistant.reader is None
        assert "its graph is missing or old" in str(assistant.notice)


def test_the_same_weights_installed_anew_need_no_new_graph(
    graphs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "reader.safetensors"
    copy.write_bytes(index.reader.ADAPTER.read_bytes())
    shutil.copytree(graphs, tmp_path / "graphs")
    monkeypatch.setattr(index.reader, "ADAPTER", copy)
    found = OnnxReader(tmp_path / "graphs")
    graph = next((tmp_path / "graphs" / "reader").glob("*.onnx"))
    made = graph.stat().st_mtime_ns
    assert not found.is_prepared()
    found.prepare()
    assert found.is_prepared()
    assert graph.stat().st_mtime_ns == made
