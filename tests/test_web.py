"""The web application without a browser: its pages, what they escape, what they say when it goes wrong."""

from __future__ import annotations

import dataclasses
import html
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from fastapi.testclient import TestClient

from assistant.registry import Registry
from assistant.types import Sentence, Turn
from assistant.web import cards, render
from assistant.web.app import create_app
from assistant.web.conversation import BUG, Conversation, Exchange, reply, turns
from assistant.web.reading import Mark, blocks
from assistant.web.serve import bind
from assistant.web.site import LOADING, Site
from corpus.errors import UserError
from corpus.types import Drifted, Page, Section
from tests.browser.library import LANTERN, Library, make_definition, make_document


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with TestClient(create_app(lambda: library)) as client:
        yield client


@pytest.fixture
def site(library: Library) -> Site:
    return Site(lambda: library, lambda: None, "Ask the harbour", "office@harbour.example")


def talk(*exchanges: Exchange) -> Conversation:
    return Conversation("c", exchanges)


def unready(failure: str | None = None) -> TestClient:
    return TestClient(create_app(lambda: None, failure=lambda: failure))


def article(page: str) -> str:
    """The words of a document's page as a browser reads them."""
    found = re.search(r'<article id="text"[^>]*>(.*)</article>', page, re.DOTALL)
    assert found, "the page has no document"
    return html.unescape(re.sub(r"<[^>]*>", "", found[1])).replace("\x00cr", "\r")


def marked(page: str) -> list[str]:
    return [html.unescape(words) for words in re.findall(r"<mark[^>]*>(.*?)</mark>", page, re.DOTALL)]


# Health


def test_healthz_answers_before_there_is_an_index() -> None:
    assert unready().get("/healthz").json() == {"status": "ok"}


def test_readyz_tells_loading_failed_and_ready_apart(client: TestClient) -> None:
    loading, failed, ready = (one.get("/readyz") for one in (unready(), unready("The disk is full."), client))
    assert (loading.status_code, loading.json()) == (503, {"status": "loading"})
    assert (failed.status_code, failed.json()) == (503, {"status": "failed", "reason": "The disk is full."})
    assert (ready.status_code, ready.json()) == (
        200,
        {
            "status": "ready",
            "notice": None,
            "model": None,
            "index_version": "g1",
            "documents": 1,
            "passages": 2,
            "refused": [{"path": "harbour/map.pdf", "reason": "The file is empty."}],
        },
    )


def test_every_page_forbids_framing_and_other_hosts_pictures(client: TestClient) -> None:
    for path in ("/", "/documents", "/healthz", "/site/site.css"):
        headers = client.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "img-src 'self' data: blob:" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path


@pytest.mark.parametrize("route", ["file=https://harbour.example/", "proxy=https://harbour.example/", "vibe-code"])
def test_routes_that_fetch_or_change_things_are_closed(client: TestClient, route: str) -> None:
    answer = client.get(f"/gradio_api/{route}")
    assert (answer.status_code, answer.text) == (404, "")


def test_files_cannot_be_uploaded(client: TestClient) -> None:
    assert client.post("/gradio_api/upload", files={"files": b"x"}).status_code == 404


def test_no_page_of_ours_names_another_host_for_its_parts(client: TestClient) -> None:
    for path in ("/documents", "/documents/harbour/lanterns", "/documents/none"):
        assert re.findall(r'(?:src|<link[^>]*href)="(?!/)[^"]*"', client.get(path).text) == [], path


# Documents


def test_a_document_page_keeps_every_character_and_marks_the_cited_words(client: TestClient, library: Library) -> None:
    citation = library.cited(LANTERN)
    page = client.get(f"/documents/{citation.document_id}", params={"cite": citation.id}).text
    assert article(page) == library.page.text
    assert marked(page) == [LANTERN]
    assert f'<mark id="{citation.id}" ' in page


def test_a_carriage_return_survives_the_page_because_a_browser_would_drop_it_otherwise(
    client: TestClient,
) -> None:
    assert "beneath it.&#13;\nNobody" in client.get("/documents/harbour/lanterns").text


def test_a_citation_across_a_heading_is_marked_in_pieces_with_one_id(client: TestClient, library: Library) -> None:
    citation = library.cited("at dusk.\n\nOdd signs\nThe keeper")
    page = client.get(f"/documents/{citation.document_id}", params={"cite": citation.id}).text
    assert marked(page) == ["at dusk.\n\n", "Odd signs\n", "The keeper"]
    assert page.count(f'id="{citation.id}"') == 1


