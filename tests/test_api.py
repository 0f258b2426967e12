"""The API for programs: what each call gives, how it refuses, and that its description says the same."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient
from gradio_client import Client
from gradio_client.exceptions import AppError

from assistant.listing import definition_answer
from assistant.registry import Registry
from assistant.types import Checked, Citation, Done, Event, Sentence, Status
from assistant.web.app import create_app
from assistant.web.conversation import BUG
from assistant.web.events import lines, messages
from assistant.web.openapi import CALLS, document, examples
from assistant.web.site import LOADING
from tests import api_examples
from tests.browser.library import LANTERN, Library, make_definition
from tests.servers import serving


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[TestClient]:
    with TestClient(create_app(lambda: library)) as client:
        yield client


def told(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, comments left out."""
    found = []
    for block in text.split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


# Events


@pytest.mark.parametrize("by", ["header", "field"])
def test_an_answer_comes_as_events_each_sentence_with_its_citation(
    client: TestClient, library: Library, by: str
) -> None:
    body = {"question": "What is a lantern?", "id": 7, **({"stream": True} if by == "field" else {})}
    headers = {"Accept": "text/event-stream"} if by == "header" else {}
    response = client.post("/api/ask", json=body, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream")
    status, sentence, answer = told(response.text)
    assert status == ("status", {"stage": "searching"})
    citation = library.cited(LANTERN).as_dict()
    expected = {"number": 0, "text": LANTERN, "support": "verbatim", "citations": [citation]}
    assert sentence == ("sentence", expected)
    assert answer == ("answer", library.ask("What is a lantern?").as_dict())


@pytest.mark.parametrize(
    ("question", "said"), [("a flood?", "The question is too wet: ask a dry one."), ("a storm?", BUG)]
)
def test_what_goes_wrong_in_a_stream_is_its_last_event(client: TestClient, question: str, said: str) -> None:
    response = client.post("/api/ask", json={"question": question, "stream": True})
    assert told(response.text)[-1] == ("error", {"error": said})


def test_a_question_that_is_none_is_refused_before_the_stream_begins(client: TestClient) -> None:
    response = client.post("/api/ask", json={"question": " ", "stream": True})
    assert (response.status_code, response.json()) == (400, {"error": "The question is empty: type a question."})


def test_sentences_checked_on_the_way_are_told_at_once_and_not_again(library: Library) -> None:
    answer = library.ask("What is a lantern?")
    events: list[Event] = [Status("writing"), Checked(Sentence("It burns.", "supported", ()), 2), Done(answer)]
    names = [(name, data.get("number")) for name, data in messages(events)]
    assert names == [("status", None), ("sentence", 2), ("answer", None)]


def test_a_reader_who_goes_away_stops_the_answering_at_its_next_event() -> None:
    goes_on, closed = threading.Event(), threading.Event()

    def answering() -> Iterator[Event]:
        try:
            yield Status("searching")
            goes_on.wait(10)
            yield Status("writing")
            raise AssertionError("nobody reads this any more")
        finally:
            closed.set()

    async def read_one() -> Any:
        stream = lines(answering)
        first = await anext(stream)
        await stream.aclose()
        goes_on.set()
        return first

    assert asyncio.run(read_one()) == 'event: status\ndata: {"stage": "searching"}\n\n'
    assert closed.wait(10)


def test_a_comment_keeps_the_line_while_nothing_is_known() -> None:
    goes_on = threading.Event()

    def answering() -> Iterator[Event]:
        goes_on.wait(10)
        yield Status("searching")

    async def read() -> list[Any]:
        stream = lines(answering, every=0.02)
        waited = await anext(stream)
        goes_on.set()
        return [waited, *[line async for line in stream if not line.startswith(":")]]

    comment, status = asyncio.run(read())
    assert comment == ": the answer is still being looked for\n\n"
    assert status.startswith("event: status")


def test_half_a_surrogate_pair_in_an_event_can_be_sent() -> None:
    async def read() -> list[str]:
        return [line async for line in lines(lambda: iter([Checked(Sentence("a \ud800", "supported", ()), 0)]))]

    (line,) = asyncio.run(read())
    assert b'"text": "a ?"' in line.encode()


# Look-ups


def test_a_search_gives_passages_that_their_citations_resolve_to(client: TestClient) -> None:
    (found,) = client.get("/api/search", params={"q": "lantern flame", "limit": 1}).json()
    assert (found["document_id"], found["score"], found["lexical_rank"]) == ("harbour/lanterns", 2.0, 1)
    citation = client.get(f"/api/citations/{found['citation_id']}").json()
    assert (citation["quote"], citation["start"], citation["end"]) == (found["text"], found["start"], found["end"])


def test_a_document_whose_id_has_a_slash_is_found_and_so_is_its_text(client: TestClient, library: Library) -> None:
    record = client.get("/api/documents/harbour/lanterns").json()
    assert [record] == [
        {**one, "sections": record["sections"], "page_spans": record["page_spans"]}
        for one in client.get("/api/documents").json()
    ]
    assert [one["title"] for one in record["sections"]] == ["Lanterns", "Lanterns › Odd signs"]
    assert record["page_spans"][1] == {"number": 2, "label": None, "start": 148, "end": len(library.page.text)}
    text = client.get("/api/documents/harbour/lanterns/text")
    assert text.content.decode() == library.page.text
    assert text.headers["content-type"] == "text/plain; charset=utf-8"


def test_the_range_of_a_text_counts_code_points_as_a_citation_does(client: TestClient, library: Library) -> None:
    citation: Citation = library.cited(LANTERN)
    span = {"start": citation.start, "end": citation.end}
    assert client.get("/api/documents/harbour/lanterns/text", params=span).text == LANTERN


def test_a_definition_is_found_by_its_acronym_and_as_it_was_on_a_day(client: TestClient, library: Library) -> None:
    found = client.get("/api/definitions/LT").json()
    assert (found["term"], found["wording"], found["others"]) == ("lantern", LANTERN, [])
    assert client.get("/api/definitions/LT", params={"as_of": "2020-01-01"}).json() == found
    early = client.get("/api/definitions/LT", params={"as_of": "1999-01-01"})
    said = "No wording of 'lantern' was in force on 1999-01-01; the first one is of 2001-05-01."
    assert (early.status_code, early.json()["error"]) == (404, said)


# Refusals


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/search?q=", 400, "There is nothing to search for: give some words."),
        ("/api/search?q=a&limit=0", 400, "Found limit = 0, expected a number from 1 to 50."),
        ("/api/search?q=a&limit=-1", 400, "Found limit = '-1', expected a whole number from 0 on."),
        ("/api/search?q=" + "a" * 1001, 400, "Found 1,001 characters to search for, up to 1,000 are read"),
        ("/api/search?query=a", 400, "Found the parameter 'query', expected q, limit: correct its name"),
        ("/api/documents?page=2", 400, "Found the parameter 'page', this call takes none: correct its name"),
        ("/api/documents/none", 404, "There is no document 'none'; expected one of harbour/lanterns."),
        ("/api/documents/none/text", 404, "There is no document 'none'; expected one of harbour/lanterns."),
        ("/api/documents/harbour/lanterns/text?start=9&end=3", 400, "Found the span 9 to 3, expected 0 ≤ start"),
        ("/api/documents/harbour/lanterns/text?end=1000", 400, "Found the span 0 to 1000, expected 0 ≤ start"),
        ("/api/citations/c_000000000000_1_2", 404, "The citation 'c_000000000000_1_2' belongs to no text"),
        ("/api/definitions/boat", 404, "There is no canonical definition of 'boat'"),
        ("/api/definitions/LT?as_of=yesterday", 400, "Found the date 'yesterday', expected one such as 2020-01-01."),
        ("/api/answers", 404, "There is no call GET /api/answers; /openapi.json and the page /api name all."),
        ("/api/ask", 404, "There is no call GET /api/ask; "),
    ],
)
def test_each_wrong_request_gets_one_sentence_as_json(client: TestClient, path: str, status: int, said: str) -> None:
    response = client.get(path)
    assert (response.status_code, list(response.json())) == (status, ["error"])
    assert response.json()["error"].startswith(said)


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/api/ask", {"question": "?", "histroy": []}, "Found the field 'histroy', expected id, question, history"),
        ("/api/ask", {"question": "?", "stream": "yes"}, "Found stream = 'yes', expected true or false."),
        (
            "/api/definitions/check",
            {"term": "LT", "pasted_text": "a", "text": "a"},
            "Found the field 'text', expected id, term, pasted_text",
        ),
    ],
)
def test_a_misspelt_field_is_named_instead_of_ignored(
    client: TestClient, path: str, body: dict[str, Any], said: str
) -> None:
    response = client.post(path, json=body)
    assert response.status_code == 400
    assert response.json()["error"].startswith(said)


