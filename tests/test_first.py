"""What comes before the chat's scripts do, and what a browser may keep of them."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from assistant.web.app import create_app
from tests.browser.library import Library


@pytest.fixture
def client() -> TestClient:
    library = Library()
    return TestClient(create_app(lambda: library, title="Ask <the> harbour"))


def test_bar_and_greeting_stand_in_the_page_before_the_scripts_have_run(client: TestClient) -> None:
    answer = client.get("/")
    before, _, after = answer.text.partition("<gradio-app")
    assert 'id="first"' in before
    assert "What would you like to know?" in before
    assert "Every answer is quoted from 1 document" in before
    assert "Ask &lt;the&gt; harbour" in before
    assert after.rstrip().endswith("</html>")
    assert answer.headers["content-length"] == str(len(answer.content))


def test_while_the_index_loads_the_first_view_promises_nothing() -> None:
    page = TestClient(create_app(lambda: None)).get("/").text
    assert "What would you like to know?" in page
    assert "Every answer is quoted from" not in page.partition("<gradio-app")[0].partition('id="first"')[2]


def test_other_pages_and_streams_go_through_as_they_are(client: TestClient) -> None:
    assert 'id="first"' not in client.get("/documents").text
    assert 'id="first"' not in client.get("/config").text


def test_scripts_whose_name_says_what_is_in_them_are_kept_and_our_own_are_asked_for_again(client: TestClient) -> None:
    scripts = re.findall(r'(?:src|href)="(?:\./)?(assets/[^"]+\.(?:js|css))"', client.get("/").text)
    assert scripts
    for script in scripts:
        assert client.get(f"/{script}").headers["cache-control"] == "public, max-age=31536000, immutable", script
    assert client.get("/site/site.css").headers["cache-control"] == "no-cache"
    missing = client.get("/assets/nothing-AAAAAAAA.js")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers.get("cache-control", "")
