"""The log: a line for each thing, which nobody can forge, without the words of questions."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from fastapi.testclient import TestClient

from assistant import logs
from assistant.web.app import create_app
from assistant.web.door import Proxies
from assistant.web.metrics import Metrics
from assistant.web.watched import watching
from tests.browser.library import Library

QUESTION = {"question": "Where is the lantern of Ana Ruiz?"}


def logged(caplog: pytest.LogCaptureFixture, *, words: bool = False, form: logs.Form = "json") -> list[str]:
    """The lines that two questions leave, one of which is answered."""
    library, metrics = Library(), Metrics()
    app = create_app(watching(lambda: library, metrics, log_questions=words), metrics=metrics)
    client = TestClient(app, client=("127.0.0.1", 40_000))
    formatter = logs.JsonLines() if form == "json" else logs.PlainLines()
    caplog.handler.setFormatter(formatter)
    with caplog.at_level(logging.INFO, logger="assistant"):
        client.post("/api/ask", json=QUESTION, headers={"X-Request-Id": "from-the-proxy-1"})
        client.post("/api/ask", json={"question": "a flood of Ana Ruiz"}, headers={"X-Request-Id": "from-the-proxy-2"})
        client.get("/documents/letter from Ana Ruiz")
    return [line for line in caplog.text.splitlines() if line]


def test_question_and_request_are_found_by_one_id_and_no_line_has_the_words(caplog: pytest.LogCaptureFixture) -> None:
    lines = logged(caplog)
    rows = [json.loads(line) for line in lines]
    first = [row for row in rows if row.get("request") == "from-the-proxy-1"]
    assert [row["message"] for row in first] == ["question", "request"]
    assert first[0] | {"time": "", "total_seconds": 0} == {
        "time": "", "level": "INFO", "logger": "assistant.web.watched", "message": "question",
        "request": "from-the-proxy-1", "outcome": "answered", "reason": None, "mode": "definition", "language": "en",
        "total_seconds": 0, "index": "g1",
    }  # fmt: skip
    assert (first[1]["method"], first[1]["path"], first[1]["status"]) == ("POST", "/api/ask", 200)
    assert [row["why"] for row in rows if row.get("outcome") == "none"] == ["wrong"]
    assert rows[-1]["path"] == "/documents/…"
    assert "Ruiz" not in "\n".join(lines)


def test_the_words_are_logged_where_that_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    rows = [json.loads(line) for line in logged(caplog, words=True)]
    assert [row["question"] for row in rows if "question" in row] == [QUESTION["question"], "a flood of Ana Ruiz"]


def test_plain_lines_name_their_values(caplog: pytest.LogCaptureFixture) -> None:
    lines = logged(caplog, form="plain")
    assert " INFO assistant.web.watched: question request=from-the-proxy-1 outcome=answered reason=null " in lines[0]


def test_an_id_is_taken_from_trusted_proxies_alone_and_only_where_it_looks_like_one() -> None:
    library = Library()
    app = create_app(lambda: library, proxies=Proxies(["10.0.0.1"]))
    proxy, other = (TestClient(app, client=(address, 1)) for address in ("10.0.0.1", "192.0.2.7"))
    given = {"X-Request-Id": "made-by-a-proxy"}
    assert proxy.get("/healthz", headers=given).headers["x-request-id"] == "made-by-a-proxy"
    made = [other.get("/healthz", headers=given).headers["x-request-id"] for _ in range(2)]
    made += [proxy.get("/healthz", headers={"X-Request-Id": bad}).headers["x-request-id"] for bad in ("x", "a b" * 9)]
    assert all(logs.is_id(one) and len(one) == 16 for one in made)
    assert len(set(made)) == 4


@pytest.mark.parametrize(
    "evil", ["a\nb", "a\r\nb", "a\x1b[2Jb", "a\u2028b", "a\x85b", "a\u202eb", "a\x00b", "a\ud800b"]
)
def test_no_words_make_a_second_line_or_move_the_cursor(evil: str) -> None:
    try:
        raise ValueError(f"{evil}\n2026-01-01T00:00:00Z INFO forged: yes")
    except ValueError:
        record = logging.LogRecord("a", logging.INFO, "", 0, "said %s", (evil,), sys.exc_info())
    record.fields = {"reason": evil}
    plain, as_json = logs.PlainLines().format(record), logs.JsonLines().format(record)
    first, *further = plain.split("\n")
    assert all(line.startswith("  | ") for line in further)
    assert all(character.isprintable() for character in plain.replace("\n", ""))
    assert "\n" not in as_json
    assert as_json.isascii()
    assert json.loads(as_json)["reason"] == evil
    assert " INFO a: said a" in first
