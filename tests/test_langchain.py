"""The search and the encoder behind LangChain's interfaces."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from index.build import build_index
from index.langchain import EncoderEmbeddings, PassageRetriever
from index.search import Snapshot
from tests.fakes import HashingEncoder


def test_the_retriever_returns_what_the_search_finds_with_its_place(snapshot: Snapshot) -> None:
    found = PassageRetriever(snapshot=snapshot, k=2).invoke("seed library")
    expected = snapshot.search("seed library", 2)
    assert [document.id for document in found] == [hit.passage.id for hit in expected]
    text = snapshot.document("gardens").text
    assert found[0].page_content == text[found[0].metadata["start"] : found[0].metadata["end"]]
    assert found[0].metadata["section"] == "Garden atlas"


def test_two_hits_in_one_list_come_back_as_one_document_with_all_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    items = "\n".join(f"- Bed {number} is watered by the neighbours of house number {number}." for number in range(40))
    (folder / "beds.md").write_text(f"# Beds\n\nWho waters what:\n\n{items}\n", encoding="utf-8")
    build_index(folder, tmp_path / "index", HashingEncoder())
    with closing(Snapshot.current(tmp_path / "index", HashingEncoder())) as snapshot:
        assert len(snapshot.search("neighbours water a bed", 4)) > 1
        (found,) = PassageRetriever(snapshot=snapshot, k=4).invoke("neighbours water a bed")
        assert found.page_content.count("- Bed") == 40
        text = snapshot.document("beds.md").text
        assert found.page_content == text[found.metadata["start"] : found.metadata["end"]]


def test_embeddings_are_the_encoders_vectors() -> None:
    embeddings = EncoderEmbeddings(HashingEncoder())
    assert embeddings.embed_query("a seed") == pytest.approx(HashingEncoder().encode(["a seed"])[0].tolist())
    assert len(embeddings.embed_documents(["a", "b", "c"])) == 3
