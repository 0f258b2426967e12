"""The staff's page Index without a browser: what it shows, what it takes in, and what it refuses with which words."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from fastapi.testclient import TestClient

from assistant.building import Build, Builder, Stage
from assistant.settings import Settings, load_settings
from assistant.web import indexing, received
from assistant.web.app import create_app
from assistant.web.indexing import age
from corpus.errors import UserError
from corpus.intake import ASIDE
from corpus.sandbox import Sandbox
from index import generation
from index.build import BuildReport, Progress, build_index
from tests.browser.library import Library
from tests.fakes import DyingEncoder, HashingEncoder

T = TypeVar("T")
NEW = b"Benches\n\nA bench is a seat for two neighbours and their bags.\n"


class Works:
    """Builds with the tiny encoder; each build waits at its first stage while `held` is set."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.encoder: HashingEncoder = HashingEncoder()
        self.fault: Exception | None = None
        self.asked: list[bool] = []

    def __call__(self, settings: Settings, *, rebuild: bool, progress: Progress) -> BuildReport:
        self.asked.append(rebuild)

        def tell(name: str, done: int, total: int) -> None:
            progress(name, done, total)
            assert self.free.wait(20)
            if self.fault:
                raise self.fault

        return build_index(settings.corpus, settings.index_folder, self.encoder, rebuild=rebuild, progress=tell)


@pytest.fixture
def settings(corpus_folder: Path, index_folder: Path) -> Settings:
    return load_settings(corpus=corpus_folder, index=str(index_folder), reader="off")


@pytest.fixture
def works() -> Works:
    return Works()


@pytest.fixture
def builder(settings: Settings, works: Works) -> Iterator[Builder]:
    made = Builder(settings, works)
    yield made
    works.free.set()
    ended(made)


@pytest.fixture
def client(settings: Settings, builder: Builder) -> Iterator[TestClient]:
    library = Library()
    app = create_app(lambda: library, staff=lambda app, site: indexing.mount(app, site, settings, builder))
    with TestClient(app) as client:
        yield client


def ended(builder: Builder) -> Build:
    return until(lambda: builder.now if builder.now.state != "running" else None)


def until(look: Callable[[], T | None]) -> T:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")


def build(client: TestClient, builder: Builder, **body: bool) -> Build:
    assert client.post("/api/index/build", json=body).status_code == 202
    return ended(builder)


def add(client: TestClient, name: str, data: bytes = NEW, **more: str) -> tuple[int, dict[str, object]]:
    answer = client.post("/api/index/documents", params={"name": name, **more}, content=data)
    return answer.status_code, answer.json()


# What it shows


def test_without_an_index_the_page_says_so_and_offers_to_build_one(client: TestClient) -> None:
    page = client.get("/index").text
    assert "There is no index in" in page
    assert "gardens.txt" in page
    assert "new, not yet in the index" in page
    assert client.get("/api/index").json()["index"] is None


def test_after_a_build_the_page_shows_what_the_index_holds(
    client: TestClient, builder: Builder, corpus_folder: Path
) -> None:
    (corpus_folder / "empty.txt").write_bytes(b"")
    assert build(client, builder).state == "done"
    found = client.get("/api/index").json()
    assert (found["index"]["documents"], found["index"]["definitions"], found["index"]["encoder"]) == (1, 1, "hashing")
    assert (found["index"]["outdated"], found["index"]["reader"]) == (False, None)
    assert found["index"]["bytes"] > 10_000
    assert [one["path"] for one in found["index"]["refused"]] == ["empty.txt"]
    page = client.get("/index").text
    assert "The index is made from the documents as they are now." in page
    assert "just now" in page
    assert "1 document is refused" in page
    assert found["index"]["refused"][0]["reason"] in page


def test_a_changed_document_and_a_drifted_definition_are_shown(
    client: TestClient, builder: Builder, corpus_folder: Path
) -> None:
    build(client, builder)
    text = (corpus_folder / "gardens.txt").read_text(encoding="utf-8")
    (corpus_folder / "gardens.txt").write_text(text.replace("food and company", "food"), encoding="utf-8")
    assert "The documents have changed since the index was built" in client.get("/index").text
    build(client, builder)
    page = client.get("/index").text
    assert "Definitions that no longer have their wording" in page
    assert "shared garden (FSG)" in page


