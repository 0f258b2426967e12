"""An answer at its permanent address, earlier conversations, the choice of a language: without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from assistant.web.app import create_app
from assistant.web.conversation import LONGEST, Conversation, Exchange
from tests.browser.library import HOSTILE, LANTERN, Library
from tests.fakes import MemoryRecords


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture
def client(library: Library, records: MemoryRecords) -> Iterator[TestClient]:
    with TestClient(create_app(lambda: library, records=records), base_url="http://127.0.0.1") as client:
        yield client


def keep(library: Library, records: MemoryRecords, question: str) -> str:
    kept = records.keep(library.ask(question), conversation="c", user=None, configuration="harbour")
    assert kept is not None
    return kept


def test_an_answer_stands_at_its_address_without_being_asked_again(
    client: TestClient, library: Library, records: MemoryRecords
) -> None:
    kept = keep(library, records, "What is a lantern?")
    asked = len(library.asked)
    page = client.get(f"/a/{kept}")
    assert page.status_code == 200
    assert LANTERN in page.text
    assert "from the index g1" in page.text
    assert len(library.asked) == asked


def test_an_answer_from_an_older_index_says_so(client: TestClient, library: Library, records: MemoryRecords) -> None:
    kept = keep(library, records, "What is a lantern?")
    assert "indexed anew" not in client.get(f"/a/{kept}").text
    library.index_version = "g2"
    assert "indexed anew since then" in client.get(f"/a/{kept}").text


def test_words_that_look_like_code_come_out_as_words_there_too(
    client: TestClient, library: Library, records: MemoryRecords
) -> None:
    page = client.get(f"/a/{keep(library, records, 'What is on the glass?')}").text
    assert "<img" not in page
    assert HOSTILE.split("<", 1)[0] in page


def test_an_unknown_address_is_said_in_words(client: TestClient) -> None:
    page = client.get("/a/a_nothing")
    assert (page.status_code, "There is no answer at this address" in page.text) == (404, True)


def test_without_records_no_answer_has_an_address(library: Library) -> None:
    page = TestClient(create_app(lambda: library), base_url="http://127.0.0.1").get("/a/a_0001")
    assert page.status_code == 404


def test_for_somebody_unknown_the_browser_has_the_list(client: TestClient) -> None:
    assert client.get("/api/conversations").json() is None
    assert client.delete("/api/conversations/c").status_code == 404


@pytest.mark.parametrize(("back", "leads"), [("/documents?q=1", "/documents?q=1"), ("//elsewhere.example", "/")])
def test_a_language_is_chosen_and_leads_back_here_only(client: TestClient, back: str, leads: str) -> None:
    answer = client.get("/language/fr", params={"back": back}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"], answer.cookies["language"]) == (303, leads, "fr")
    assert "Définitions" in client.get("/definitions").text


def test_a_language_leads_back_to_the_page_that_was_open(client: TestClient) -> None:
    def leads(page: str) -> str:
        return client.get("/language/de", headers={"Referer": page}, follow_redirects=False).headers["location"]

    assert leads("http://127.0.0.1/documents/harbour/lanterns?cite=c_1") == "/documents/harbour/lanterns?cite=c_1"
    assert leads("https://elsewhere.example/a") == "/"


def test_a_language_that_there_is_not_changes_nothing(client: TestClient) -> None:
    answer = client.get("/language/tlh", follow_redirects=False)
    assert "language" not in answer.cookies


def test_of_a_very_long_conversation_the_newest_exchanges_stay() -> None:
    talk = Conversation()
    for number in range(LONGEST + 5):
        talk = talk.asking(Exchange(str(number)))
    assert [one.question for one in talk.exchanges[:1]] == ["5"]
    assert len(talk.exchanges) == LONGEST
