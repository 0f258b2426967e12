"""Who may open what: signing in, a proxy that vouches, programs with a password, and requests from other sites."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from assistant.accounts import Users
from assistant.records.store import Store
from assistant.settings import load_settings
from assistant.web.access import ACCESS, person_in
from assistant.web.accounts import Accounts
from assistant.web.app import create_app
from assistant.web.door import Proxies
from assistant.web.main import accounts_of
from assistant.web.site import Site
from corpus.errors import UserError
from tests.browser.library import Library
from tests.fakes import weak_hasher

PASSWORD = "open sesame!"
PAGES = ("/", "/definitions", "/documents", "/a/a_x", "/config", "/gradio_api/info")
STAFF_PAGES = ("/evaluation", "/evaluation/", "/evaluation/runs/x", "/review", "/review/close", "/index")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def users() -> Users:
    made = Users(Path("users.json"), weak_hasher())
    made.add("ana", PASSWORD)
    made.add("stan", PASSWORD, "staff")
    return made


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store("records.sqlite", 365)
    yield opened
    opened.close()


@pytest.fixture
def open_client(store: Store, users: Users, clock: Clock) -> Iterator[Any]:
    """Makes clients of the site: `how` is how people are known, `peer` the address that they come from."""
    stack = ExitStack()

    def made(peer: str = "127.0.0.1", *, base_url: str = "http://testserver", **how: Any) -> TestClient:
        proxies = how.pop("proxies", ("127.0.0.1",))
        how = how or {"users": users}
        app = create_app(
            Library,
            records=store,
            accounts=Accounts(store, clock=clock, **how),
            proxies=Proxies(proxies),
            staff=lambda app, site: _staff_page(app),
        )
        client = TestClient(app, base_url=base_url, client=(peer, 5000), follow_redirects=False)
        return stack.enter_context(client)

    with stack:
        yield made


def _staff_page(app: FastAPI) -> None:
    @app.get("/evaluation")
    @app.post("/evaluation")
    def evaluation(request: Request) -> dict[str, str | None]:
        person = person_in(request)
        return {"name": person.name if person else None, "state": getattr(request.state.person, "name", None)}


def sign_in(client: TestClient, name: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", data={"name": name, "password": password, **more})


def test_the_unknown_see_the_sign_in_page_and_nothing_else(open_client: Any) -> None:
    client = open_client()
    for path in ("/healthz", "/readyz", "/sign-in", "/site/site.css"):
        assert client.get(path).status_code == 200, path
    for path in (*PAGES, *STAFF_PAGES):
        answer = client.get(path)
        if "/gradio_api/" in path:
            # The chat's framework shows what stands under "detail".
            assert (answer.status_code, answer.json()["detail"]) == (401, "Sign in first.")
        else:
            assert (answer.status_code, answer.headers["location"]) == (
                303,
                f"/sign-in?next={path.replace('/', '%2F')}",
            )
    for path in ("/api/ask", "/api/definitions", "/api/review", "/api/index/build"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (401, {"error": "Sign in first."})
        assert answer.headers["www-authenticate"].startswith("Basic ")
    assert client.post("/definitions/check").headers["location"] == "/sign-in?next=%2F"
    page = client.get("/sign-in").text
    assert "/documents" not in page
    assert "/evaluation" not in page


def test_a_member_signs_in_goes_where_they_wanted_and_signs_out(open_client: Any) -> None:
    client = open_client()
    wanted = client.get("/documents?q=a&b=%C3%A9").headers["location"]
    page = client.get(wanted).text
    assert 'name="next" value="/documents?q=a&amp;b=%C3%A9"' in page
    answer = sign_in(client, "ana", next="/documents?q=a")
    assert (answer.status_code, answer.headers["location"]) == (303, "/documents?q=a")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert len(client.cookies["session"]) == 43
    page = client.get("/documents").text
    assert "<span>ana</span>" in page
    assert "Sign out" in page
    assert "/evaluation" not in page
    assert client.get("/").status_code == 200
    token = client.cookies["session"]
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.get("/documents").status_code == 303
    client.cookies.set("session", token)
    assert client.get("/documents").status_code == 303


def test_the_records_hold_no_token_that_lets_in(open_client: Any, store: Store) -> None:
    client = open_client()
    sign_in(client, "ana")
    token = client.cookies["session"]
    files = b"".join(path.read_bytes() for path in Path().glob("records.sqlite*"))
    assert token.encode() not in files
    assert b"ana" in files


def test_staff_pages_are_the_staffs_alone(open_client: Any) -> None:
    client = open_client()
    sign_in(client, "ana")
    for path in STAFF_PAGES:
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert "This is for the staff alone, and ana is not." in answer.text
    for path in ("/api/review", "/api/index/build"):
        answer = client.post(path)
        assert (answer.status_code, answer.json()) == (
            403, {"error": "This is for the staff alone, and ana is not."}
        )  # fmt: skip
    sign_in(client, "stan")
    assert client.get("/evaluation").json() == {"name": "stan", "state": "stan"}
    assert '"/evaluation/"' in client.get("/documents").text


def test_who_was_removed_or_is_staff_no_longer_loses_it_at_once(open_client: Any, users: Users) -> None:
    client = open_client()
    sign_in(client, "stan")
    users.remove("stan")
    assert client.get("/documents").status_code == 303
    users.add("stan", "another one")
    assert client.get("/documents").status_code == 200
    assert client.get("/evaluation").status_code == 403


def test_a_wrong_password_says_no_more_than_that(open_client: Any) -> None:
    client = open_client()
    for name in ("ana", "zoe<b>"):
        answer = sign_in(client, name, "wrong wrong")
        assert answer.status_code == 401
        assert "Name or password is wrong: try again." in answer.text
        assert "set-cookie" not in answer.headers
        assert "<b>" not in answer.text


def test_the_sixth_attempt_in_a_minute_is_not_even_tried(open_client: Any, clock: Clock) -> None:
    client = open_client()
    for _ in range(5):
        assert sign_in(client, "ana", "wrong wrong").status_code == 401
    answer = sign_in(client, "ana")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert "Too many attempts to sign in: wait 60 seconds." in answer.text
    # Another name from the same address waits too, the same name from another address as well.
    assert sign_in(client, "stan").status_code == 429
    assert sign_in(open_client("10.1.1.1"), "stan").status_code == 303
    clock.now = 61.0
    assert sign_in(client, "ana").status_code == 303


def test_many_people_of_one_address_may_sign_in(open_client: Any, users: Users) -> None:
    client = open_client()
    for number in range(8):
        users.add(f"u{number}", PASSWORD)
        assert sign_in(client, f"u{number}").status_code == 303


@pytest.mark.parametrize(
    "following", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "x"]
)
def test_signing_in_leads_to_no_other_site(open_client: Any, following: str) -> None:
    client = open_client()
    assert f'value="{following}"' not in client.get("/sign-in", params={"next": following}).text
    assert sign_in(client, "ana", next=following).headers["location"] == "/"


def test_a_program_sends_name_and_password_with_each_call(open_client: Any, clock: Clock) -> None:
    client = open_client()
    ask = {"question": "What is a lantern?"}
    for _ in range(8):
        assert client.post("/api/ask", json=ask, auth=("ana", PASSWORD)).json()["outcome"] == "answered"
    for _ in range(4):
        assert client.post("/api/ask", json=ask, auth=("ana", "wrong wrong")).status_code == 401
    answer = client.post("/api/ask", json=ask, auth=("ana", "wrong wrong"))
    assert (answer.status_code, answer.json()["error"]) == (429, "Too many attempts to sign in: wait 60 seconds.")
    # Who was right before goes on.
    assert client.post("/api/ask", json=ask, auth=("ana", PASSWORD)).status_code == 200
    assert client.post("/api/review", auth=("ana", PASSWORD)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://testserver"},
    ],
)
def test_a_page_of_another_site_changes_nothing(open_client: Any, headers: dict[str, str]) -> None:
    client = open_client()
    sign_in(client, "stan")
    for path in ("/evaluation", "/sign-out", "/gradio_api/queue/join", "/sign-in"):
        assert client.post(path, headers=headers).status_code == 403, path
    assert client.get("/documents", headers=headers).status_code == 200
    local = TestClient(create_app(Library), follow_redirects=False)
    assert local.post("/api/ask", json={"question": "What is a lantern?"}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://testserver"},
        {"sec-fetch-site": "same-origin", "origin": "null"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
def test_our_own_pages_and_programs_may(open_client: Any, headers: dict[str, str]) -> None:
    client = open_client()
    sign_in(client, "stan")
    assert client.post("/evaluation", headers=headers).json()["name"] == "stan"


def test_a_proxy_that_is_trusted_says_who_it_is(open_client: Any, users: Users) -> None:
    how = {"header": "X-Forwarded-User", "staff": ("Zoë",), "proxies": ("10.0.0.0/8",)}
    client = open_client("10.2.3.4", **how)
    zoe = {"X-Forwarded-User": "Zoë".encode()}
    assert client.get("/evaluation", headers=zoe).json() == {"name": "Zoë", "state": "Zoë"}
    page = client.get("/documents", headers={"X-Forwarded-User": "stan"})
    assert (page.status_code, "stan" in page.text, "Sign out" in page.text) == (200, True, False)
    # Without the users file only the setting names staff.
    assert client.get("/evaluation", headers={"X-Forwarded-User": "stan"}).status_code == 403
    with_users = open_client("10.2.3.4", users=users, **how)
    assert with_users.get("/evaluation", headers={"X-Forwarded-User": "stan"}).json()["name"] == "stan"
    assert client.get("/documents").status_code == 303
    assert "vouches for you" in client.get("/sign-in").text
    assert sign_in(client, "ana").status_code == 401


def test_the_header_of_anybody_else_is_taken_away(open_client: Any) -> None:
    how = {"header": "X-Forwarded-User", "staff": ("ana",), "proxies": ("10.0.0.0/8", "::1")}
    forged = {"X-Forwarded-User": "ana"}
    for peer in ("192.0.2.7", "11.0.0.1", "testclient", "::2"):
        assert open_client(peer, **how).get("/evaluation", headers=forged).status_code == 303, peer
    # A proxy that adds its header to the asker's, in place of replacing it, vouches for nobody.
    client = open_client("10.0.0.1", **how)
    twice = [("X-Forwarded-User", "ana"), ("X-Forwarded-User", "bo")]
    assert client.get("/evaluation", headers=twice).status_code == 303
    assert client.get("/evaluation", headers={"X-Forwarded-User": " "}).status_code == 303


def test_behind_tls_the_cookie_is_for_tls_alone_and_failures_count_for_the_asker(open_client: Any) -> None:
    client = open_client(proxies=("127.0.0.1",))
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9, 198.51.100.4"}
    data = {"name": "ana", "password": PASSWORD}
    assert "Secure" in client.post("/sign-in", data=data, headers=headers).headers["set-cookie"]
    for number in range(5):
        wrong = {"name": f"n{number}", "password": "wrong wrong"}
        assert client.post("/sign-in", data=wrong, headers=headers).status_code == 401
    assert client.post("/sign-in", data=data, headers=headers).status_code == 429
    elsewhere = {**headers, "X-Forwarded-For": "203.0.113.9, 198.51.100.5"}
    assert client.post("/sign-in", data=data, headers=elsewhere).status_code == 303
    # Nobody but the proxy says where a request comes from.
    direct = open_client("198.51.100.4", proxies=("127.0.0.1",))
    assert "Secure" not in direct.post("/sign-in", data=data, headers=headers).headers["set-cookie"]


def test_without_accounts_everybody_may_do_everything() -> None:
    client = TestClient(create_app(Library, staff=lambda app, site: _staff_page(app)), follow_redirects=False)
    assert client.get("/evaluation").json() == {"name": None, "state": None}
    page = client.get("/documents").text
    assert '"/evaluation/"' in page
    assert "Sign" not in page
    assert client.get("/sign-in").status_code == 404


def test_records_that_cannot_be_reached_are_said_and_let_nobody_in(open_client: Any, store: Store) -> None:
    client = open_client()
    sign_in(client, "ana")
    with store._database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE sessions")
    answer = client.get("/documents")
    assert answer.status_code == 503
    assert "The records in records.sqlite cannot be used (no such table: sessions)" in answer.text
    assert client.get("/api/definitions").json()["error"].startswith("The records in records.sqlite cannot be used")


def test_a_page_that_needs_the_records_says_when_they_cannot_be_reached(store: Store) -> None:
    client = TestClient(create_app(Library, records=store))
    with store._database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE answers")
    answer = client.get("/a/a_1")
    assert (answer.status_code, "cannot be used" in answer.text) == (503, True)


def test_the_table_ends_with_everything_and_opens_nothing_by_accident() -> None:
    assert ACCESS[-1] == ("*", "member")
    assert [path for path, need in ACCESS if need == "anyone"] == [
        "/healthz", "/readyz", "/metrics", "/sign-in", "/language/*", "/site/*"
    ]  # fmt: skip


def test_the_settings_make_the_accounts(store: Store, users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    assert accounts_of(load_settings(), store) is None
    monkeypatch.setenv("ASSISTANT_USERS", "users.json")
    made = accounts_of(load_settings(), store)
    assert made is not None
    assert made.users is not None
    assert made.users.person("stan") == users.person("stan")
    monkeypatch.setenv("ASSISTANT_USERS", "none.json")
    with pytest.raises(UserError, match=r"The users file none\.json cannot be read"):
        accounts_of(load_settings(), store)
    monkeypatch.setenv("ASSISTANT_PROXIES", "127.0.0.1, 10.0.0.0/8,fd00::/8")
    settings = load_settings()
    assert settings.proxies == ("127.0.0.1", "10.0.0.0/8", "fd00::/8")
    assert Proxies(settings.proxies).holds("fd00::7")
    monkeypatch.setenv("ASSISTANT_STAFF", "Ana Ruiz, bo")
    assert load_settings().staff == ("Ana Ruiz", "bo")
    monkeypatch.setenv("ASSISTANT_TRUST_HEADER", "X User")
    with pytest.raises(UserError, match="ASSISTANT_TRUST_HEADER"):
        load_settings()
    with pytest.raises(UserError, match="ASSISTANT_PROXIES names 'here', expected addresses or networks"):
        Proxies(("here",))


def test_the_state_has_a_person_or_none_where_nobody_is_asked(site_state: list[Any]) -> None:
    assert site_state == [None]


@pytest.fixture
def site_state() -> list[Any]:
    seen: list[Any] = []

    def mount(app: FastAPI, site: Site) -> None:
        @app.get("/probe")
        def probe(request: Request) -> None:
            seen.append(request.state.person)

    TestClient(create_app(Library, staff=mount)).get("/probe")
    return seen