def test_names_of_files_are_escaped(client: TestClient, corpus_folder: Path) -> None:
    (corpus_folder / "<b>bold.txt").write_bytes(NEW)
    page = client.get("/index").text
    assert "<b>bold" not in page
    assert 'data-remove="&lt;b&gt;bold.txt"' in page


def test_the_bar_names_the_page_for_staff_only(client: TestClient) -> None:
    assert '<a href="/index" class="on" aria-current="page">Index</a>' in client.get("/index").text
    library = Library()
    assert TestClient(create_app(lambda: library)).get("/api/index").status_code == 404


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=1200), "1,200 days ago"),
    ],
)
def test_the_age_is_said_in_the_unit_that_fits(passed: timedelta, words: str) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    assert age(now - passed, now) == words


# Builds


def test_a_second_build_is_refused_while_one_is_under_way_and_tells_why(
    client: TestClient, builder: Builder, works: Works
) -> None:
    works.free.clear()
    assert client.post("/api/index/build", json={}).json()["state"] == "running"
    again = client.post("/api/index/build", json={"rebuild": True})
    assert (again.status_code, "is under way already" in again.json()["error"]) == (409, True)
    works.free.set()
    assert ended(builder).state == "done"
    assert works.asked == [False]


def test_a_build_of_another_program_is_not_waited_for_in_silence(
    client: TestClient, builder: Builder, index_folder: Path
) -> None:
    with generation.writer_lock(index_folder, lambda: None):
        answer = client.post("/api/index/build", json={})
        assert (answer.status_code, "Another program builds" in answer.json()["error"]) == (409, True)
        assert client.get("/api/index").json()["elsewhere"] is True
        assert "Another program builds this index now." in client.get("/index").text
    assert build(client, builder).state == "done"


def test_progress_is_there_for_whoever_opens_the_page_meanwhile(
    client: TestClient, builder: Builder, works: Works
) -> None:
    works.free.clear()
    client.post("/api/index/build", json={})
    until(lambda: builder.now.stages or None)
    for _ in range(2):
        page = client.get("/index").text
        assert '<li aria-current="step"><span>Looking for changes</span>' in page
        assert 'data-state="running"' in page
    works.free.set()
    stages = [stage.name for stage in ended(builder).stages]
    assert stages[:2] == ["Looking for changes", "Checking the model"]
    assert stages[-1] == "Checking the index"


def test_a_stage_that_is_told_of_often_is_one_stage_with_the_last_count() -> None:
    build = Build(1, "running")
    for done in (1, 2, 3):
        build = build.at(Stage("Encoding", done, 3))
    build = build.at(Stage("Writing the index", 0, 0))
    assert [(one.name, one.done) for one in build.stages] == [("Encoding", 3), ("Writing the index", 0)]


def test_a_failed_build_says_why_and_the_index_before_stays(
    client: TestClient, builder: Builder, works: Works, corpus_folder: Path, index_folder: Path
) -> None:
    build(client, builder)
    before = generation.current(index_folder)
    works.encoder = DyingEncoder()
    failed = build(client, builder, rebuild=True)
    assert (failed.state, "was stopped by the system (signal 9)" in failed.problem) == ("failed", True)
    page = client.get("/index").text
    assert "The build failed: The build was stopped by the system (signal 9)" in page
    assert "Answers go on coming from the index before." in page
    assert generation.current(index_folder) == before
    works.encoder = HashingEncoder()
    assert build(client, builder).state == "done"


def test_a_fault_of_the_program_is_logged_and_not_shown(
    client: TestClient, builder: Builder, works: Works, caplog: pytest.LogCaptureFixture
) -> None:
    works.fault = RuntimeError("a secret path")
    assert build(client, builder).state == "failed"
    assert "a secret path" not in client.get("/index").text
    assert "a build met a fault" in caplog.text


def test_events_tell_at_once_where_a_build_is(client: TestClient, builder: Builder, settings: Settings) -> None:
    build(client, builder)
    news = indexing._event(indexing._news(settings, builder))
    assert json.loads(json.dumps(news))["build"]["state"] == "done"
    assert news["said"].startswith("Built in ")
    assert '<ol class="stages">' in news["html"]


# Documents in