def test_a_fault_of_ours_is_a_sentence_too_and_its_details_stay_in_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.post("/api/ask", json={"question": "a storm?"})
    assert (response.status_code, response.json()) == (500, {"error": BUG})
    assert "a mistake of ours" in caplog.text


def test_every_call_says_that_the_index_is_still_loading() -> None:
    with TestClient(create_app(lambda: None)) as client:
        for call in CALLS:
            example = examples()[call.name]
            response = client.request(call.method, example.address(call), json=example.body)
            assert (response.status_code, response.json()) == (503, {"error": LOADING}), call.name
            assert response.headers["retry-after"] == "5"


# The description


def test_the_examples_are_what_the_api_answers() -> None:
    written = json.loads(api_examples.FILE.read_text(encoding="utf-8"))
    assert written == api_examples.made(), "write them anew: python -m tests.api_examples"


@pytest.mark.parametrize("name", [call.name for call in CALLS])
def test_each_example_validates_against_its_schema_and_has_no_field_that_it_lacks(name: str) -> None:
    description = json.loads(json.dumps(document("Ask the harbour")))
    call = next(one for one in CALLS if one.name == name)
    operation = description["paths"][call.path][call.method.lower()]
    contents = [*operation["responses"]["200"]["content"].values()]
    if call.takes:
        contents.append(operation["requestBody"]["content"]["application/json"])
    for content in contents:
        if "example" in content:
            schema = {**_closed(content["schema"]), "components": _closed(description["components"])}
            jsonschema.Draft202012Validator(schema).validate(content["example"])
    for one in operation["parameters"]:
        jsonschema.Draft202012Validator(one["schema"]).validate(one["example"] if "example" in one else _any(one))