def test_document_text_is_shown_as_text_and_never_run(client: TestClient) -> None:
    page = client.get("/documents/harbour/lanterns").text
    assert "<img" not in page
    assert html.escape("<img src=x onerror=", quote=False) in page


def test_headings_are_headings_and_a_section_without_its_heading_line_is_not() -> None:
    document = make_document("Tides\nHigh.\nLow.", (Section(("Tides",), 0, 12), Section(("Ebb",), 12, 16)))
    shown = [(block.level, "".join(piece.text for piece in block.pieces)) for block in blocks(document)]
    assert shown == [(2, "Tides\n"), (0, "High.\n"), (0, "Low.")]


@pytest.mark.parametrize("cited", [None, (0, 5), (3, 20), (7, 8)])
def test_pieces_of_a_document_join_to_its_text_wherever_it_is_cut(cited: tuple[int, int] | None) -> None:
    document = make_document("One\ntwo three\nFour\nfive", (Section(("One",), 0, 14), Section(("Four",), 14, 23)))
    document = dataclasses.replace(document, pages=(Page(1, 0, 6), Page(2, 6, 23)))
    marks = [Mark(*cited, "c_1")] if cited else []
    pieces = [piece for block in blocks(document, marks) for piece in block.pieces]
    assert "".join(piece.text for piece in pieces) == document.text
    start, end = cited or (0, 0)
    assert "".join(piece.text for piece in pieces if piece.kind) == document.text[start:end]
    assert [piece.page for piece in pieces if piece.page] == [1, 2]


def test_an_empty_document_has_a_page(client: TestClient, library: Library) -> None:
    library.shelf = (make_document("", (), "empty"),)
    assert article(client.get("/documents/empty").text) == ""


def test_a_document_id_with_a_question_mark_in_it_can_be_opened(client: TestClient, library: Library) -> None:
    library.shelf = (make_document(identifier="who? #1 <b>"),)
    listed = client.get("/documents").text
    address = re.search(r'<a href="(/documents/[^"]+)"', listed)
    assert address
    assert client.get(html.unescape(address[1])).status_code == 200


def test_an_address_with_a_script_in_it_is_not_offered_as_a_link(client: TestClient, library: Library) -> None:
    library.shelf = (dataclasses.replace(library.page, url="javascript:alert(1)"),)
    assert "javascript:" not in client.get("/documents/harbour/lanterns").text


def test_the_list_names_refused_files_with_their_reason(client: TestClient) -> None:
    page = client.get("/documents").text
    assert "handbook · " in page
    assert "received 22 Nov 2026 · 2 pages" in page
    assert "harbour/map.pdf" in page
    assert "The file is empty." in page


def test_what_is_not_there_is_said_in_words_and_escaped(client: TestClient) -> None:
    for path, words in {
        "/documents/<i>x</i>": "There is no document “&lt;i&gt;x&lt;/i&gt;” here.",
        "/documents/harbour/lanterns?cite=c_000000000000_0_5": "belongs to no text that is here now",
        "/c/c_000000000000_0_5": "belongs to no text that is here now",
        "/c/nonsense": "belongs to no text that is here now",
    }.items():
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert words in answer.text, path


def test_the_permanent_address_of_a_citation_opens_its_document_there(client: TestClient, library: Library) -> None:
    identifier = library.cited(LANTERN).id
    answer = client.get(f"/c/{identifier}", follow_redirects=False)
    assert answer.headers["location"] == f"/documents/harbour/lanterns?cite={identifier}#{identifier}"


def test_documents_wait_with_a_sentence_while_the_index_loads() -> None:
    for path in ("/documents", "/documents/harbour/lanterns", "/c/c_000000000000_0_5"):
        answer = unready().get(path)
        assert (answer.status_code, LOADING in answer.text) == (503, True), path


# Cards


def exchange(site: Site, question: str, *earlier: Exchange) -> Exchange:
    return reply(site, question, earlier)