def test_a_file_is_read_taken_in_and_found_by_the_next_build(
    client: TestClient, builder: Builder, corpus_folder: Path
) -> None:
    build(client, builder)
    assert add(client, "benches.txt") == (201, {"name": "benches.txt", "added": True, "said": "benches.txt is added."})
    assert (corpus_folder / "benches.txt").read_bytes() == NEW
    assert "new, not yet in the index" in client.get("/index").text
    build(client, builder)
    assert client.get("/api/index").json()["index"]["documents"] == 2
    assert add(client, "benches.txt")[1]["added"] is False


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("picture.png", NEW, "its format .png is not supported"),
        ("none", NEW, "its format (no ending) is not supported"),
        ("void.txt", b"", "void.txt is empty"),
        ("broken.pdf", b"%PDF-1.7 nothing", "broken.pdf cannot be used: "),
        ("broken.docx", b"PK nothing", "broken.docx cannot be used: "),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_name_and_left_out(
    client: TestClient, corpus_folder: Path, name: str, data: bytes, words: str
) -> None:
    before = sorted(corpus_folder.rglob("*"))
    status, answer = add(client, name, data)
    assert (status, words in str(answer["error"])) == (400, True), answer
    assert "/tmp" not in str(answer["error"])
    assert sorted(corpus_folder.rglob("*")) == before


