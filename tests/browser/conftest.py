"""A real server with the tiny library behind it, and a real browser in front of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from assistant.web.app import create_app
from tests.browser.library import Library
from tests.fakes import MemoryRecords
from tests.servers import serving

# What a browser in a container needs, and what keeps it from calling its maker.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 800}
# A busy machine takes its time over the chat's scripts; what is awaited comes or does not come.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@pytest.fixture(scope="module")
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture(scope="module")
def address(library: Library, records: MemoryRecords) -> Iterator[str]:
    app = create_app(lambda: library, records=records, contact="office@harbour.example")
    with serving(app) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("There is no chromium on this machine: install the package chromium to run this test.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def size() -> dict[str, int]:
    return DESKTOP


@pytest.fixture
def page(browser: Browser, address: str, size: Any) -> Iterator[Page]:
    """The chat, opened, without one request to another host and without one error by the end of the test."""
    context = browser.new_context(viewport=size, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    elsewhere: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if _leaves(request.url, address) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.get_by_role("button", name="What is a lantern?").wait_for()
    yield page
    context.close()
    assert elsewhere == []
    assert errors == []


def _leaves(url: str, address: str) -> bool:
    return not url.startswith((f"{address}/", "data:", "blob:"))
