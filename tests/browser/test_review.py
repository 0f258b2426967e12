"""The staff's page Review in a real browser, signed in: what did not content is read and closed, without a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from assistant.accounts import Users
from assistant.records.store import Store
from assistant.web.accounts import Accounts
from assistant.web.app import create_app
from assistant.web.site import Site
from tests.browser.conftest import DESKTOP
from tests.browser.library import Library
from tests.fakes import weak_hasher
from tests.servers import serving

PHONE = {"width": 360, "height": 740}
PASSWORD = "open sesame!"
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"> {{ 1 + 1 }}"


@pytest.fixture
def store() -> Iterator[Store]:
    """Three refusals of one question, one answer that did not help, and one that did."""
    opened = Store("records.sqlite", 365)
    library = Library()

    def keep(question: str) -> str:
        name = opened.keep(library.ask(question), conversation="c", user="ana", configuration="shipped")
        assert name is not None
        return name

    for question in ("What is a boat?", "a boat, what is it?", "What are boats?"):
        keep(question)
    keep("What is a lantern?")
    opened.judge(keep("What is on the glass?"), "down", HOSTILE, "ana")
    yield opened
    opened.close()


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    users = Users(Path("users.json"), weak_hasher())
    users.add("ana", PASSWORD)
    users.add("stan", PASSWORD, "staff")
    library = Library()

    def staff(app: FastAPI, site: Site) -> None:
        """Beside Review no page of the staff is looked at here."""

    app = create_app(lambda: library, records=store, accounts=Accounts(store, users=users), staff=staff)
    with serving(app) as started:
        yield started


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport=request.param, accept_downloads=True)
    page = context.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda one: None if one.url.startswith(f"{address}/") else elsewhere.append(one.url))
    page.goto(f"{address}/review")
    yield page
    context.close()
    assert elsewhere == []


def sign_in(page: Page, name: str) -> None:
    expect(page.locator("h1")).to_have_text("Sign in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


def test_a_member_is_told_that_the_page_is_the_staffs(page: Page) -> None:
    sign_in(page, "ana")
    expect(page.locator("main")).to_contain_text("This is for the staff alone, and ana is not.")
    expect(page.get_by_role("link", name="Review")).to_have_count(0)


def test_staff_read_what_did_not_content_and_close_it(page: Page, store: Store) -> None:
    sign_in(page, "stan")
    expect(page.get_by_role("link", name="Review", exact=True)).to_have_attribute("aria-current", "page")
    groups = page.locator(".asked-same")
    expect(groups.locator("h2")).to_have_text(["What is on the glass?", "What are boats?"])
    expect(groups.nth(0)).to_contain_text("not helpful")
    expect(groups.nth(0).locator(".comment")).to_have_text(HOSTILE)
    expect(page).not_to_have_title("hacked")
    expect(groups.nth(1).locator(".counts")).to_contain_text("asked 3 times")
    expect(groups.nth(1).locator(".counts")).to_contain_text("3 refused")
    expect(groups.nth(1)).to_contain_text("no passage names it")
    groups.nth(1).locator("summary").click()
    expect(groups.nth(1).locator("h3")).to_have_text(["a boat, what is it?", "What is a boat?"])
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Without a note there is nothing to close with.
    groups.nth(1).get_by_role("button", name="Close with the note").click()
    expect(page.locator("main")).to_contain_text("A note says why it is closed")
    page.go_back()
    groups.nth(1).get_by_label("Note").fill("asked the harbour for it")
    groups.nth(1).get_by_role("button", name="Document missing").click()
    expect(page.get_by_role("status")).to_have_text("✓ 3 answers are closed.")
    expect(groups).to_have_count(1)
    page.get_by_role("link", name="Closed").click()
    expect(page.locator("main")).to_contain_text("✓ A document is missing · stan · asked the harbour for it")
    assert [(one.user, one.action) for one in store.staff_log()] == [("stan", "review: document_missing")]


def test_a_question_is_saved_for_a_set_and_thereby_closed(page: Page, store: Store) -> None:
    sign_in(page, "stan")
    page.get_by_role("link", name="Add to a question set").first.click()
    expect(page.get_by_label("Question", exact=True)).to_have_value("What is on the glass?")
    expect(page.get_by_label("What a good answer does")).to_have_value("answer")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a JSON line").click()
    row = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    quote = Library().ask("What is on the glass?").citations[0].quote
    assert (row["question"], row["behaviour"], row["type"]) == ("What is on the glass?", "answer", "review")
    assert row["evidence"] == [{"document_id": "harbour/lanterns", "quote": quote}]
    assert download.value.suggested_filename == f"{row['id']}.jsonl"
    page.get_by_role("link", name="Back to Review").click()
    expect(page.locator(".asked-same h2")).to_have_text(["What are boats?"])
    assert store.to_review(resolved=True)[0].resolution == "question_set"


def test_an_alias_is_shown_as_lines_for_the_registry_and_closes_the_whole_group(page: Page, store: Store) -> None:
    sign_in(page, "stan")
    page.get_by_role("link", name="Add an alias to a definition").last.click()
    page.get_by_label("Another name for it").fill('light "boat"')
    page.get_by_role("button", name="Show the lines").click()
    expect(page.locator(".lines")).to_have_text(
        'term = "lantern"\nnames = ["lanterns", "harbour light", "light \\"boat\\""]'
    )
    page.get_by_role("button", name="Done: close the question").click()
    expect(page.get_by_role("status")).to_have_text("✓ 3 answers are closed.")
    assert {one.note for one in store.to_review(resolved=True)} == {'light "boat" → lantern'}


def test_the_keyboard_alone_saves_the_list(page: Page) -> None:
    sign_in(page, "stan")
    page.get_by_role("button", name="Save as CSV").focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.count("no passage names it") == 3
    assert "ana" not in text.replace("standalone", "")


def test_who_signs_out_is_out(page: Page) -> None:
    sign_in(page, "stan")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Sign in")
    page.goto(page.url.partition("/sign-in")[0] + "/documents")
    expect(page.locator("h1")).to_have_text("Sign in")


def test_the_chat_shows_a_member_their_name_and_no_page_of_the_staff(page: Page) -> None:
    page.goto(page.url.partition("/sign-in")[0] + "/")
    sign_in(page, "ana")
    expect(page.locator("#header")).to_contain_text("ana")
    expect(page.get_by_role("link", name="Documents")).to_be_visible()
    expect(page.get_by_role("link", name="Review")).to_have_count(0)