def test_text_and_panel_show_the_same_numbers_for_the_same_words(site: Site, library: Library) -> None:
    answer = library.answer("What is a lantern?", "extractive", LANTERN)
    second = library.cited("Nobody knows why.", number=7)
    answer = dataclasses.replace(
        answer,
        citations=(*answer.citations, second),
        sentences=(*answer.sentences, Sentence("Nobody knows why.", "verbatim", (7,))),
    )
    shown = [Exchange("What is a lantern?", answer)]
    links = re.findall(r'class="cite" href="#([^"]+)"[^>]*>(\d+)<', render.transcript(site, talk(*shown)))
    panel = render.sources(site, shown)
    anchors = re.findall(r'class="source" id="([^"]+)".*?"number">(\d+)<.*?<mark>(.*?)</mark>', panel, re.DOTALL)
    assert links == [("t1-s1", "1"), ("t1-s7", "7")]
    assert anchors == [("t1-s1", "1", LANTERN), ("t1-s7", "7", "Nobody knows why.")]


def test_sources_of_two_equal_answers_have_their_own_anchors_and_only_the_last_are_shown(
    site: Site,
) -> None:
    one = exchange(site, "What is a lantern?")
    panel = render.sources(site, [one, one])
    assert re.findall(r'class="source" id="([^"]+)"', panel) == ["t1-s1", "t2-s1"]
    assert re.findall(r'data-turn="(\d)"( hidden)?>', panel) == [("1", " hidden"), ("2", "")]


def test_a_card_shows_the_quote_inside_its_passage(site: Site, library: Library) -> None:
    (source,) = cards.sources(library.ask("What is a lantern?"), 1, library)
    assert source.heading == "Lanterns"
    # The heading stands over the card already.
    assert source.before == "Kept by the harbour office since 1901.\n"
    assert source.after == ""
    assert source.meta == "The harbour book · page 1 · received 22 Nov 2026"


def test_a_long_passage_is_cut_around_the_quote_and_never_inside_it(library: Library) -> None:
    words = "before " * 200 + "the quoted words" + " after" * 200
    library.page = make_document(words, (Section((), 0, len(words)),))
    library.shelf = (library.page,)
    (source,) = cards.sources(library.answer("q", "extractive", "the quoted words"), 1, library)
    assert source.before.startswith("… before ")
    assert len(source.before) <= cards.CONTEXT + 2
    assert source.after.endswith(" after …")
    assert len(source.after) <= cards.CONTEXT + 2
    assert (source.citation.quote, source.heading) == ("the quoted words", "The harbour book")


def test_a_card_of_a_replaced_document_keeps_its_quote_and_invents_no_context(library: Library) -> None:
    answer = library.ask("What is a lantern?")
    library.shelf = (make_document("Another text altogether."),)
    (source,) = cards.sources(answer, 1, library)
    assert (source.citation.quote, source.before, source.after) == (LANTERN, "", "")


def test_hostile_words_of_a_document_are_escaped_in_text_and_panel(site: Site) -> None:
    shown = [exchange(site, "What is on the glass?")]
    for page in (render.transcript(site, talk(*shown)), render.sources(site, shown)):
        assert "<img" not in page
        assert "${1+1} and {{title}} and `tick` and *stars*" in page


def test_a_refusal_lists_the_nearest_passages_and_what_was_searched(site: Site) -> None:
    page = render.transcript(site, talk(exchange(site, "How many boats are there?")))
    assert "Not in the documents" in page
    assert "The documents say nothing of this." in page
    assert '<q dir="auto">Its keeper trims it at dusk.</q>' in page
    assert re.search(r'href="/documents/harbour/lanterns\?cite=c_\w+#c_\w+"[^>]*>Lanterns · The harbour book<', page)
    assert "Searched: The harbour book, 2 passages" in page
    assert "Whom to ask: office@harbour.example" in page
    assert 'data-question="What is a lantern?"' in page
    assert 'class="cite"' not in page


def test_kinds_of_answers_differ_by_their_words_and_signs_not_only_by_colour(library: Library) -> None:
    answer = library.ask("What is a lantern?")
    changes: list[dict[str, Any]] = [{}, {"mode": "extractive"}, {"mode": "model"}, {"outcome": "partial"}]
    kinds = [cards.kind(dataclasses.replace(answer, **change)) for change in changes]
    kinds.append(cards.kind(library.refusal("?")))
    assert [kind.words for kind in kinds] == [
        "Canonical definition, word for word",
        "In the words of the documents",
        "Written by a language model, checked against the documents",
        "Partly in the documents",
        "Not in the documents",
    ]
    assert all(kind.sign for kind in kinds if kind not in (cards.DEFINITION, cards.EXTRACTIVE))


