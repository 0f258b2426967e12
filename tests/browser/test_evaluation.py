"""The staff's page in a real browser, over a real index: a set is run, its questions opened, two runs compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.service import Service, build
from assistant.settings import load_settings
from assistant.web.app import create_app
from evals.page import mount
from tests.browser.conftest import DESKTOP
from tests.conftest import lend
from tests.servers import serving

QUESTIONS = [
    {"id": "a", "question": "What is a shared garden?", "behaviour": "answer", "type": "definition",
     "evidence": ["Shared gardens are plots tended by neighbours"]},
    {"id": "b", "question": "what does a plot cost a month", "behaviour": "abstain", "type": "<b>near</b>"},
]  # fmt: skip


@pytest.fixture
def desk(browser: Browser, corpus_folder: Path, graphs: Path) -> Iterator[Page]:
    """The page over the gardens' corpus with one set of the staff's own, without one request to another host."""
    Path("sets").mkdir()
    lines = "".join(json.dumps(question) + "\n" for question in QUESTIONS)
    Path("sets/gardens.jsonl").write_text(lines, encoding="utf-8")
    lend(graphs, Path(".assistant/index"))
    settings = load_settings(corpus=corpus_folder)
    build(settings)
    assistant = Service(settings).assistant()
    app = create_app(lambda: assistant, staff=lambda app, site: mount(app, site, settings))
    elsewhere: list[str] = []
    with serving(app) as address:
        context = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
        page = context.new_page()
        ours = (address, "data:", "blob:")
        page.on("request", lambda one: None if one.url.startswith(ours) else elsewhere.append(one.url))
        page.goto(f"{address}/evaluation")
        yield page
        context.close()
    assert elsewhere == []


def run(page: Page, times: int) -> None:
    """Run the staff's own set and wait until its run is shown."""
    page.get_by_label("Question set").click()
    page.get_by_role("option", name="sets/gardens.jsonl").click()
    page.get_by_role("button", name="Run", exact=True).click()
    done: list[str] = []
    for _ in range(300):
        done = sorted(path.parent.name for path in Path(".assistant/runs").glob("*/report.html"))
        if len(done) == times:
            break
        page.wait_for_timeout(200)
    expect(page.locator("#said")).to_have_text(f"Done: {done[-1]}")
    expect(page.locator("#shown input")).to_have_value(done[-1])
    expect(page.get_by_role("link", name="Open the report")).to_be_visible()


def test_staff_run_a_set_open_a_question_compare_and_take_the_report(desk: Page) -> None:
    expect(desk.get_by_role("link", name="Evaluation")).to_have_attribute("aria-current", "page")
    run(desk, 1)
    expect(desk.locator("#figures")).to_contain_text("1.00 (1.00–1.00), n 1")
    desk.locator("#list").get_by_text("What is a shared garden?").click()
    opened = desk.locator("#opened")
    expect(opened.locator("h2")).to_have_text("What is a shared garden?")
    expect(opened.locator("mark").first).to_contain_text("Shared gardens are plots tended by neighbours")
    expect(opened).to_contain_text("the canonical wording")
    with desk.expect_popup() as popup:
        desk.get_by_role("link", name="Open the report").click()
    report = popup.value
    expect(report.locator("h1")).to_have_text("gardens: 2 questions")
    report.get_by_label("Type").select_option("<b>near</b>")
    expect(report.locator("#count")).to_have_text("1 of 2 questions")
    report.close()
    run(desk, 2)
    desk.get_by_label("Compare with").click()
    desk.get_by_role("option").last.click()
    expect(desk.locator("#compared")).to_contain_text("evidence_cited: no difference (1.000 → 1.000, n 1)")
