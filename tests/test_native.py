"""Citations that providers put into their replies, in the shapes that LangChain gives them: none is believed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from assistant.ask import Assistant
from assistant.drafts import read_reply
from assistant.model import Model
from assistant.native import claims_of
from assistant.service import writer_of
from assistant.settings import load_settings
from assistant.verify.grounds import Cite, Grounds, verified
from assistant.write import Writer
from corpus.errors import UserError
from index.build import build_index
from index.search import Snapshot
from tests.fakes import HashingEncoder, calibration

FEE = "The yearly fee is 40 euros for adults and 15 euros for children."
WINTER = "The boats are not lent in winter."
GROUNDS = Grounds.of_texts(
    {"kfee": f"{FEE} Guests pay 5 euros a day.", "kboats": f"Only members borrow boats. {WINTER}"}
)


def anthropic(*blocks: dict[str, Any]) -> AIMessage:
    return AIMessage(content=list(blocks), response_metadata={"model_provider": "anthropic"})


def located(quote: str, title: str | None, place: int) -> dict[str, Any]:
    """A citation as Anthropic's interface gives it."""
    return {
        "type": "char_location", "cited_text": quote, "document_index": place, "document_title": title,
        "start_char_index": 0, "end_char_index": len(quote), "file_id": None,
    }  # fmt: skip


def supports(message: AIMessage) -> list[str]:
    """What each sentence of a message comes out as."""
    claims = read_reply(str(message.text), message.content_blocks, GROUNDS).claims or ()
    return [verified(one.text, one.cites, GROUNDS).support for one in claims]


def test_a_citation_of_anthropic_is_one_of_the_passage_that_its_title_names() -> None:
    message = anthropic({"type": "text", "text": "The yearly fee for adults is 40 euros.", "citations": [
        located(FEE, "kfee", 0)]})  # fmt: skip
    (claim,) = claims_of(message.content_blocks, GROUNDS)
    assert claim.cites == (Cite("kfee", FEE),)
    assert supports(message) == ["supported"]


def test_where_anthropic_gives_no_title_the_place_of_the_document_tells() -> None:
    message = anthropic({"type": "text", "text": WINTER, "citations": [located(WINTER, None, 1)]})
    assert claims_of(message.content_blocks, GROUNDS)[0].cites == (Cite("kboats", WINTER),)
    wrong = anthropic({"type": "text", "text": WINTER, "citations": [located(WINTER, None, 0)]})
    assert supports(wrong) == ["unsupported"]


@pytest.mark.parametrize(
    ("trap", "text", "quote"),
    [
        ("altered digits", "The yearly fee for adults is 45 euros.", FEE),
        ("an invented quotation", "The yearly fee for adults is 45 euros.", "The yearly fee is 45 euros for adults"),
        ("a dropped negation", "The boats are lent in winter.", WINTER),
        ("right words, another source", WINTER, FEE),
    ],
)
def test_a_provider_that_cites_wrongly_is_not_believed(trap: str, text: str, quote: str) -> None:
    title = "kfee" if "fee" in quote else "kboats"
    message = anthropic({"type": "text", "text": text, "citations": [located(quote, title, 0)]})
    assert supports(message) == ["unsupported"], trap


def test_a_sentence_in_two_blocks_is_one_claim_and_one_without_a_citation_fails() -> None:
    message = anthropic(
        {"type": "text", "text": "Here is the answer. "},
        {"type": "text", "text": "The yearly fee is 40 euros for adults", "citations": [located(FEE, "kfee", 0)]},
        {"type": "text", "text": " and 15 euros for children."},
    )
    assert supports(message) == ["unsupported", "verbatim"]


def test_a_file_citation_of_openai_names_a_source_and_the_words_are_looked_for() -> None:
    note = {"type": "file_citation", "file_id": "file-1", "filename": "kfee.txt", "index": len(FEE)}
    message = AIMessage(
        content=[{"type": "text", "text": f"{FEE} The fee was raised.", "annotations": [note], "id": "msg_1"}],
        response_metadata={"model_provider": "openai"},
    )
    assert supports(message) == ["verbatim", "unsupported"]


def test_an_address_of_openai_that_was_never_sent_carries_nothing() -> None:
    note = {
        "type": "url_citation",
        "url": "https://club.example",
        "title": "The club",
        "start_index": 0,
        "end_index": 9,
    }
    message = AIMessage(
        content=[{"type": "text", "text": FEE, "annotations": [note], "id": "msg_1"}],
        response_metadata={"model_provider": "openai"},
    )
    assert supports(message) == ["unsupported"]