def test_an_unsupported_sentence_says_so_in_words(site: Site, library: Library) -> None:
    answer = library.ask("What is a lantern?")
    claims = tuple(Sentence("It hums.", support, (1,)) for support in ("supported", "unsupported"))
    page = render.transcript(site, talk(Exchange("q", dataclasses.replace(answer, mode="model", sentences=claims))))
    assert "≈ in other words, checked" in page
    assert "✗ not in the documents" in page


def test_what_a_partial_answer_leaves_open_is_shown_beside_its_quotes(site: Site, library: Library) -> None:
    answer = library.ask("What is a lantern?")
    text = answer.text + "\n\nThe documents do not say what it costs."
    partial = dataclasses.replace(answer, outcome="partial", text=text)
    assert cards.remark(answer) == ""
    assert cards.remark(partial) == "The documents do not say what it costs."
    assert "The documents do not say what it costs." in render.transcript(site, talk(Exchange("q", partial)))


def test_sentences_of_one_quote_are_one_paragraph_with_the_documents_own_breaks(site: Site, library: Library) -> None:
    answer = library.ask("What is a lantern?")
    first, second = LANTERN.split("\n")
    split = (Sentence(first, "verbatim", (1,)), Sentence(second, "verbatim", (1,)))
    page = render.transcript(site, talk(Exchange("q", dataclasses.replace(answer, sentences=split))))
    assert f'<p class="verbatim">{LANTERN} <a class="cite"' in page
    assert page.count('class="cite"') == 1


def test_sentences_with_words_left_out_between_them_are_not_shown_with_those_words(library: Library) -> None:
    answer = library.answer("q", "extractive", LANTERN)
    split = tuple(Sentence(words, "verbatim", (1,)) for words in ("A lantern", "Its keeper trims it at dusk."))
    (paragraph,) = cards.paragraphs(dataclasses.replace(answer, sentences=split))
    assert paragraph.text == "A lantern Its keeper trims it at dusk."


@pytest.mark.parametrize("reason", ["smalltalk", "empty_index", "no_question"])
def test_where_nothing_was_searched_nothing_is_said_about_the_documents(
    site: Site, library: Library, reason: str
) -> None:
    answer = dataclasses.replace(library.refusal("hello"), reason=reason)
    page = render.transcript(site, talk(Exchange("hello", answer)))
    assert "Not in the documents" not in page
    assert "Searched" not in page


def test_whom_to_ask_is_said_once(site: Site, library: Library) -> None:
    answer = library.refusal("How many boats?")
    told = dataclasses.replace(answer, text=f"{answer.text} Whom to ask: office@harbour.example.")
    for one in (answer, told):
        page = render.transcript(site, talk(Exchange("q", one)))
        # What is copied says it again.
        assert re.sub(r'data-copy="[^"]*"', "", page).count("office@harbour.example") == 1


@pytest.mark.parametrize(
    ("question", "standalone", "shown"),
    [
        ("What is  a LANTERN?", "what is a lantern?", None),
        ("and its keeper?", "who keeps a lantern?", "who keeps a lantern?"),
        ("hello", "", None),
    ],
)
def test_searched_for_is_shown_only_where_it_says_something_new(
    library: Library, question: str, standalone: str, shown: str | None
) -> None:
    answer = dataclasses.replace(library.refusal(question), standalone_question=standalone)
    assert cards.searched_for(answer) == shown


def test_a_question_of_100_000_characters_is_shown_shortened(site: Site) -> None:
    page = render.transcript(site, talk(Exchange("why " * 25_000)))
    assert 500 < page.count("why ") * 4 <= cards.QUESTION
    assert "why …" in page


# Conversation


