"""Words from outside stay words: no markup, no formula, no second line, no header, no way to another host.

Every attempt goes into every place that takes words; what comes out must be built as with a harmless word.
What comes in with files is in test_injections_files.py, what a language model says in test_injections_model.py.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from markdown_it import MarkdownIt

from assistant import logs
from assistant.accounts import Users
from assistant.audit import Audit, Finding, audit_csv
from assistant.exports import answer_as, conversation_as
from assistant.records.grouping import as_json_line, csv_of, question_row
from assistant.records.store import Store
from assistant.records.types import Kept, Review
from assistant.registry import Registry
from assistant.sources import FORMS, with_source
from assistant.types import Answer, Turn
from assistant.web import render
from assistant.web.accounts import Accounts
from assistant.web.app import create_app
from assistant.web.conversation import Conversation, Exchange
from assistant.web.downloads import disposition
from assistant.web.languages import local
from assistant.web.site import Site
from assistant.web.traced import shown
from corpus.check import Check, Wording, compare
from corpus.types import Definition, Document, Drifted, Refused, Section
from tests.attempts import EVIL, LINES, TEX, Built, leads_astray
from tests.browser.library import LANTERN, Library, make_answer, make_definition, make_document
from tests.fakes import MemoryRecords, weak_hasher

HARMLESS = "harmless"
PAGES = ("/documents", "/documents/harbour%2Flanterns", "/definitions", "/definitions/lantern", "/definitions/check")


@dataclass(frozen=True, slots=True)
class Ground:
    """A site whose documents, definitions and records hold what somebody else wrote."""

    client: TestClient
    library: Library
    records: MemoryRecords


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    library, records = Library(), MemoryRecords()
    app = create_app(lambda: library, records=records, staff=lambda app, site: None)
    with TestClient(app) as client:
        yield Ground(client, library, records)


def answered(words: str, evil_question: bool) -> Answer:
    text = f"Heading\n{words} stands here.\n"
    document = make_document(text, (Section(("Heading", words), 0, len(text)),))
    library = Library()
    library.page = replace(document, title=words)
    question = words if evil_question else "What stands here?"
    answer = make_answer(question, "answered", "extractive", words, (library.cited(f"{words} stands here."),))
    return replace(answer, standalone_question=f"{words}?", notice=words)


def refused(words: str) -> Answer:
    return make_answer(words, "not_found", "extractive", f"Nobody says {words}.", (), (), words)


def kept(words: str) -> Kept:
    when = datetime(2026, 11, 26, tzinfo=UTC)
    return Kept("a_1", answered(words, True), when, "c_1", words, words, "down", words)


def site_of(library: Library) -> Site:
    return Site(lambda: library, lambda: None, "Ask the harbour", None)


def in_the_chat(ground: Ground, words: str) -> Iterator[str]:
    site = site_of(ground.library)
    exchanges = [
        Exchange(words, answered(words, True), related=(words,)), Exchange(words, refused(words)),
        Exchange(words, problem=words), Exchange("q", answered(words, False)), Exchange(words, draft=words),
    ]  # fmt: skip
    for exchange in exchanges:
        yield render.transcript(site, Conversation("c", (exchange,)))
        yield render.sources(site, [exchange])


def in_documents(ground: Ground, words: str) -> Iterator[str]:
    """As text, heading, title, path, kind and language of a document, as names of refused files and in definitions."""
    text = f"{words} it is\n{LANTERN}\n{words} ends."
    sections = (Section((f"{words} it is",), 0, len(words) + 7), Section((words, words), len(words) + 7, len(text)))
    document = replace(
        make_document(text, sections), title=words, path=words, kind=words, language=words, url=f"javascript:{words}"
    )
    start = text.index(LANTERN)
    definition = make_definition(
        document, names=(words,), acronyms=(words,), translations={"es": (words,)}, body=words,
        version=words, start=start, end=start + len(LANTERN),
    )  # fmt: skip
    library = ground.library
    before = library.shelf, library.page, library.registry, library.refused, library.drifted, library.notice
    library.shelf, library.page, library.registry = (document,), document, Registry((definition,), lambda word: 2)
    library.refused, library.notice = (Refused(words, words),), words
    library.drifted = (Drifted(words, words, words, words, words),)
    try:
        for page in PAGES:
            yield ground.client.get(page).text
        yield ground.client.post("/definitions/check", data={"text": f"{LANTERN} {words}", "term": "lantern"}).text
    finally:
        library.shelf, library.page, library.registry, library.refused, library.drifted, library.notice = before


def in_the_address(ground: Ground, words: str) -> Iterator[str]:
    named = quote(words, safe="")
    for page in ("/documents/", "/c/", "/a/", "/conversations/", "/definitions/"):
        yield ground.client.get(f"{page}{named}").text
    yield ground.client.get("/documents/harbour/lanterns", params={"cite": words}).text
    yield ground.client.get("/definitions/check", params={"term": words, "t": words}).text


def in_what_is_sent(ground: Ground, words: str) -> Iterator[str]:
    """As the text to check, its term, and the name of a file that is uploaded."""
    yield ground.client.post("/definitions/check", data={"text": words, "term": words}).text
    name = re.sub(r'[/"\\]', "", words)
    for ending in (".txt", ".exe"):
        files = {"file": (f"{name}{ending}", LANTERN.encode(), "text/plain")}
        yield ground.client.post("/definitions/check", files=files, data={"term": ""}).text


def in_headers(ground: Ground, words: str) -> Iterator[str]:
    said = words.encode("ascii", "ignore").decode()
    names = (
        "User-Agent", "Referer", "Accept-Language", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-Id", "Origin",
        "X-Forwarded-Host", "Forwarded", "If-None-Match",
    )  # fmt: skip
    given = dict.fromkeys(names, said) | {"Cookie": f"language={quote(said)}; session={quote(said)}"}
    answer = ground.client.get("/documents", headers=given)
    assert said not in str(answer.headers.multi_items())
    yield answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "ask.example@evil.example", *EVIL[:6]])
def test_a_foreign_host_is_no_address_of_this_site(ground: Ground, host: str) -> None:
    for path in ("/documents", "/documents/harbour%2Flanterns", "/definitions"):
        page = Built(ground.client.get(path, headers={"Host": host}).text)
        assert [one for one in page.addresses if leads_astray(one)] == []
        assert {tag for tag, _ in page.tags} & {"iframe", "base", "img"} == set()


def in_the_review(ground: Ground, words: str) -> Iterator[str]:
    """Feedback that a reader writes, as staff see it."""
    records = ground.records
    name = records.keep(refused(words), conversation="c", user=words, configuration=words)
    assert name is not None
    records.judge(name, "down", words, words)
    try:
        yield ground.client.get("/review").text
        yield ground.client.get("/review/question", params={"answer": name}).text
        yield ground.client.get("/review/alias", params={"answer": name, "alias": words}).text
        yield ground.client.get(f"/a/{name}").text
    finally:
        del records.kept[name]


def in_exports(ground: Ground, words: str) -> Iterator[str]:
    one = kept(words)
    registry = ground.library.registry
    yield answer_as("html", one.answer, "https://ask.example", registry=registry)
    yield str(conversation_as("html", [one], "https://ask.example", registry=registry))
    reader = MarkdownIt("commonmark", {"html": True})
    yield reader.render(answer_as("markdown", one.answer, "https://ask.example", registry=registry))
    yield reader.render(str(conversation_as("markdown", [one], "https://ask.example", registry=registry)))


def in_copied_definitions(ground: Ground, words: str) -> Iterator[str]:
    definition, document = defined(words)
    yield with_source("html", definition, document)
    yield MarkdownIt("commonmark", {"html": True}).render(with_source("markdown", definition, document))


def in_audits(ground: Ground, words: str) -> Iterator[str]:
    yield render.audit_page(audited(words))


def defined(words: str) -> tuple[Definition, Document]:
    text = f"{LANTERN} {words} it is."
    document = replace(make_document(text, (Section((words,), 0, len(text)),)), title=words, url=f"javascript:{words}")
    return make_definition(document, text, term=words, body=words, version=words), document


def audited(words: str) -> Audit:
    definition = make_definition(make_document())
    found: Check = compare(f"{LANTERN} {words}", Wording(definition, LANTERN))
    one = Finding(words, 1, words, found, 0, len(found.text), 0.5)
    return Audit(documents=(words,), pages=1, findings=(one,), refused=(Refused(words, words),))


PLACES: tuple[Callable[[Ground, str], Iterator[str]], ...] = (
    in_the_chat, in_documents, in_the_address, in_what_is_sent, in_headers, in_the_review, in_exports,
    in_copied_definitions, in_audits,
)  # fmt: skip


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_words_never_become_markup(ground: Ground, place: Callable[[Ground, str], Iterator[str]], evil: str) -> None:
    tried, expected = list(place(ground, evil)), [Built(page) for page in place(ground, HARMLESS)]
    assert len(tried) == len(expected) > 0
    known = {tag for page in expected for tag in page.tags} | _MARKS
    for page, harmless in zip(map(Built, tried), expected, strict=True):
        assert [one for one in page.addresses if leads_astray(one)] == []
        assert set(page.tags) - known == set()
        if place in _LAID_OUT_ALIKE:
            assert page.tags == harmless.tags


# Elsewhere it depends on the words how many of the parts there are, and which of two pages answers.
_LAID_OUT_ALIKE = (in_the_chat, in_headers)
# What differs from a canonical wording is marked.
_MARKS = {("ins", ()), ("del", ()), ("mark", ()), ("q", ())}


# Answers of a program


@pytest.mark.parametrize("evil", EVIL)
def test_a_program_gets_words_as_json_that_no_browser_reads_as_a_page(ground: Ground, evil: str) -> None:
    body = {"question": f"lantern {evil}", "history": [{"role": "user", "content": evil}], "id": evil}
    answer = ground.client.post("/api/ask", json=body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["question"] == f"lantern {evil}"
    assert ground.library.asked[-1] == (f"lantern {evil}", (Turn("user", evil),))


# Formulas


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "＝", "＋", "－", "＠"])
def test_no_cell_begins_a_formula(start: str) -> None:
    evil = f'{start}HYPERLINK("https://evil.example","x")'
    tables = [audit_csv(audited(evil)), csv_of([Review(kept(evil), "note", evil, evil)])]
    for table in tables:
        rows = list(csv.reader(io.StringIO(table, newline="")))
        assert len(rows) == 2
        assert any(evil in cell for cell in rows[1])
        for cell in rows[1]:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")), cell


# Bibliographies


@pytest.mark.parametrize("evil", TEX)
def test_a_bibliography_has_one_entry_whose_words_are_no_commands(evil: str) -> None:
    definition, document = defined(evil)
    entry = with_source("bibtex", definition, replace(document, url=f"https://harbour.example/{evil}"))
    commands = set(re.findall(r"\\([a-zA-Z]+|.)", entry, re.DOTALL))
    assert commands <= {"textbackslash", "textasciitilde", "textasciicircum", *"&%$#_{}"}
    depth, closed = 0, []
    for place, (before, character) in enumerate(zip(f" {entry}", entry, strict=False)):
        if before != "\\" and character in "{}":
            depth += 1 if character == "{" else -1
            closed += [place] if depth == 0 else []
    assert closed == [len(entry) - 1]
    assert not re.search(r"(?<!\\)[%$#&^~]", re.sub(r"url = \{[^}]*\}", "", entry))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scheme", ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "file:///etc/passwd"])
def test_a_source_with_no_address_that_can_be_opened_has_none(form: str, scheme: str) -> None:
    definition, document = defined("words")
    assert scheme not in with_source(form, definition, replace(document, url=scheme))


# Lines and headers


@pytest.mark.parametrize("evil", LINES)
def test_no_word_makes_a_second_line_of_the_log(evil: str) -> None:
    record = logging.LogRecord("a", 20, "", 0, "An answer was not kept: %s", (evil,), None)
    record.fields = {"path": shown(f"/{evil}"), "question": evil}
    for form in (logs.PlainLines(), logs.JsonLines()):
        line = form.format(record)
        assert line.isprintable()
        assert len(line.splitlines()) == 1


@pytest.mark.parametrize("evil", [*LINES, *EVIL])
def test_no_title_makes_another_header_or_leaves_its_folder(evil: str) -> None:
    header = disposition(f"{evil}/../../x", "pdf")
    assert re.fullmatch(r"attachment; filename=\"[\w-]+\.pdf\"; filename\*=UTF-8''[\w%-]+\.pdf", header, re.ASCII)


# Ways to another host

ELSEWHERE = (
    "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "\\/evil.example", "javascript:alert(1)", "data:text/html,x", "/\t/evil.example", "/\n/evil.example",
    "\t//evil.example", " //evil.example", "https:evil.example", "http:\\\\evil.example", "/\r\nSet-Cookie: x=1",
    "evil.example", "@evil.example", "/%0d%0aX: y\n",
)  # fmt: skip


def _hours() -> Iterator[float]:
    """A clock by which nobody signs in too often."""
    hour = 0.0
    while True:
        yield hour
        hour += 3_600


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("doors")
    users, store = Users(folder / "users.json", weak_hasher()), Store(str(folder / "records.sqlite"), 1)
    users.add("ana", "open sesame!")
    library = Library()
    app = create_app(lambda: library, accounts=Accounts(store, users=users, clock=_hours().__next__))
    with TestClient(app, follow_redirects=False) as client:
        yield client
    store.close()


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_address_leads_to_another_host(doors: TestClient, address: str) -> None:
    answers = [
        doors.get("/language/de", params={"back": address}),
        doors.post("/sign-in", data={"name": "ana", "password": "open sesame!", "next": address}),
    ]
    assert [one.status_code for one in answers] == [303, 303]
    for answer in answers:
        assert answer.headers["location"] == "/"
        assert len(answer.headers.get_list("set-cookie")) == 1
    assert local(address) == "/"
    form = Built(doors.get("/sign-in", params={"next": address}).text)
    assert [one for one in form.addresses if leads_astray(one)] == []


def test_at_least_two_hundred_attempts_are_made() -> None:
    made = len(EVIL) * (len(PLACES) + 1) + 12 + len(TEX) + 4 * len(FORMS) + len(LINES) * 2 + len(EVIL) + len(ELSEWHERE)
    assert made >= 200


@pytest.mark.parametrize("evil", [*EVIL, *LINES])
def test_a_question_for_a_set_is_one_line_of_json(evil: str) -> None:
    row = question_row(evil, evil, "answer", [evil], {evil: evil})
    line = as_json_line(row)
    assert line.count("\n") == 1
    assert json.loads(line) == row
