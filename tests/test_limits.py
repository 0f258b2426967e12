"""What is turned away: too much, too long, too often, by a wrong name, from where nobody was meant to come."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from assistant.accounts import Users
from assistant.exposure import check_exposure, check_tools_exposure, is_local
from assistant.records.store import Store
from assistant.settings import load_settings
from assistant.web import shell
from assistant.web.accounts import Accounts
from assistant.web.app import create_app
from assistant.web.limits import Limits
from assistant.web.metrics import Metrics
from assistant.web.site import Site
from assistant.web.stopping import Stopping
from assistant.web.turnstile import Bounds, Turnstile, cost
from assistant.web.watched import watching
from assistant.write import Health
from corpus.errors import UserError
from tests.browser.library import Library
from tests.fakes import weak_hasher
from tests.servers import free_port, redis

QUESTION = {"question": "What is a lantern?"}
HTML = {"accept": "text/html"}
PASSWORD = "open sesame!"


def app_with(bounds: Bounds) -> FastAPI:
    library = Library()
    return create_app(lambda: library, bounds=bounds)


def from_address(app: FastAPI, address: str) -> TestClient:
    return TestClient(app, client=(address, 40_000))


@pytest.fixture
def counts(tmp_path: Path) -> Iterator[str]:
    with redis(tmp_path) as address:
        yield address


# Who may reach it


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_are_not_served_unasked_where_nobody_is_asked_who_they_are(host: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=re.escape(f"On {host} other machines can reach this program")):
        check_exposure(load_settings(host=host))
    check_exposure(load_settings(host=host, open=True))
    check_exposure(load_settings(host=host, users=tmp_path / "users.json"))
    check_exposure(load_settings(host=host, trust_header="X-Forwarded-User"))


def test_tools_that_ask_nobody_are_for_this_machine_unless_all_may_call_them() -> None:
    with pytest.raises(UserError, match=r"On 0\.0\.0\.0 other machines can reach these tools"):
        check_tools_exposure("0.0.0.0", everybody=False)
    check_tools_exposure("0.0.0.0", everybody=True)
    check_tools_exposure("127.0.0.1", everybody=False)


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/api/ask", "question"), ("GET", "/api/search", "question"), ("GET", "/a/a_1.pdf", "question"),
        ("POST", "/gradio_api/call/v2/ask", "question"), ("POST", "/evaluation/gradio_api/queue/join", "question"),
        ("POST", "/definitions/check", "upload"), ("POST", "/api/index/documents", "upload"),
        ("GET", "/a/a_1", None), ("GET", "/gradio_api/queue/data", None), ("GET", "/documents/x.pdf", None),
    ],
)  # fmt: skip
def test_what_counts_as_a_question_and_what_as_a_file(method: str, path: str, kind: str | None) -> None:
    assert cost(method, path) == kind


def test_this_machine_is_known_by_its_names() -> None:
    hosts = ("127.0.0.1", "::1", "localhost", "127.9.9.9", "0.0.0.0", "no such host")
    assert [is_local(host) for host in hosts] == [True, True, True, True, False, False]
    check_exposure(load_settings(host="localhost"))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:7860", 200), ("127.0.0.1", 200), ("[::1]:7860", 200), ("LocalHost", 200),
        ("harbour.example", 421), ("127.0.0.1.harbour.example", 421), ("localhost.harbour.example:7860", 421),
        ("", 421),
    ],
)  # fmt: skip
def test_a_foreign_name_for_this_machine_reads_nothing(host: str, status: int) -> None:
    client = from_address(app_with(Bounds(only_here=True)), "127.0.0.1")
    assert client.get("/documents", headers={"host": host}).status_code == status


# How often


def test_too_many_questions_are_told_how_long_to_wait_as_json_or_as_a_page() -> None:
    app = app_with(Bounds(Limits(questions_a_minute=2)))
    client = from_address(app, "192.0.2.7")
    assert [client.post("/api/ask", json=QUESTION).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.post("/api/ask", json=QUESTION)
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 60
    assert refused.json()["error"] == f"Too many questions were asked from here: wait {wait} seconds."
    page = client.post("/gradio_api/queue/join", json={}, headers=HTML)
    assert page.status_code == 429
    assert "Too many questions were asked from here" in page.text
    assert page.headers["content-type"].startswith("text/html")
    # Reading goes on, and so do others.
    assert client.get("/documents").status_code == 200
    assert from_address(app, "192.0.2.8").post("/api/ask", json=QUESTION).status_code == 200


def test_addresses_of_one_customer_share_a_limit_and_this_machine_has_none() -> None:
    app = app_with(Bounds(Limits(questions_a_minute=1)))
    statuses = [
        from_address(app, address).post("/api/ask", json=QUESTION).status_code
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "::ffff:192.0.2.1", "192.0.2.1")
    ]
    assert statuses == [200, 429, 200, 200, 429]
    here = from_address(app, "127.0.0.1")
    assert [here.post("/api/ask", json=QUESTION).status_code for _ in range(5)] == [200] * 5


def test_a_made_up_header_gives_nobody_a_new_limit_but_a_proxy_names_each_asker() -> None:
    app = app_with(Bounds(Limits(questions_a_minute=1)))
    outside, proxy = from_address(app, "192.0.2.7"), from_address(app, "127.0.0.1")
    asked = [outside.post("/api/ask", json=QUESTION, headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(3)]
    assert [one.status_code for one in asked] == [200, 429, 429]
    passed = [
        proxy.post("/api/ask", json=QUESTION, headers={"X-Forwarded-For": f"203.0.113.{n % 2}"}) for n in range(4)
    ]
    assert [one.status_code for one in passed] == [200, 200, 429, 429]


def test_files_have_a_limit_of_their_own_and_nought_is_none() -> None:
    client = from_address(app_with(Bounds(Limits(questions_a_minute=0, uploads_an_hour=1))), "192.0.2.7")
    assert [client.post("/api/ask", json=QUESTION).status_code for _ in range(5)] == [200] * 5
    sent = [client.post("/definitions/check", data={"text": "a lantern"}, follow_redirects=False) for _ in range(2)]
    assert [one.status_code for one in sent] == [303, 429]
    assert "Too many files were sent from here: wait " in sent[1].json()["error"]


def test_two_processes_count_together_in_redis_and_alone_while_it_is_away(
    counts: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (Limits(counts, questions_a_minute=2) for _ in range(2))
    assert [limits.wait("question", "user ana") > 0 for limits in (first, second, first)] == [False, False, True]
    assert second.wait("question", "user bo") == 0
    caplog.clear()
    away = Limits(f"redis://:secret@127.0.0.1:{free_port()}/0", questions_a_minute=1)
    assert [away.wait("question", "user ana") > 0 for _ in range(2)] == [False, True]
    assert len(caplog.records) == 1
    assert "this process counts for itself meanwhile" in caplog.text
    assert "secret" not in caplog.text


def test_a_place_to_count_in_that_is_none_is_refused_without_its_password() -> None:
    with pytest.raises(UserError, match="expected memory, or a Redis server") as refused:
        Limits("mongodb://ana:secret@harbour.example")
    assert "secret" not in str(refused.value)


# How long


def test_a_question_to_the_framework_is_no_longer_than_a_question() -> None:
    client = from_address(app_with(Bounds()), "127.0.0.1")
    body = b"x" * (shell.LARGEST_QUESTION + 1)
    assert client.post("/gradio_api/queue/join", content=body).status_code == 413
    pieces = (body[start : start + 9_000] for start in range(0, len(body), 9_000))
    assert client.post("/gradio_api/queue/join", content=pieces).status_code in (400, 413)


def test_what_takes_too_long_is_given_up_with_a_sentence_and_its_late_answer_goes_nowhere() -> None:
    released = threading.Event()

    def endless(_scope: Scope) -> Response:
        released.wait(20)
        return Response("late")

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        response = await asyncio.to_thread(endless, scope)
        await response(scope, receive, send)

    site = Site(lambda: None, lambda: None, "Ask the harbour", None)
    client = TestClient(Turnstile(slow, site, Bounds(seconds=0.2)))
    threading.Timer(1.0, released.set).start()
    answer = client.get("/documents")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert answer.json()["error"] == "This took longer than 0 seconds and was given up: ask for less."


# When it stops


def test_while_it_stops_nothing_new_is_answered_but_it_is_still_alive() -> None:
    stopping = Stopping()
    client = from_address(app_with(Bounds(stopping=stopping)), "127.0.0.1")
    assert client.get("/readyz").status_code == 200
    stopping.begin()
    for answer in (client.get("/readyz"), client.post("/api/ask", json=QUESTION), client.get("/documents")):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert answer.json()["error"] == "The program is being restarted: try again in a moment."
    # Alive it is, and the page that says so has its style.
    assert [client.get(path).status_code for path in ("/healthz", "/site/site.css")] == [200, 200]


def test_stopping_waits_for_what_is_answered_and_not_for_ever() -> None:
    now = 100.0
    stopping = Stopping(patience=20, clock=lambda: now)
    with stopping.answering():
        assert not stopping.is_done
        stopping.begin()
        now = 119.9
        assert not stopping.is_done
    # The page may be about to fetch the answer.
    assert not stopping.is_done
    now = 120.4
    assert stopping.is_done
    with stopping.answering():
        assert stopping.is_done, "more than its patience has gone by"


# What every response has


def test_every_response_has_its_headers_and_only_the_frameworks_page_may_build_scripts() -> None:
    client = from_address(app_with(Bounds()), "127.0.0.1")
    inline = ("/", "/evaluation/runs/1")
    for path in (*inline, "/documents", "/healthz", "/site/site.css", "/no/such/page"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["cross-origin-opener-policy"] == "same-origin", path
        assert headers["referrer-policy"] == "same-origin", path
        assert "microphone=()" in headers["permissions-policy"], path
        assert "server" not in headers, path
        scripts = "script-src 'self' 'unsafe-inline' 'unsafe-eval'" if path in inline else "script-src 'self';"
        assert scripts in headers["content-security-policy"], path
        assert "default-src 'self'" in headers["content-security-policy"], path


# What is counted


def figures(client: TestClient) -> dict[str, float]:
    lines = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_questions_are_counted_by_outcome_reason_and_stage_and_two_programs_count_apart() -> None:
    library, metrics = Library(), Metrics()
    app = create_app(watching(lambda: library, metrics), metrics=metrics)
    here = from_address(app, "127.0.0.1")
    for question in ("What is a lantern?", "What is on the glass?", "Who mends nets?"):
        assert here.post("/api/ask", json={"question": question}).status_code == 200
    assert here.post("/api/ask", json={"question": "a flood"}).status_code == 400
    found = figures(here)
    assert found['assistant_questions_total{mode="definition",outcome="answered"}'] == 1
    assert found['assistant_questions_total{mode="extractive",outcome="answered"}'] == 1
    assert found['assistant_refusals_total{reason="no passage names it"}'] == 1
    assert found['assistant_question_failures_total{why="wrong"}'] == 1
    assert found['assistant_stage_seconds_count{stage="total"}'] == 3
    assert found['assistant_index_info{version="g1"}'] == 1
    assert found["assistant_refused_documents"] == 1
    assert found['assistant_responses_total{status="200"}'] == 3
    library.index_version = "g2"
    assert [name for name in figures(here) if "index_info" in name] == ['assistant_index_info{version="g2"}']
    noticed = dataclasses.replace(library.ask("What is a lantern?"), notice="The model could not be asked.")
    metrics.answered(noticed)
    assert figures(here)['assistant_model_notices_total{mode="definition"}'] == 1


def test_what_a_model_was_asked_and_how_often_it_failed_is_counted() -> None:
    library = Library()
    here = from_address(create_app(lambda: library, metrics=Metrics()), "127.0.0.1")
    assert not any(name.startswith("assistant_model_calls") for name in figures(here))
    library.model = {"name": "openai:x", **dataclasses.asdict(Health(asked=4, calls=9, failed=1, removed=2))}
    found = figures(here)
    counted = ("questions", "calls", "failures", "removed_sentences")
    assert [found[f"assistant_model_{name}_total"] for name in counted] == [4, 9, 1, 2]
    other = Metrics()
    assert "assistant_questions_total{" not in other.page(None, None, datetime.now(UTC)).decode()


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_figures_are_for_this_machine_alone_where_nobody_signs_in(header: str) -> None:
    library, metrics = Library(), Metrics()
    app = create_app(lambda: library, metrics=metrics)
    assert from_address(app, "127.0.0.1").get("/metrics").status_code == 200
    assert from_address(app, "192.0.2.7").get("/metrics").status_code == 403
    assert from_address(app, "127.0.0.1").get("/metrics", headers={header: "192.0.2.7"}).status_code == 403


@pytest.fixture
def signed_in() -> Iterator[FastAPI]:
    """A site that asks people who they are: ana is a member, stan is staff."""
    users, store = Users(Path("users.json"), weak_hasher()), Store("records.sqlite", 1)
    users.add("ana", PASSWORD)
    users.add("stan", PASSWORD, "staff")
    library, metrics = Library(), Metrics()
    accounts = Accounts(store, users=users)
    yield create_app(lambda: library, accounts=accounts, metrics=metrics, bounds=Bounds(Limits(questions_a_minute=2)))
    store.close()


def test_who_is_known_has_a_limit_of_their_own_wherever_they_are(signed_in: FastAPI) -> None:
    asked = [
        from_address(signed_in, address).post("/api/ask", json=QUESTION, auth=(name, PASSWORD)).status_code
        for address, name in (
            ("192.0.2.7", "ana"), ("192.0.2.8", "ana"), ("192.0.2.9", "ana"), ("192.0.2.7", "stan"),
            ("127.0.0.1", "ana"),
        )
    ]  # fmt: skip
    assert asked == [200, 200, 429, 200, 429]


def test_figures_are_for_staff_from_elsewhere_and_for_no_member(signed_in: FastAPI) -> None:
    elsewhere, here = (from_address(signed_in, address) for address in ("192.0.2.7", "127.0.0.1"))
    assert elsewhere.get("/metrics", auth=("stan", PASSWORD)).status_code == 200
    assert elsewhere.get("/metrics", auth=("ana", PASSWORD)).status_code == 403
    assert elsewhere.get("/metrics", auth=("stan", "a guess of mine")).status_code == 403
    assert elsewhere.get("/metrics").status_code == 403
    assert here.get("/metrics").status_code == 200
