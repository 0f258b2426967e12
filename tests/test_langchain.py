"""The search and the encoder behind LangChain's interfaces."""

from __future__ import annotations

import pytest

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


def test_embeddings_are_the_encoders_vectors() -> None:
    embeddings = EncoderEmbeddings(HashingEncoder())
    assert embeddings.embed_query("a seed") == pytest.approx(HashingEncoder().encode(["a seed"])[0].tolist())
    assert len(embeddings.embed_documents(["a", "b", "c"])) == 3