def test_a_file_that_takes_too_long_is_refused_before_it_is_in_the_corpus(
    client: TestClient, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(self: Sandbox, path: Path) -> None:
        raise UserError("reading it took more than 60 s; split it, or save it anew")

    monkeypatch.setattr(Sandbox, "read", slow)
    assert "reading it took more than 60 s" in str(add(client, "slow.txt")[1]["error"])
    assert not (corpus_folder / "slow.txt").exists()


def test_a_file_that_does_not_say_how_long_it_is_is_stopped_at_the_limit(
    client: TestClient, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received, "LARGEST", 1000)
    given = 0

    def pieces() -> Iterator[bytes]:
        nonlocal given
        for _ in range(5):
            given += 400
            yield b"a" * 400

    answer = client.post("/api/index/documents?name=long.txt", content=pieces())
    assert (answer.status_code, "long.txt has more than" in answer.json()["error"]) == (413, True)
    told = client.post("/api/index/documents?name=long.txt", content=b"a" * 2000)
    assert told.status_code == 413
    assert not (corpus_folder / "long.txt").exists()


def test_another_file_of_that_name_is_asked_about_and_kept_aside_when_replaced(
    client: TestClient, corpus_folder: Path
) -> None:
    add(client, "benches.txt", b"The old words of it.")
    status, answer = add(client, "benches.txt")
    assert (status, answer["taken"]) == (409, True)
    assert (corpus_folder / "benches.txt").read_bytes() == b"The old words of it."
    assert add(client, "benches.txt", replace="true")[0] == 201
    assert (corpus_folder / "benches.txt").read_bytes() == NEW
    assert [path.read_bytes() for path in (corpus_folder / ASIDE).rglob("*.txt")] == [b"The old words of it."]


def test_a_replacement_that_cannot_be_read_leaves_the_file_as_it_was(client: TestClient, corpus_folder: Path) -> None:
    add(client, "benches.txt")
    assert add(client, "benches.txt", b"\0\1\2\3", replace="true")[0] == 400
    assert (corpus_folder / "benches.txt").read_bytes() == NEW


@pytest.mark.parametrize("name", ["../../escaped.txt", "/etc/escaped.txt", r"..\escaped.txt", "\u202e.escaped.txt"])
def test_a_name_that_leads_out_of_the_folder_is_made_safe(client: TestClient, corpus_folder: Path, name: str) -> None:
    assert add(client, name)[1]["name"] == "escaped.txt"
    assert (corpus_folder / "escaped.txt").is_file()


def test_the_documents_that_ship_are_left_alone_and_the_setting_is_named(index_folder: Path) -> None:
    shipped = load_settings(index=str(index_folder), reader="off")
    library = Library()
    app = create_app(lambda: library, staff=lambda app, site: indexing.mount(app, site, shipped))
    client = TestClient(app)
    before = sorted(shipped.corpus.rglob("*"))
    for path, body in (("documents?name=a.txt", "x"), ("documents/remove", '{"name": "iasp-definitions.txt"}')):
        answer = client.post(f"/api/index/{path}", content=body)
        assert (answer.status_code, "ASSISTANT_CORPUS" in answer.json()["error"]) == (400, True)
    assert sorted(shipped.corpus.rglob("*")) == before
    page = client.get("/index").text
    assert "ASSISTANT_CORPUS" in page
    assert 'data-remove="iasp' not in page


# Documents out


def test_a_removed_document_is_moved_aside_and_can_be_put_back(
    client: TestClient, builder: Builder, corpus_folder: Path
) -> None:
    (corpus_folder / "rules").mkdir()
    (corpus_folder / "rules" / "benches.txt").write_bytes(NEW)
    build(client, builder)
    removed = client.post("/api/index/documents/remove", json={"name": "rules/benches.txt"}).json()
    assert removed["said"] == "rules/benches.txt is removed; it can be put back."
    assert not (corpus_folder / "rules" / "benches.txt").exists()
    assert (corpus_folder / removed["place"]).read_bytes() == NEW
    page = client.get("/index").text
    assert "removed, still in the index until it is built" in page
    assert f'data-put-back="{removed["place"]}"' in page
    build(client, builder)
    assert client.get("/api/index").json()["index"]["documents"] == 1
    back = client.post("/api/index/documents/put-back", json={"place": removed["place"]})
    assert back.json() == {"name": "rules/benches.txt", "said": "rules/benches.txt is back."}
    assert (corpus_folder / "rules" / "benches.txt").read_bytes() == NEW
    again = client.post("/api/index/documents/put-back", json={"place": removed["place"]})
    assert (again.status_code, "may have been put back already" in again.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    "name",
    ["", "..", "../outside.txt", "/etc/hostname", "catalogue.toml", ".removed/x.txt", "link/secret.txt", "no.txt"],
)
def test_only_documents_of_the_corpus_can_be_removed(client: TestClient, corpus_folder: Path, name: str) -> None:
    outside = corpus_folder.parent / "outside.txt"
    outside.write_bytes(NEW)
    secret = corpus_folder.parent / "elsewhere"
    secret.mkdir()
    (secret / "secret.txt").write_bytes(NEW)
    (corpus_folder / "link").symlink_to(secret)
    answer = client.post("/api/index/documents/remove", json={"name": name})
    assert (answer.status_code, "document" in answer.json()["error"]) == (400, True)
    assert outside.exists()
    assert (secret / "secret.txt").exists()
    assert (corpus_folder / "catalogue.toml").exists()


def test_a_file_that_came_back_meanwhile_is_not_overwritten(client: TestClient, corpus_folder: Path) -> None:
    add(client, "benches.txt", b"The old words of it.")
    place = client.post("/api/index/documents/remove", json={"name": "benches.txt"}).json()["place"]
    add(client, "benches.txt")
    answer = client.post("/api/index/documents/put-back", json={"place": place})
    assert (answer.status_code, "has another benches.txt already" in answer.json()["error"]) == (409, True)
    assert (corpus_folder / "benches.txt").read_bytes() == NEW


# Who may ask


@pytest.mark.parametrize("path", ["build", "documents?name=a.txt", "documents/remove", "documents/put-back"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_a_page_of_another_site_changes_nothing(
    client: TestClient, works: Works, corpus_folder: Path, path: str, headers: dict[str, str]
) -> None:
    answer = client.post(f"/api/index/{path}", content=b"{}", headers=headers)
    assert (answer.status_code, "another address" in answer.json()["error"]) == (403, True)
    assert works.asked == []
    assert not (corpus_folder / "a.txt").exists()


def test_our_own_page_may(client: TestClient, builder: Builder) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}
    assert client.post("/api/index/build", json={}, headers=headers).status_code == 202
    ended(builder)
    assert client.post("/api/index/build", json={}, headers={"Origin": "http://testserver"}).status_code == 202
    ended(builder)


@pytest.mark.parametrize("body", ["[1]", "{", '"x"', "x" * 20_000])
def test_a_request_that_is_no_object_is_refused_in_words(client: TestClient, body: str) -> None:
    answer = client.post("/api/index/build", content=body)
    assert (answer.status_code, answer.json()["error"].startswith("Found a")) == (400, True)