def grounded(text: str, said: str, title: str) -> AIMessage:
    """A reply with Google's grounding."""
    segment = {"start_index": 0, "end_index": len(said.encode()), "text": said}
    metadata = {
        "grounding_chunks": [{"web": {"uri": "https://x.example", "title": title}}],
        "grounding_supports": [
            {"segment": segment, "grounding_chunk_indices": [0]},
        ],
        "web_search_queries": [],
    }
    return AIMessage(content=text, response_metadata={"model_provider": "google_genai", "grounding_metadata": metadata})


def test_the_grounding_of_google_quotes_the_reply_itself_and_is_no_proof() -> None:
    lie = "The yearly fee for adults is 45 euros."
    assert supports(grounded(lie, lie, "kfee")) == ["unsupported"]
    assert supports(grounded(FEE, FEE, "A page of the web")) == ["unsupported"]
    assert supports(grounded(f"{FEE} {WINTER}", FEE, "kfee")) == ["verbatim", "unsupported"]


class Streaming:
    """A chat model that streams as Anthropic's does: text and citations of a block in turn."""

    def __init__(self, text: str, quote: str) -> None:
        self._text, self._quote = text, quote
        self.asked: list[Any] = []

    def stream(self, messages: list[Any], **_: Any) -> Iterator[AIMessageChunk]:
        self.asked.append(messages)
        titles = {one["source"]["data"]: one["title"] for one in messages[1][1] if one["type"] == "document"}
        title = next((key for text, key in titles.items() if self._quote in text), "none")
        for at in range(0, len(self._text), 9):
            yield self._chunk({"text": self._text[at : at + 9]})
        yield self._chunk({"text": "", "citations": [located(self._quote, title, 0)]})

    def _chunk(self, more: dict[str, Any]) -> AIMessageChunk:
        return AIMessageChunk(
            content=[{"type": "text", "index": 0, **more}], response_metadata={"model_provider": "anthropic"}
        )


def ask_with(chat: Streaming, tmp_path: Path) -> Any:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "statutes.txt").write_text(f"Statutes\n\nFees\n\n{FEE}\n", encoding="utf-8")
    build_index(tmp_path / "documents", tmp_path / "index", HashingEncoder())
    writer = Writer(Model("anthropic:x", chat), native=True)
    with closing(Snapshot.current(tmp_path / "index", HashingEncoder())) as snapshot:
        return Assistant.over(snapshot, calibration=calibration(), writer=writer).ask("How much is the yearly fee?")


def test_passages_go_in_as_documents_and_a_streamed_citation_is_put_together(tmp_path: Path) -> None:
    chat = Streaming("The yearly fee for adults is 40 euros.", FEE)
    answer = ask_with(chat, tmp_path)
    assert (answer.mode, answer.text) == ("model", "The yearly fee for adults is 40 euros. [1]")
    assert [one.quote for one in answer.citations] == [FEE]
    (system, _), (human, content) = chat.asked[0]
    assert (system, human, content[0]["citations"]) == ("system", "human", {"enabled": True})
    assert FEE in content[0]["source"]["data"]
    assert content[-1]["text"].startswith("<<<QUESTION>>>")


def test_a_lie_with_a_native_citation_does_not_reach_the_member(tmp_path: Path) -> None:
    chat = Streaming("The yearly fee for adults is 45 euros.", FEE)
    answer = ask_with(chat, tmp_path)
    assert answer.mode == "extractive"
    assert "45" not in answer.text
    assert len(chat.asked) == 2


def test_native_citations_are_off_unless_they_are_asked_for_and_of_anthropic_alone(tmp_path: Path) -> None:
    local = {"model": "openai:x", "model_url": "http://127.0.0.1:9/v1", "index": str(tmp_path)}
    writer = writer_of(load_settings(**local))
    assert writer
    assert not writer.native
    with pytest.raises(UserError, match=r"that works with anthropic:… alone"):
        writer_of(load_settings(**local, model_citations="native"))


def test_a_chunk_with_googles_grounding_brings_its_blocks() -> None:
    chunk = AIMessageChunk(content=FEE, response_metadata=grounded(FEE, FEE, "kfee").response_metadata)

    class Once:
        def stream(self, *_: Any, **__: Any) -> Iterator[AIMessageChunk]:
            yield chunk

    (piece,) = Model("google_genai:x", Once()).stream([("human", "a")], time.monotonic() + 30)
    assert claims_of(piece.blocks, GROUNDS)[0].cites == (Cite("kfee", FEE),)