def _any(parameter: dict[str, Any]) -> Any:
    return 1 if parameter["schema"]["type"] == "integer" else ""


def _closed(schema: Any) -> Any:
    """A schema that takes no field besides those that it names: so that none is forgotten in it."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return {**closed, "additionalProperties": False} if "properties" in schema and "type" in schema else closed


def test_every_call_of_the_description_is_there_and_no_other(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    described = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
    assert described == {(call.method, call.path) for call in CALLS}
    assert all(client.request(method, path).status_code != 405 for method, path in described)


# Endpoints of the chat


def test_a_gradio_client_gets_the_same_records_by_name(library: Library) -> None:
    with serving(create_app(lambda: library)) as address:
        client = Client(address, verbose=False)
        asked = client.predict("What is a lantern?", None, api_name="/ask")
        assert asked == library.ask("What is a lantern?").as_dict()
        (found,) = client.predict("flame", 1, api_name="/search")
        assert (found["start"], found["end"]) == (0, 148)
        defined = client.predict("harbour light", None, api_name="/definition")
        assert (defined["term"], defined["wording"]) == ("lantern", LANTERN)
        checked = client.predict(LANTERN.replace("dusk", "dawn"), "lantern", api_name="/check_wording")
        assert (checked["verdict"], checked["differences"][0]["given"]) == ("altered", "dawn")
        with pytest.raises(AppError, match="There is no canonical definition of 'boat'"):
            client.predict("boat", None, api_name="/definition")
        client.close()


def test_other_wordings_of_a_term_come_with_it() -> None:
    library = Library()
    other = make_definition(library.page, "Its keeper trims it at dusk.", body="Guild")
    library.registry = Registry((make_definition(library.page), other), lambda word: 2)
    found = definition_answer(library, "lantern")
    assert [(one["body"], one["wording"]) for one in found["others"]] == [("Guild", "Its keeper trims it at dusk.")]
