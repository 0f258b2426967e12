"""Answers and conversations as files over HTTP: what comes back, under which name, and for whom."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader

from assistant.records.store import Store
from assistant.web.accounts import Accounts
from assistant.web.app import create_app
from assistant.web.door import Proxies
from assistant.web.downloads import TYPES, disposition
from tests.browser.library import LANTERN, Library
from tests.fakes import MemoryRecords


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def records(library: Library) -> MemoryRecords:
    """One conversation of two answers, whose they are nobody knows: a_0001 and a_0002."""
    made = MemoryRecords()
    for question in ("What is a lantern?", "Who sailed?"):
        made.keep(library.ask(question), conversation="t1", user=None, configuration="encoder hashing")
    return made


@pytest.fixture
def client(library: Library, records: MemoryRecords) -> Iterator[TestClient]:
    with TestClient(create_app(lambda: library, records=records)) as client:
        yield client


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page)).split())


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("form", ["txt", "md", "html", "json", "pdf"])
def test_an_answer_comes_as_a_file_of_its_kind_under_a_readable_name(client: TestClient, form: str) -> None:
    answer = client.get(f"/a/a_0001.{form}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, TYPES[form])
    name = f"What-is-a-lantern.{form}"
    assert answer.headers["content-disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"


def test_each_file_of_an_answer_has_its_quote_its_permanent_address_and_whose_wording_it_is(client: TestClient) -> None:
    pdf = PdfReader(BytesIO(client.get("/a/a_0001.pdf").content))
    texts = {form: client.get(f"/a/a_0001.{form}").text for form in ("txt", "md", "html")}
    texts["pdf"] = "".join(page.extract_text() for page in pdf.pages)
    for form, text in texts.items():
        shown = squeezed(words(text) if form == "html" else text)
        assert squeezed(LANTERN) in shown, form
        assert "http://testserver/a/a_0001" in shown, form
        assert "Harbouroffice" in shown, form
        assert "Answeredon26Nov2026fromtheindexg1." in shown, form


def test_the_record_of_an_answer_is_the_answer_without_who_asked_and_in_which_conversation(
    client: TestClient, records: MemoryRecords
) -> None:
    records.judge("a_0001", "down", "too short", None)
    record = client.get("/a/a_0001.json").json()
    assert list(record) == ["id", "asked_at", "address", "configuration", "answer"]
    assert record["answer"] == json.loads(json.dumps(records.kept["a_0001"].answer.as_dict()))


@pytest.mark.parametrize("form", ["md", "html", "json", "pdf"])
def test_a_conversation_comes_with_all_its_answers(client: TestClient, form: str) -> None:
    answer = client.get(f"/conversations/t1.{form}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, TYPES[form])
    assert f'filename="What-is-a-lantern.{form}"' in answer.headers["content-disposition"]
    if form == "json":
        assert [one["id"] for one in answer.json()] == ["a_0001", "a_0002"]
        return
    pages = PdfReader(BytesIO(answer.content)).pages if form == "pdf" else []
    text = "".join(page.extract_text() for page in pages) or answer.text
    shown = squeezed(words(text) if form == "html" else text)
    assert shown.index("Whatisalantern?") < shown.index("Whosailed?")
    assert "Thedocumentssaynothingofthis." in shown


@pytest.mark.parametrize(
    ("path", "heading", "sentence"),
    [
        ("/a/a_9999.md", "No such answer", "There is no answer at this address"),
        ("/conversations/t9.pdf", "No such conversation", "There is no conversation at this address"),
        ("/a/a_0001.docx", "No such file", "of the kind “docx” here: expected one of txt, md, html, json, pdf."),
        ("/conversations/t1.txt", "No such file", "of the kind “txt” here: expected one of md, html, json, pdf."),
        ("/a/a_0001.<b>", "No such file", "of the kind “<b>” here"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(client: TestClient, path: str, heading: str, sentence: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert heading in words(answer.text)
    assert sentence in words(answer.text)
    assert "<b>" not in answer.text


def test_where_nothing_is_kept_there_is_no_file(library: Library) -> None:
    with TestClient(create_app(lambda: library)) as client:
        assert client.get("/a/a_0001.md").status_code == 404
        assert client.get("/conversations/t1.md").status_code == 404


def test_a_file_needs_no_index(records: MemoryRecords) -> None:
    with TestClient(create_app(lambda: None, records=records)) as client:
        assert squeezed(LANTERN) in squeezed(client.get("/a/a_0001.txt").text)


def test_the_page_of_an_answer_is_not_taken_for_a_file(client: TestClient) -> None:
    answer = client.get("/a/a_0001")
    assert (answer.status_code, "content-disposition" in answer.headers) == (200, False)


def test_a_conversation_is_given_to_its_owner_alone(library: Library, records: MemoryRecords) -> None:
    records.keep(library.ask("What is a lantern?"), conversation="t2", user="ana", configuration="")
    with closing(Store("sessions.sqlite", 365)) as sessions:
        accounts = Accounts(sessions, header="X-Forwarded-User")
        app = create_app(lambda: library, records=records, accounts=accounts, proxies=Proxies(("127.0.0.1",)))
        client = TestClient(app, client=("127.0.0.1", 5000), follow_redirects=False)
        found = {
            name: client.get("/conversations/t2.md", headers={"X-Forwarded-User": name} if name else {}).status_code
            for name in ("ana", "ben", "")
        }
    assert found == {"ana": 200, "ben": 404, "": 303}
    assert TestClient(create_app(lambda: library, records=records)).get("/conversations/t2.md").status_code == 404


@pytest.mark.parametrize(
    ("title", "plain", "encoded"),
    [
        ("Où est l'écluse ?", "Ou-est-l-ecluse", "O%C3%B9-est-l-%C3%A9cluse"),
        ("什么是灯塔？", "answer", "%E4%BB%80%E4%B9%88%E6%98%AF%E7%81%AF%E5%A1%94"),
        ('a"; filename="evil.exe\r\nSet-Cookie: x=1', "a-filename-evil-exe-Set-Cookie-x-1", None),
        ("../../etc/passwd", "etc-passwd", None),
        ("?!", "answer", None),
        ("w" * 500, "w" * 60, None),
    ],
)
def test_the_name_of_a_file_is_made_of_the_questions_words_alone(title: str, plain: str, encoded: str | None) -> None:
    expected = f"attachment; filename=\"{plain}.md\"; filename*=UTF-8''{encoded or plain}.md"
    assert disposition(title, "md") == expected
