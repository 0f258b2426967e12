"""The search and the encoder behind LangChain's interfaces."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import closing
from functools import reduce
from operator import add
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from assistant.langchain import AssistantRunnable
from assistant.types import Answer, Turn
from corpus.errors import UserError
from index.build import build_index
from index.langchain import EncoderEmbeddings, PassageRetriever
from index.search import Snapshot
from tests.browser.library import LANTERN, Library, make_answer
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


def test_an_answer_is_a_message_whose_citations_lead_to_the_exact_words() -> None:
    library = Library()
    message = AssistantRunnable(library.ask).invoke("What is a lantern?")
    answer = library.ask("What is a lantern?")
    assert message.text == answer.text
    (block,) = message.content_blocks
    assert block["type"] == "text"
    (citation,) = block["annotations"]
    assert citation["type"] == "citation"
    assert block["text"][citation["start_index"] : citation["end_index"]] == LANTERN
    assert (citation["id"], citation["cited_text"]) == (answer.citations[0].id, LANTERN)
    place = citation["extras"]
    assert library.page.text[place["start"] : place["end"]] == LANTERN
    assert message.response_metadata["answer"] == answer.as_dict()


def test_pieces_of_a_streamed_answer_add_up_to_the_answer_with_every_citation() -> None:
    library = Library()
    first, second = LANTERN.split("\n")
    cited = (library.cited(first, 1), library.cited(second, 2))

    def ask(question: str, history: Sequence[Turn]) -> Answer:
        return make_answer(question, "answered", "extractive", "", cited)

    runnable = AssistantRunnable(ask)
    chunks = list(runnable.stream("What is a lantern?"))
    assert [chunk.text for chunk in chunks] == [f"{first} [1] ", f"{second} [2]"]
    whole = reduce(add, chunks)
    assert whole.text == runnable.invoke("What is a lantern?").text
    quotes = [block["annotations"][0]["cited_text"] for block in whole.content if isinstance(block, dict)]
    assert quotes == [first, second]
    assert whole.response_metadata["answer"]["outcome"] == "answered"


def test_messages_are_a_question_with_its_history_and_a_batch_keeps_its_order() -> None:
    library = Library()
    runnable = AssistantRunnable(library.ask)
    runnable.invoke([SystemMessage("Be brief."), HumanMessage("hello"), AIMessage("Hello."), HumanMessage("lantern?")])
    assert library.asked == [("lantern?", (Turn("user", "hello"), Turn("assistant", "Hello.")))]
    refused, answered = runnable.batch(["How many boats?", "What is a lantern?"])
    assert refused.response_metadata["answer"]["outcome"] == "not_found"
    assert answered.response_metadata["answer"]["outcome"] == "answered"
    with pytest.raises(UserError, match="messages that end with no question"):
        runnable.invoke([HumanMessage("lantern?"), AIMessage("A light.")])


def test_what_stands_below_the_last_sentence_cites_nothing() -> None:
    library = Library()
    answer = library.ask("What is a lantern?")
    told = dataclasses.replace(answer, text=f"{answer.text}\n\nUnofficial translation:\n\nUn farol. [1]")
    message = AssistantRunnable(lambda *_: told).invoke("What is a lantern?")
    assert message.text == told.text
    cited, below = message.content_blocks
    assert cited["type"] == below["type"] == "text"
    assert len(cited["annotations"]) == 1
    assert (below["text"].strip().split("\n")[0], below.get("annotations")) == ("Unofficial translation:", None)
