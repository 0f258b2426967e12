"""The whole tour in one browser: every page, asking, opening sources. Nothing leaves this host and nothing fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.tour import STOPS, answered, served


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("tour")
    with served(folder) as address:
        yield address


class Watched:
    """What a browser asked for and what went wrong there, over all its pages."""

    def __init__(self, browser: Browser) -> None:
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.context = browser.new_context(viewport={"width": 1280, "height": 800})
        # The context tells of pop-ups too, and of what a script asks for.
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        self.context.on("console", lambda message: self.wrong.append(message.text) if message.type == "error" else None)

    def hosts(self) -> set[str]:
        """The hosts that were asked; what a page carries with it (data:, blob:) asks nobody."""
        return {urlsplit(url).netloc for url in self.asked if not url.startswith(("data:", "blob:"))}


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    made = Watched(browser)
    yield made
    made.context.close()


def open_everything(page: Page) -> None:
    """From an answer to its source and on to the document, as a reader does."""
    page.locator("#t1 .cite").click()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open in the document").click()
    opened.value.locator("mark").first.wait_for()
    opened.value.close()


def test_nothing_leaves_the_host_and_no_console_has_an_error(watched: Watched, place: str) -> None:
    page = watched.context.new_page()
    for stop in STOPS:
        page.goto(place + stop.path)
        stop.arrive(page)
        if stop.arrive is answered:
            open_everything(page)
        page.wait_for_timeout(300)
    # The browser itself writes a line for the page that answers 404.
    expected = [line for line in watched.wrong if "status of 404" in line]
    assert len(watched.asked) > len(STOPS)
    assert watched.hosts() == {urlsplit(place).netloc}
    assert [line for line in watched.wrong if line not in expected] == []
    assert len(expected) == sum(stop.status == 404 for stop in STOPS)