def test_a_problem_of_the_asker_and_a_mistake_of_ours_are_both_one_sentence(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    wet, storm = exchange(site, "a flood?"), exchange(site, "a storm?")
    assert wet.problem == "The question is too wet: ask a dry one."
    assert storm.problem == BUG
    assert "RuntimeError: a mistake of ours" in caplog.text
    assert "too wet" not in caplog.text
    assert '<div class="answer problem"><p>The question is too wet' in render.transcript(site, talk(wet))


def test_while_the_index_loads_a_question_gets_a_sentence_and_a_failure_its_reason() -> None:
    loading = Site(lambda: None, lambda: None, "t", None)
    failed = Site(lambda: None, lambda: "The disk is full.", "t", None)
    assert exchange(loading, "q").problem == LOADING
    assert exchange(failed, "q").problem == "The disk is full."
    assert LOADING in render.transcript(loading, talk())


def test_history_holds_answered_questions_only(site: Site, library: Library) -> None:
    first, wet = exchange(site, "What is a lantern?"), exchange(site, "a flood?")
    exchange(site, "and the glass?", first, wet)
    assert first.answer is not None
    assert library.asked[-1] == (
        "and the glass?",
        (Turn("user", "What is a lantern?"), Turn("assistant", first.answer.text)),
    )


def test_history_means_the_same_as_strings_and_as_a_browsers_blocks() -> None:
    blocks = [{"type": "text", "text": "whats"}, "a lantern?"]
    assert turns([{"role": "user", "content": "whats\na lantern?"}]) == turns([{"role": "user", "content": blocks}])


@pytest.mark.parametrize("history", [[{"role": "user"}], ["hello"], [{"role": "user", "content": [None]}], [None]])
def test_history_of_another_shape_is_refused_with_the_shape_that_is_expected(history: list[Any]) -> None:
    with pytest.raises(UserError, match="expected a list of"):
        turns(history)


# The endpoint for other programs


def test_a_program_asks_by_one_request_and_gets_the_answer_record(client: TestClient, library: Library) -> None:
    asked = {"id": "q7", "question": LANTERN, "history": [{"role": "user", "content": "before"}]}
    expected = library.ask(LANTERN, [Turn("user", "before")]).as_dict()
    assert client.post("/api/ask", json=asked).json() == {**expected, "id": "q7"}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"lantern?", 400, "Found 'lantern?', expected a JSON object with a question"),
        (b'{"question": 7}', 400, "Found question = 7, expected it as a string."),
        (b'{"question": "\xff"}', 400, "Found a request that is not UTF-8"),
        (b'"' + b"x" * 200_001, 413, "Found a request of more than 200,000 bytes"),
    ],
)
def test_a_program_is_told_what_is_wrong_with_its_request(
    client: TestClient, body: bytes, status: int, said: str
) -> None:
    response = client.post("/api/ask", content=body)
    assert response.status_code == status
    assert response.json()["error"].startswith(said)


def test_a_program_is_told_that_the_index_still_loads() -> None:
    response = unready().post("/api/ask", json={"question": "?"})
    assert (response.status_code, response.json()) == (503, {"error": LOADING})


def call(client: TestClient, *data: Any) -> tuple[str, Any]:
    event = client.post("/gradio_api/call/ask", json={"data": data}).json()["event_id"]
    lines = client.get(f"/gradio_api/call/ask/{event}").text.splitlines()
    return lines[0], json.loads(lines[1].removeprefix("data: "))


def test_the_endpoint_gives_the_answer_record_and_takes_a_history(client: TestClient, library: Library) -> None:
    state, data = call(client, "What is a lantern?", [{"role": "user", "content": "hello"}])
    assert state == "event: complete"
    assert data == [library.ask("What is a lantern?").as_dict()]
    assert library.asked[0] == ("What is a lantern?", (Turn("user", "hello"),))


def test_the_endpoint_tells_a_problem_in_its_own_words(client: TestClient) -> None:
    state, data = call(client, "a flood?", None)
    assert state == "event: error"
    assert "The question is too wet: ask a dry one." in json.dumps(data)


def test_nothing_but_the_four_endpoints_is_offered_to_other_programs(client: TestClient) -> None:
    named = list(client.get("/gradio_api/info").json()["named_endpoints"])
    assert named == ["/ask", "/search", "/definition", "/check_wording"]


# The port


def test_a_port_in_use_is_told_before_anything_is_loaded() -> None:
    with bind("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(UserError) as caught:
            bind("127.0.0.1", port)
    assert str(caught.value) == (
        f"Port {port} on 127.0.0.1 is already in use by another program: stop it, or choose another port with --port."
    )


def test_a_port_is_free_again_at_once_after_its_server_has_gone() -> None:
    with bind("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = sock.accept()
            accepted.close()
    with bind("127.0.0.1", port) as sock:
        assert sock.getsockname()[1] == port


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("192.0.2.1", 7860, "192.0.2.1 is not an address of this machine"),
        ("no such host", 7860, "no such host is not an address of this machine"),
        ("127.0.0.1", 70000, "70000 is not a port: choose one from 1 to 65535 with --port."),
        ("127.0.0.1", -1, "-1 is not a port"),
    ],
)
def test_an_address_that_cannot_be_had_is_one_plain_sentence(host: str, port: int, words: str) -> None:
    with pytest.raises(UserError, match=re.escape(words)):
        bind(host, port)


