"""What did not content, put together by what was asked, and given to other programs."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.records.grouping import as_csv, as_json_line, csv_of, grouped, question_row
from assistant.records.store import Store
from assistant.records.types import Kept, Review
from assistant.web.app import create_app
from evals.questions import Quote, read_questions
from tests.browser.library import LANTERN, Library

LIBRARY = Library()


def review(question: str, identifier: str = "a_1", **more: Any) -> Review:
    answer = replace(LIBRARY.refusal(question), **more)
    return Review(Kept(identifier, answer, datetime(2026, 11, 26, tzinfo=UTC), "c", "ana", "shipped"))


def questions(*asked: str) -> list[list[str]]:
    found = grouped([review(one, f"a_{number}") for number, one in enumerate(asked)])
    return [[one.kept.answer.question for one in group.reviews] for group in found]


def test_questions_that_ask_the_same_stand_together_in_the_order_of_their_newest() -> None:
    assert questions("What is a boat?", "who paints the lanterns", "boats, what are they", "a BOAT?") == [
        ["What is a boat?", "boats, what are they", "a BOAT?"], ["who paints the lanterns"]
    ]  # fmt: skip


def test_a_word_in_common_does_not_make_questions_the_same() -> None:
    assert len(questions("What is a boat?", "What does a boat cost in winter?", "What is a buoy?", "what is it?")) == 4
    assert len(questions("what is the fee for a member of the park", "what is the vote for a member of the park")) == 2


def test_a_slip_of_the_keyboard_does_not_make_another_question() -> None:
    assert len(questions("when is the association's assembly held", "when is the asociation's assembly held")) == 1


def test_a_question_without_a_word_has_a_group_all_the_same() -> None:
    assert questions("???", "what is a boat") == [["???"], ["what is a boat"]]


def test_the_follow_up_counts_as_it_was_understood() -> None:
    reviews = [review("and its price?", standalone_question="the lantern's price"), review("price of the lantern")]
    assert len(grouped(reviews)) == 1


def test_no_cell_of_the_list_is_a_formula_and_nobody_is_named() -> None:
    kept = replace(review("=HYPERLINK(1)").kept, comment="\t@SUM(1)", verdict="down", configuration="-1")
    text = csv_of([Review(kept, "note", "+1", "stan")])
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["question"] == "'=HYPERLINK(1)"
    assert row["comment"] == "'\t@SUM(1)"
    assert row["configuration"] == "'-1"
    assert row["note"] == "'+1"
    assert (row["verdict"], row["reason"], row["resolved_by"]) == ("down", "no passage names it", "stan")
    assert "ana" not in text.replace("standalone", "")


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_saved_question_is_one_that_a_set_takes(form: str) -> None:
    quotes = [LANTERN, 'one "more", of several\nlines']
    row = question_row("review-1", "What is a lantern?", "answer", quotes, {LANTERN: "harbour/lanterns"})
    Path(f"set.{form}").write_text(as_csv(row) if form == "csv" else as_json_line(row), encoding="utf-8")
    (question,) = read_questions(Path(f"set.{form}"))
    assert (question.id, question.question, question.behaviour) == ("review-1", "What is a lantern?", "answer")
    assert question.evidence == (Quote(LANTERN, "harbour/lanterns"), Quote(quotes[1]))


def test_evidence_that_looks_like_a_formula_stays_in_the_documents_words() -> None:
    row = question_row("r", "=what", "answer", ["- a lantern"], {})
    (cells,) = csv.DictReader(io.StringIO(as_csv(row)))
    assert (cells["question"], cells["evidence"]) == ("'=what", "a lantern")


def test_a_question_to_refuse_has_no_evidence() -> None:
    assert "evidence" not in question_row("r", "what", "abstain", ["a lantern"], {})


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store("records.sqlite", 365)
    yield opened
    opened.close()


@pytest.fixture
def client(store: Store) -> TestClient:
    app = create_app(Library, records=store, staff=lambda app, site: None)
    return TestClient(app, follow_redirects=False)


def keep(store: Store, question: str) -> str:
    name = store.keep(LIBRARY.ask(question), conversation="c", user="ana", configuration="shipped")
    assert name is not None
    return name


def test_without_staff_pages_or_without_records_there_is_no_review(store: Store) -> None:
    for app in (create_app(Library, records=store), create_app(Library, staff=lambda app, site: None)):
        client = TestClient(app)
        assert client.get("/review").status_code == 404
        assert "/review" not in client.get("/documents").text


def test_a_greeting_that_was_answered_with_one_is_not_to_be_reviewed(store: Store) -> None:
    answer = replace(LIBRARY.refusal("hello"), reason="smalltalk")
    store.keep(answer, conversation="c", user=None, configuration="shipped")
    assert store.to_review() == []


def test_every_action_is_logged_and_says_what_was_done(client: TestClient, store: Store) -> None:
    boat = keep(store, "What is a boat?")
    lantern = keep(store, "What is a lantern?")
    store.judge(lantern, "down", "too short", "ana")
    answer = client.post("/review/close", data={"answer": [boat, "a_none"], "resolution": "note", "note": " seen "})
    assert (answer.status_code, answer.headers["location"]) == (303, "/review?done=1")
    done = client.post("/review/export", data={})
    assert done.headers["content-disposition"] == 'attachment; filename="review.csv"'
    assert [row["id"] for row in csv.DictReader(io.StringIO(done.text))] == [lantern]
    data = {
        "answer": lantern,
        "question": "What is it?",
        "behaviour": "answer",
        "evidence": f"{LANTERN}\r\n\r\nmore",
        "as": "jsonl",
    }
    saved = client.post("/review/question", data={**data, "evidence": data["evidence"].replace("\n", "\r\n")})
    assert json.loads(saved.text) == {
        "id": f"review-{lantern[2:10]}", "question": "What is it?", "behaviour": "answer", "type": "review",
        "evidence": [{"document_id": "harbour/lanterns", "quote": LANTERN}, "more"],
    }  # fmt: skip
    assert [(one.action, one.subject) for one in store.staff_log()] == [
        ("review: question_set", lantern), ("review: export", "1 answers, open"), ("review: note", boat)
    ]  # fmt: skip
    assert store.to_review() == []
    closed = client.get("/review?closed=1").text
    assert "seen" in closed
    assert "too short" in closed


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"resolution": "note", "note": "  "}, "A note says why it is closed"),
        ({"resolution": "burn", "note": "x"}, "Found the action burn"),
        ({"resolution": "note", "note": "x" * 2001}, "The note has 2,001 characters"),
    ],
)
def test_what_cannot_be_done_is_said_and_closes_nothing(
    client: TestClient, store: Store, data: dict[str, str], words: str
) -> None:
    boat = keep(store, "What is a boat?")
    answer = client.post("/review/close", data={"answer": boat, **data})
    assert (answer.status_code, words in answer.text) == (400, True)
    assert [one.kept.id for one in store.to_review()] == [boat]


def test_an_answer_that_is_gone_is_said(client: TestClient) -> None:
    for path in ("/review/question", "/review/alias"):
        assert client.get(path, params={"answer": "a_none"}).status_code == 404
    assert client.post("/review/question", data={"answer": "a_none"}).status_code == 404


def test_another_site_can_close_nothing(client: TestClient, store: Store) -> None:
    boat = keep(store, "What is a boat?")
    headers = {"origin": "https://elsewhere.example"}
    answer = client.post("/review/close", data={"answer": boat, "note": "x"}, headers=headers)
    assert answer.status_code == 403
    assert len(store.to_review()) == 1


def test_the_lines_of_an_alias_are_toml_whatever_was_asked(client: TestClient, store: Store) -> None:
    boat = keep(store, "What is a boat?")
    alias = 'light "x" \\ \x7f ü'
    page = client.get("/review/alias", params={"answer": boat, "term": "lantern", "alias": alias}).text
    found = re.search(r'<pre class="lines"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found
    assert tomllib.loads(html.unescape(found[1])) == {"term": "lantern", "names": ["lanterns", "harbour light", alias]}
    taken = client.get("/review/alias", params={"answer": boat, "alias": "harbour light"}).text
    assert "“harbour light” is a name of “lantern” already." in taken


def test_a_long_list_has_pages(client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.web.reviews.GROUPS", 2)
    for question in ("What is a boat?", "Who paints walls?", "When does it rain here?"):
        keep(store, question)
    first, second = client.get("/review").text, client.get("/review?page=2").text
    assert ("What is a boat?" in first, "What is a boat?" in second) == (False, True)
    assert 'href="/review?page=2"' in first
    assert client.get("/review?page=99").text == second
