"""What a reader with a keyboard, a screen reader, large type or little patience for movement meets on every page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.tour import STOPS, Stop, answered, ask, served

LOOKS = [
    (width, height, scheme) for width, height in ((1280, 800), (360, 740)) for scheme in ("light", "dark")
]  # fmt: skip
ZOOMED = {"width": 640, "height": 400}
SERIOUS = ("serious", "critical")
# Parts that Gradio draws on the page Evaluation and that nothing of ours can change: a plot without data has a label
# but no role, and the viewport of a table without rows is said to scroll but takes no focus.
DRAWN_BY_GRADIO = [[".empty.unpadded_box"], [".virtual-table-viewport"]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("tour")
    with served(folder) as address:
        yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def arrive(page: Page, place: str, stop: Stop) -> None:
    response = page.goto(place + stop.path)
    assert response is not None
    assert response.status == stop.status
    stop.arrive(page)


def violations(page: Page) -> list[str]:
    """What axe-core holds to be serious: the rule, the element and what is wrong with it."""
    found: list[dict[str, Any]] = Axe().run(page, context={"exclude": DRAWN_BY_GRADIO}).response["violations"]
    return [
        f"{one['id']}: {node['target']}: {' '.join(node['failureSummary'].split())}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


_FOLLOWED = """(scheme) => !document.querySelector('gradio-app')
  || document.body.classList.contains('dark') === (scheme === 'dark')"""


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_axe_finds_nothing_serious(visit: Page, place: str, stop: Stop) -> None:
    arrive(visit, place, stop)
    found = []
    for width, height, scheme in LOOKS:
        visit.set_viewport_size({"width": width, "height": height})
        visit.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        # Gradio follows the browser's colours a moment later.
        visit.wait_for_function(_FOLLOWED, arg=scheme)
        found += [f"{width} {scheme}: {line}" for line in violations(visit)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_a_page_at_twice_its_size_does_not_scroll_sideways(browser: Browser, place: str, stop: Stop) -> None:
    context = browser.new_context(viewport=ZOOMED, device_scale_factor=2)  # type: ignore[arg-type]
    page = context.new_page()
    arrive(page, place, stop)
    assert page.evaluate("document.documentElement.scrollWidth") <= ZOOMED["width"]
    context.close()


def test_the_tab_key_alone_reaches_box_button_citation_and_source(visit: Page, place: str) -> None:
    visit.goto(place)
    visit.locator(".welcome").wait_for()
    ask(visit, "What is a lantern?")
    visit.locator("#t1 .cite").wait_for()
    visit.evaluate("document.activeElement.blur(); window.getSelection().removeAllRanges()")
    visit.locator("body").press("Home")
    reached = walked(visit, 60)
    wanted = ["cite", "question", "send", "source"]
    assert [name for name in reached if name in wanted] == wanted
    # The citation leads to the card that it opens, without a mouse.
    visit.locator("#t1 .cite").focus()
    visit.keyboard.press("Enter")
    expect(visit.locator("#t1-s1")).to_be_focused()


def walked(page: Page, steps: int) -> list[str]:
    """What the Tab key comes by, each part of the page once, until it is past the last one."""
    names = """() => {
      const at = document.activeElement;
      if (at.matches(".cite")) return "cite";
      if (at.closest("#question")) return "question";
      if (at.closest("#send")) return "send";
      if (at.closest(".source")) return "source";
      return at.tagName;
    }"""
    found: list[str] = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        name = page.evaluate(names)
        if name not in found:
            found.append(name)
    return found


@pytest.mark.parametrize("path", ["/", "/definitions", "/documents", "/index"])
def test_what_has_the_focus_is_seen_to_have_it(visit: Page, place: str, path: str) -> None:
    visit.goto(place + path)
    if path == "/":
        answered(visit)
    unseen = []
    for _ in range(25):
        visit.keyboard.press("Tab")
        bare = visit.evaluate(
            """() => {
              const at = document.activeElement;
              if (at === document.body) return "";
              const looks = [at, at.closest("#ask")].filter(Boolean).map((one) => getComputedStyle(one));
              const seen = looks.some((look) => (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0)
                || look.boxShadow !== "none");
              return seen ? "" : at.outerHTML.slice(0, 120);
            }"""
        )
        if bare:
            unseen.append(bare)
    assert unseen == []


def test_nothing_moves_for_whom_movement_is_too_much(visit: Page, place: str) -> None:
    visit.goto(place)
    answered(visit)
    assert visit.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    moving = visit.evaluate(
        "document.getAnimations().filter((one) => one.playState === 'running'"
        " && one.effect.getComputedTiming().duration > 100).map((one) => one.effect.target.outerHTML.slice(0, 120))"
    )
    assert moving == []