def test_ctrl_c_ends_the_server_without_a_traceback_while_a_page_is_open() -> None:
    program = (
        "from assistant.web.app import create_app; from assistant.web.serve import bind, serve; "
        "from tests.browser.library import Library; sock = bind('127.0.0.1', 0); library = Library(); "
        "print(sock.getsockname()[1], flush=True); serve(create_app(lambda: library), sock)"
    )
    root = Path(__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        with socket.create_connection(("127.0.0.1", int(server.stdout.readline()))) as page:
            page.sendall(b"GET /gradio_api/heartbeat/page HTTP/1.0\r\n\r\n")
            assert page.recv(12) == b"HTTP/1.1 200"
            server.send_signal(signal.SIGINT)
            _, complaints = server.communicate(timeout=30)
    assert (server.returncode, complaints) == (0, "")


def test_what_leads_an_answer_stands_before_its_words_and_not_after_them(site: Site, library: Library) -> None:
    answer = library.ask("What is a lantern?")
    led = dataclasses.replace(answer, text=f"The documents say:\n\n{answer.text}")
    assert (cards.lead(answer), cards.remark(answer)) == ("", "")
    assert (cards.lead(led), cards.remark(led)) == ("The documents say:", "")
    page = render.transcript(site, talk(Exchange("q", led)))
    assert page.index("The documents say:") < page.index('class="words"')


def test_the_words_that_were_asked_for_are_marked_in_their_sentence(site: Site, library: Library) -> None:
    answer = library.ask("What is a lantern?")
    citation = answer.citations[0]
    start = citation.quote.index(" ") + 1
    end = citation.quote.index(" ", start)
    marked = dataclasses.replace(citation, mark=(citation.start + start, citation.start + end))
    answer = dataclasses.replace(answer, citations=(marked, *answer.citations[1:]))
    paragraph = cards.paragraphs(answer)[0]
    assert paragraph.pieces[1] == citation.quote[start:end]
    assert "".join(paragraph.pieces) == paragraph.text
    assert f"<strong>{citation.quote[start:end]}</strong>" in render.transcript(site, talk(Exchange("q", answer)))


# Definitions


def test_the_list_names_each_term_and_what_has_drifted(client: TestClient, library: Library) -> None:
    library.drifted = (
        Drifted("buoy", "Harbour office", "harbour/lanterns", "its first words stand nowhere", "A buoy"),
    )
    page = client.get("/definitions").text
    assert '<a href="/definitions/lantern">lantern</a>' in page
    assert "Harbour office · since 1 May 2001 · The harbour book" in page
    assert "⚠ Harbour office: its first words stand nowhere" in page
    # The filter finds a term by its names in any language.
    assert 'data-words="lantern lt lanterns harbour light linterna"' in page


def test_a_term_shows_its_wording_to_the_letter_with_what_can_be_copied(client: TestClient) -> None:
    page = client.get("/definitions/LT").text
    shown = re.search(r'<blockquote class="wording"[^>]*>(.*?)</blockquote>', page, re.DOTALL)
    assert shown
    assert html.unescape(shown[1]) == LANTERN
    assert re.search(r'<a href="/documents/harbour/lanterns\?cite=c_\w+#c_\w+">Its place in', page)
    copies = [html.unescape(text) for text in re.findall(r'data-copy="([^"]*)"', page)]
    assert copies[0] == LANTERN
    assert copies[1].startswith(f"“{LANTERN}”\n— Harbour office, “The harbour book”")
    assert copies[4].startswith("@misc{harbour-office-lantern,")


def test_earlier_versions_and_other_bodies_stand_below_the_wording(client: TestClient, library: Library) -> None:
    first = make_definition(library.page)
    older = make_definition(
        library.page, "Kept by the harbour office since 1901.", status="superseded", valid_from=None, version="first"
    )
    theirs = make_definition(library.page, "Nobody knows why.", body="Pilots")
    library.registry = Registry((first, older, theirs), lambda _: 2)
    page = client.get("/definitions/lantern").text
    assert page.index("Other bodies") < page.index("Nobody knows why.") < page.index("Earlier versions")
    assert "<del>Kept by the harbour office since 1901" in page.replace("</del> <del>", " ")
    assert "Harbour office · superseded · first" in page


def test_an_unknown_term_is_said_with_the_terms_that_are_near(client: TestClient) -> None:
    response = client.get("/definitions/glass")
    assert response.status_code == 404
    assert "it is only mentioned (The harbour book · Lanterns · page 1)" in html.unescape(response.text)


def test_a_text_is_checked_at_an_address_that_can_be_sent_on(client: TestClient) -> None:
    given = LANTERN.replace("a glass", "a lens")
    response = client.post("/definitions/check", data={"term": "lantern", "text": given}, follow_redirects=False)
    assert response.status_code == 303
    address = response.headers["location"]
    page = client.get(address).text
    assert "<strong>Altered</strong>" in page
    assert "<del>glass</del>" in page
    assert "<ins>lens</ins>" in page
    assert f'data-copy-address="{html.escape(address)}"' in page


def test_a_text_with_markup_of_its_own_is_shown_as_text(client: TestClient) -> None:
    text = f"{LANTERN} <script>alert(1)</script> 5 < 6"
    page = client.post("/definitions/check", data={"term": "lantern", "text": text}).text
    assert "<script>alert" not in page


def test_a_long_text_is_checked_without_an_address(client: TestClient) -> None:
    noise = "".join(chr(0x4E00 + (7 * at * at) % 20000) for at in range(9000))
    response = client.post("/definitions/check", data={"term": "lantern", "text": f"{LANTERN}\n\n{noise}"})
    assert response.status_code == 200
    assert "the result is on this page only" in response.text
    assert "<strong>Extended</strong>" in response.text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"term": "lantern", "text": " "}, "The text to check is empty"),
        ({"term": "anchor", "text": "An anchor is heavy."}, "There is no canonical definition of 'anchor'"),
        ({"term": "", "text": "The fee is due in May."}, "near to none of the canonical wordings"),
        ({"term": "lantern", "text": "a\x00b"}, "What was given is no text"),
    ],
)
def test_what_cannot_be_checked_is_said_on_the_page(client: TestClient, data: dict[str, str], words: str) -> None:
    response = client.post("/definitions/check", data=data)
    assert response.status_code == 400
    assert words in html.unescape(response.text)


