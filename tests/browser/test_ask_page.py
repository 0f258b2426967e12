"""What a member does with an answer, in a real browser."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.library import LANTERN, Library
from tests.browser.test_chat import PHONE, ask
from tests.fakes import MemoryRecords


def test_the_quote_of_a_citation_is_seen_in_passing_and_goes_with_escape(page: Page) -> None:
    ask(page, "What is a lantern?")
    citation = page.get_by_role("link", name="Source 1: Lanterns")
    citation.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(LANTERN.split("\n")[0])
    expect(page.get_by_role("tooltip")).to_contain_text("Lanterns · page 1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    # By keyboard too: from the box back to the citation.
    page.mouse.move(0, 0)
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if citation.evaluate("element => element === document.activeElement"):
            break
    expect(page.get_by_role("tooltip")).to_be_visible()


def test_an_answer_is_copied_with_its_sources(page: Page) -> None:
    ask(page, "What is a lantern?")
    page.locator(".answer summary", has_text="Copy").click()
    page.locator(".answer .menu").get_by_role("button", name="Text").click()
    expect(page.locator("#told")).to_have_text("Copied")
    assert LANTERN in page.evaluate("navigator.clipboard.readText()")


def test_a_question_is_searched_for_in_its_own_words_on_request(page: Page) -> None:
    ask(page, "What is a lanten?")
    expect(page.locator(".searched")).to_contain_text("Searched for: What is a lantern?")
    page.get_by_role("button", name="search for my words instead").click()
    expect(page.locator(".searched")).to_have_text("Searched for your words as you typed them.")
    expect(page.locator(".turn")).to_have_count(1)


def test_a_changed_question_takes_the_place_of_the_one_before_and_of_what_came_after(page: Page) -> None:
    ask(page, "What is a lantern?")
    page.locator("#t1 .cite").wait_for()
    ask(page, "How many boats are there?")
    page.locator("#t2 .near").wait_for()
    page.locator("#t1").get_by_role("button", name="Change this question").click()
    box = page.locator("#question textarea")
    expect(box).to_have_value("What is a lantern?")
    expect(box).to_be_focused()
    expect(page.locator(".turn.replaced")).to_have_count(2)
    page.get_by_role("button", name="Keep it as it was").click()
    expect(page.locator(".turn.replaced")).to_have_count(0)
    page.locator("#t1").get_by_role("button", name="Change this question").click()
    expect(page.locator(".turn.replaced")).to_have_count(2)
    ask(page, "What is on the glass?")
    expect(page.locator(".asked")).to_have_text(["What is on the glass?"])


def test_an_answer_is_asked_for_again_in_its_place(page: Page, library: Library) -> None:
    ask(page, "What is a lantern?")
    page.locator("#t1 .cite").wait_for()
    asked = len(library.followed)
    page.get_by_role("button", name="Ask again").click()
    page.wait_for_timeout(500)
    expect(page.locator("#t1 .cite")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)
    assert library.followed[asked:] == [("What is a lantern?", ())]


def test_what_is_missing_is_told_to_staff_with_a_comment(page: Page, records: MemoryRecords) -> None:
    ask(page, "How many boats are there?")
    expect(page.get_by_text("Whom to ask: office@harbour.example")).to_be_visible()
    page.get_by_role("button", name="Tell staff that this is missing").click()
    expect(page.get_by_text("Staff will see that this is missing.")).to_be_visible()
    page.get_by_label("What was wrong or missing?").fill("the fleet list of 1999")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label("What was wrong or missing?")).to_have_count(0)
    (item,) = [one for one in records.to_review() if one.kept.comment]
    assert (item.kept.verdict, item.kept.comment) == ("missing", "the fleet list of 1999")


def test_a_verdict_is_kept_and_taken_back_and_the_focus_stays(page: Page, records: MemoryRecords) -> None:
    ask(page, "What is a lantern?")
    yes = page.get_by_role("button", name="Yes")
    yes.focus()
    page.keyboard.press("Enter")
    expect(yes).to_have_attribute("aria-pressed", "true")
    expect(yes).to_be_focused()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    kept = page.get_by_role("link", name="Permanent address").get_attribute("href") or ""
    found = records.answer(kept.removeprefix("/a/"))
    assert found is not None
    assert found.verdict == "up"
    yes.click()
    expect(yes).to_have_attribute("aria-pressed", "false")


def test_a_permanent_address_shows_the_answer_without_asking_again(page: Page, library: Library) -> None:
    ask(page, "What is a lantern?")
    page.locator("#t1 .cite").wait_for()
    page.get_by_role("link", name="Permanent address").wait_for()
    asked = len(library.followed)
    page.get_by_role("link", name="Permanent address").click()
    page.wait_for_url("**/a/*")
    expect(page.locator("h1")).to_have_text("What is a lantern?")
    expect(page.locator(".source mark")).to_have_text(LANTERN)
    expect(page.get_by_text("from the index g1")).to_be_visible()
    page.locator(".cite").click()
    expect(page.locator("#t1-s1")).to_be_focused()
    assert len(library.followed) == asked


def test_an_earlier_conversation_is_opened_again_and_gone_on_with(page: Page, library: Library) -> None:
    ask(page, "What is a lantern?")
    page.locator("#t1 .cite").wait_for()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    page.get_by_role("button", name="Earlier conversations").click()
    dialog = page.get_by_role("dialog", name="Earlier conversations")
    dialog.get_by_role("button", name="What is a lantern?").first.click()
    expect(page.locator("#t1 .asked")).to_have_text("What is a lantern?")
    ask(page, "What is on the glass?")
    page.locator("#t2 .cite").wait_for()
    question, history = library.followed[-1]
    assert (question, history[0].content) == ("What is on the glass?", "What is a lantern?")


def test_questions_to_go_on_with_are_asked_with_one_click(page: Page) -> None:
    ask(page, "What is on the glass?")
    page.locator(".onward").get_by_role("button").first.click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator("#t2 .kind")).to_have_text("Canonical definition, word for word")


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE])
def test_the_language_of_the_page_is_chosen_and_stays(page: Page) -> None:
    page.locator(".tongues summary").click()
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("link", name="Dokumente")).to_be_visible()
    page.get_by_role("link", name="Dokumente").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("link", name="Dokumente").first).to_be_visible()


def test_what_the_browser_remembers_is_a_list_of_addresses_and_no_answers(page: Page) -> None:
    ask(page, "What is a lantern?")
    page.locator("#t1 .cite").wait_for()
    listed = json.loads(page.evaluate("localStorage.getItem('conversations')"))
    assert [sorted(one) for one in listed] == [["at", "id", "title"]] * len(listed)
    assert listed[0]["title"] == "What is a lantern?"
    assert re.fullmatch(r"[\w-]{20,}", listed[0]["id"])


def test_a_draft_is_marked_as_unchecked_and_then_gives_way_to_the_answer(page: Page, library: Library) -> None:
    library.patience = 40
    ask(page, "What is a lantern, written?")
    expect(page.locator("#t1 .kind")).to_contain_text("Being written, not checked yet")
    expect(page.locator("#t1 del")).to_have_text("It hums at night.")
    expect(page.locator("#t1 .draft")).to_contain_text("And more.")
    expect(page.locator("#t1 .kind")).to_have_text("Canonical definition, word for word", timeout=10_000)
    expect(page.locator("#t1 .draft")).to_have_count(0)


def test_stop_ends_the_work_and_the_question_can_be_asked_again(page: Page, library: Library) -> None:
    library.patience, stopped = 400, library.stopped
    ask(page, "What is a lantern, written?")
    expect(page.locator("#t1 .draft")).to_contain_text("And more.")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#t1 .problem p")).to_have_text("Stopped, as you asked. The question can be sent again.")
    page.wait_for_timeout(1000)
    expect(page.locator("#t1 .problem")).to_be_visible()
    assert library.stopped == stopped + 1
    library.patience = 1
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#t1 .kind")).to_have_text("Canonical definition, word for word")


def test_nothing_on_the_page_moves_while_an_answer_comes(page: Page, library: Library) -> None:
    page.evaluate(
        """() => { window.moved = 0; new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
        }).observe({ type: 'layout-shift', buffered: false }); }"""
    )
    library.patience = 20
    ask(page, "What is a lantern, written?")
    page.wait_for_timeout(600)
    expect(page.locator("#t1 .cite")).to_be_visible()
    assert page.evaluate("window.moved") < 0.1
