"""The staff's page Index in a real browser, over a real index: built, watched by two, files put in and taken out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.building import Builder
from assistant.settings import Settings, load_settings
from assistant.web import indexing
from assistant.web.app import create_app
from tests.browser.conftest import DESKTOP
from tests.browser.library import Library
from tests.conftest import write_corpus
from tests.servers import serving
from tests.test_indexing import NEW, Works

PHONE = {"width": 360, "height": 740}
# A build and a reading start processes, which takes its time on a busy machine.
PATIENCE = 60_000


@dataclass(frozen=True, slots=True)
class Office:
    """A served page Index over the gardens' corpus, and what builds there."""

    address: str
    corpus: Path
    works: Works
    builder: Builder


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    corpus = write_corpus(tmp_path / "documents")
    settings: Settings = load_settings(corpus=corpus, index=str(tmp_path / "index"), reader="off")
    works, library = Works(), Library()
    builder = Builder(settings, works)
    app = create_app(lambda: library, staff=lambda app, site: indexing.mount(app, site, settings, builder))
    with serving(app) as address:
        yield Office(address, corpus, works, builder)
        works.free.set()


@pytest.fixture
def desk(browser: Browser, office: Office) -> Iterator[Page]:
    context = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda one: None if one.url.startswith(office.address) else wrong.append(one.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{office.address}/index")
    yield page
    context.close()
    assert wrong == []


def build(page: Page, name: str = "Build") -> None:
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#build .told")).to_contain_text("Built in ", timeout=PATIENCE)


def test_a_build_is_watched_by_two_and_survives_reloading(desk: Page, office: Office) -> None:
    expect(desk.get_by_text("There is no index in")).to_be_visible()
    other = desk.context.new_page()
    other.goto(f"{office.address}/index")
    office.works.free.clear()
    desk.get_by_role("button", name="Build", exact=True).click()
    for page in (desk, other):
        expect(page.locator("[aria-current=step]")).to_contain_text("Looking for changes")
        expect(page.get_by_role("button", name="Build", exact=True)).to_have_attribute("aria-disabled", "true")
        expect(page.locator("#stage")).to_have_text("Looking for changes …")
    desk.reload()
    expect(desk.locator("[aria-current=step]")).to_contain_text("Looking for changes")
    office.works.free.set()
    for page in (desk, other):
        expect(page.locator("#build .told")).to_contain_text("1 document read anew", timeout=PATIENCE)
        expect(page.get_by_text("The index is made from the documents as they are now.")).to_be_visible()
        expect(page.locator(".facts")).to_contain_text("hashing")
        expect(page.get_by_role("button", name="Build", exact=True)).to_have_attribute("aria-disabled", "false")
    assert office.works.asked == [False]


def test_a_failed_build_is_said_and_the_page_stays_useful(desk: Page, office: Office) -> None:
    build(desk)
    (office.corpus / "definitions.toml").write_text("[[definition", encoding="utf-8")
    desk.get_by_role("button", name="Rebuild", exact=True).click()
    expect(desk.locator("#build .verdict.bad")).to_contain_text("it is not valid TOML", timeout=PATIENCE)
    expect(desk.locator("#build")).to_contain_text("Answers go on coming from the index before.")
    expect(desk.locator(".facts")).to_contain_text("hashing")


def test_files_are_added_several_at_once_each_with_what_became_of_it(desk: Page, office: Office) -> None:
    build(desk)
    files = [
        {"name": "benches.txt", "mimeType": "text/plain", "buffer": NEW},
        {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 nothing"},
        {"name": "photo.png", "mimeType": "image/png", "buffer": b"x"},
    ]
    desk.get_by_label("Add documents").set_input_files(files)  # type: ignore[arg-type]
    lines = desk.locator("#received li")
    expect(lines.nth(0)).to_have_text("✓ benches.txt is added.", timeout=PATIENCE)
    expect(lines.nth(1)).to_contain_text("⚠ broken.pdf cannot be used", timeout=PATIENCE)
    expect(lines.nth(2)).to_contain_text("⚠ photo.png: its format .png is not supported", timeout=PATIENCE)
    expect(desk.get_by_text("The documents have changed since the index was built")).to_be_visible()
    expect(desk.locator("#list")).to_contain_text("benches.txt new, not yet in the index")
    build(desk)
    expect(desk.locator(".facts dd").first).to_have_text("2")


def test_a_file_is_dropped_into_the_frame(desk: Page, office: Office) -> None:
    transfer = desk.evaluate_handle(
        "() => { const t = new DataTransfer(); t.items.add(new File(['Owls live in barns.'], 'owls.txt')); return t; }"
    )
    for kind in ("dragenter", "dragover"):
        desk.dispatch_event("#add", kind, {"dataTransfer": transfer})
    expect(desk.locator("#add")).to_have_class("drop over")
    desk.dispatch_event("#add", "drop", {"dataTransfer": transfer})
    expect(desk.locator("#received li")).to_have_text("✓ owls.txt is added.", timeout=PATIENCE)
    assert (office.corpus / "owls.txt").read_text(encoding="utf-8") == "Owls live in barns."


def test_a_file_of_the_same_name_is_asked_about(desk: Page, office: Office) -> None:
    (office.corpus / "benches.txt").write_text("The old words of it.", encoding="utf-8")
    new = {"name": "benches.txt", "mimeType": "text/plain", "buffer": NEW}
    desk.get_by_label("Add documents").set_input_files(new)  # type: ignore[arg-type]
    expect(desk.get_by_role("dialog")).to_contain_text("There is another document named benches.txt already")
    desk.keyboard.press("Escape")
    expect(desk.locator("#received li")).to_have_text("⚠ benches.txt is left out.")
    assert (office.corpus / "benches.txt").read_text(encoding="utf-8") == "The old words of it."
    desk.get_by_label("Add documents").set_input_files(new)  # type: ignore[arg-type]
    desk.get_by_role("button", name="Replace").click()
    expect(desk.locator("#received li").last).to_have_text("✓ benches.txt is added.", timeout=PATIENCE)
    assert (office.corpus / "benches.txt").read_bytes() == NEW


def test_a_document_is_removed_after_one_question_and_put_back_by_keyboard(desk: Page, office: Office) -> None:
    (office.corpus / "benches.txt").write_bytes(NEW)
    build(desk)
    desk.get_by_role("button", name="Remove benches.txt").press("Enter")
    expect(desk.get_by_role("dialog")).to_contain_text("Remove benches.txt?")
    desk.get_by_role("button", name="Cancel").press("Enter")
    assert (office.corpus / "benches.txt").exists()
    desk.get_by_role("button", name="Remove benches.txt").press("Enter")
    desk.get_by_role("dialog").get_by_role("button", name="Remove").press("Enter")
    expect(desk.locator("#said")).to_have_text("benches.txt is removed; it can be put back.")
    expect(desk.locator("#said")).to_be_focused()
    assert not (office.corpus / "benches.txt").exists()
    desk.get_by_role("button", name="Put back benches.txt").press("Enter")
    expect(desk.locator("#said")).to_have_text("benches.txt is back.")
    assert (office.corpus / "benches.txt").read_bytes() == NEW


def test_a_name_that_is_code_is_shown_and_removed_as_a_name(desk: Page, office: Office) -> None:
    name = "<img src=x onerror=\"document.title='hacked'\">.txt"
    (office.corpus / name).write_bytes(NEW)
    desk.reload()
    desk.get_by_role("button", name="Remove <img").click()
    expect(desk.locator("#asked")).to_contain_text(name)
    desk.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(desk.locator("#said")).to_contain_text(name)
    assert desk.title() == "Index · Ask the association"
    assert not (office.corpus / name).exists()


def test_the_page_fits_a_phone(desk: Page, office: Office) -> None:
    (office.corpus / ("a-very-long-name-" * 8 + ".txt")).write_bytes(NEW)
    build(desk)
    desk.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