@pytest.mark.parametrize("packed", ["x", "%%%", "eJw", "AAAA"])
def test_a_damaged_address_is_said_on_the_page(client: TestClient, packed: str) -> None:
    response = client.get("/definitions/check", params={"term": "lantern", "t": packed})
    assert response.status_code == 400
    assert "This address is cut short or damaged" in response.text


def test_a_file_is_looked_through_for_every_definition(client: TestClient) -> None:
    text = f"Notes\n\n{LANTERN.replace('a glass', 'a lens')}\n\nThe end of it.\n"
    page = client.post("/definitions/check", files={"file": ("notes.txt", text.encode())}, data={"term": ""}).text
    assert "1 place in it quotes a definition." in page
    assert "<ins>lens</ins>" in page
    for name in ("..", "a/../../b.txt", "n\x00.txt", "x" * 300 + ".txt"):
        assert client.post("/definitions/check", files={"file": (name, text.encode())}).status_code in (200, 400)
    refused = client.post("/definitions/check", files={"file": ("notes.exe", b"MZ")}, data={"term": ""})
    assert refused.status_code == 400
    assert "notes.exe cannot be read: its format .exe is not supported" in refused.text


def test_programs_get_definitions_and_checks_as_json(client: TestClient) -> None:
    (record,) = client.get("/api/definitions").json()
    assert (record["term"], record["wording"], record["valid_from"]) == ("lantern", LANTERN, "2001-05-01")
    row = {"id": 3, "term": "LT", "pasted_text": LANTERN.replace("dusk", "dawn")}
    found = client.post("/api/definitions/check", json=row).json()
    assert (found["id"], found["verdict"]) == (3, "altered")
    assert [(one["canonical"], one["given"]) for one in found["differences"]] == [("dusk", "dawn")]
    wrong = client.post("/api/definitions/check", json={"term": "LT"})
    assert (wrong.status_code, "pasted_text = None" in wrong.json()["error"]) == (400, True)


def test_a_request_that_is_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    with patch("assistant.web.shell.LARGEST", 10_000):
        said = client.post("/definitions/check", content=b"x" * 20_000)
        assert said.status_code == 413
        streamed = client.post("/api/ask", content=(b"x" * 5_000 for _ in range(4)))
        assert streamed.status_code == 413
