"""The chat in a real browser, from the question to the marked words in the document."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.library import HOSTILE, LANTERN, Library

PHONE = {"width": 360, "height": 740}


def ask(page: Page, question: str) -> None:
    box = page.get_by_placeholder("Ask in your own words, in your language")
    box.fill(question)
    box.press("Enter")


def words(page: Page, selector: str) -> str:
    """The characters of an element as they stand in it, not as they are laid out."""
    return page.locator(selector).evaluate("element => element.textContent") or ""


def in_view(page: Page, selector: str) -> bool:
    box = page.locator(selector).bounding_box()
    view = page.viewport_size
    assert box
    assert view
    return box["y"] >= 0 and box["y"] < view["height"]


def test_a_question_is_answered_and_its_citation_leads_to_the_marked_words(page: Page) -> None:
    ask(page, "What is a lantern?")
    citation = page.get_by_role("link", name="Source 1: Lanterns")
    expect(citation).to_have_attribute("data-quote", LANTERN)
    expect(page.locator(".kind")).to_have_text("Canonical definition, word for word")
    citation.click()
    assert words(page, "#t1-s1 mark") == LANTERN
    expect(page.locator("#t1-s1")).to_be_focused()
    expect(page.locator("#t1-s1")).to_have_class("source on")
    # In a page of its own: going back would lose the conversation.
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open in the document").click()
    opened.value.wait_for_url("**/documents/harbour/lanterns?cite=*")
    assert words(opened.value, "#text mark") == LANTERN
    assert in_view(opened.value, "#text mark")
    expect(page.locator(".kind")).to_be_visible()


def test_an_example_question_is_asked_with_one_click(page: Page) -> None:
    page.get_by_role("button", name="What is on the glass?").click()
    expect(page.locator(".asked")).to_have_text("What is on the glass?")
    expect(page.locator(".kind")).to_have_text("In the words of the documents")


def test_a_citation_opens_by_keyboard_alone(page: Page) -> None:
    ask(page, "What is a lantern?")
    page.get_by_role("link", name="Source 1: Lanterns").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#t1-s1")).to_be_focused()


def test_words_of_a_document_that_look_like_code_come_out_literally(page: Page, library: Library) -> None:
    page.evaluate("document.title = 'untouched'")
    ask(page, "What is on the glass?")
    page.locator("#t1-s1").wait_for()
    assert words(page, "#t1-s1 mark") == HOSTILE
    assert HOSTILE in words(page, ".words p")
    assert page.locator("#transcript img, #sources img").count() == 0
    ask(page, "<img src=x onerror=\"document.title='hacked'\"> ${title} {{title}}")
    expect(page.locator("#t2 .asked")).to_have_text(
        "<img src=x onerror=\"document.title='hacked'\"> ${title} {{title}}"
    )
    assert page.title() == "untouched"
    page.goto(page.url + "documents/harbour/lanterns")
    assert words(page, "#text") == library.page.text
    assert page.locator("#text img").count() == 0


def test_a_greeting_that_comes_late_does_not_take_an_answer_away(browser: Browser, address: str) -> None:
    page = browser.new_page(locale="es-ES")
    held: list[Route] = []
    page.route("**/queue/join*", lambda route: route.continue_() if held else held.append(route))
    page.goto(address)
    page.locator("#transcript .log").wait_for()
    page.locator("#question textarea").fill("What is a lantern?")
    page.locator("#question textarea").press("Enter")
    expect(page.locator("#t1-s1 mark")).to_have_text(LANTERN)
    # The page's own first event, which brings everything in the reader's language.
    held[0].continue_()
    expect(page.locator("#send")).to_have_text("Preguntar")
    expect(page.locator("#t1 .asked")).to_have_text("What is a lantern?")
    expect(page.locator("#t1-s1 mark")).to_have_text(LANTERN)
    page.close()


def test_a_refusal_shows_the_nearest_passage_and_where_it_stands(page: Page) -> None:
    ask(page, "How many boats are there?")
    expect(page.locator(".kind")).to_have_text("○ Not in the documents")
    expect(page.locator(".near q")).to_have_text("Its keeper trims it at dusk.")
    expect(page.get_by_text("Searched: The harbour book, 2 passages")).to_be_visible()
    with page.expect_popup() as opened:
        page.locator(".near a").click()
    opened.value.wait_for_url("**/documents/harbour/lanterns?cite=*")
    assert words(opened.value, "#text mark") == "Its keeper trims it at dusk."


def test_a_citation_of_an_earlier_answer_brings_back_that_answers_sources(page: Page) -> None:
    ask(page, "What is a lantern?")
    page.locator("#t1 .cite").wait_for()
    ask(page, "What is on the glass?")
    expect(page.locator("#t2-s1")).to_be_visible()
    expect(page.locator("#t1-s1")).to_be_hidden()
    page.locator("#t1 .cite").click()
    expect(page.locator("#t1-s1")).to_be_visible()
    expect(page.locator("#t2-s1")).to_be_hidden()


def test_a_problem_is_a_card_and_the_conversation_goes_on(page: Page) -> None:
    ask(page, "a flood?")
    expect(page.locator("#t1 .problem p")).to_have_text("The question is too wet: ask a dry one.")
    ask(page, "What is a lantern?")
    expect(page.locator("#t2 .cite")).to_have_text("1")


def test_an_empty_question_changes_nothing(page: Page, library: Library) -> None:
    asked = len(library.followed)
    ask(page, "   ")
    ask(page, "What is a lantern?")
    expect(page.locator("#t1 .asked")).to_have_text("What is a lantern?")
    assert len(library.followed) == asked + 1


def test_a_new_conversation_forgets_the_one_before(page: Page, library: Library) -> None:
    ask(page, "What is a lantern?")
    page.locator("#t1 .cite").wait_for()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "What is on the glass?")
    page.locator("#t1 .cite").wait_for()
    assert library.followed[-1] == ("What is on the glass?", ())


def test_a_quote_is_copied_with_its_source(page: Page) -> None:
    ask(page, "What is a lantern?")
    page.get_by_role("button", name="Copy quote").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    quote, source, url = copied.rsplit("\n", 2)
    assert quote == f"“{LANTERN}”"
    assert source == "Lanterns · The harbour book · page 1 · received 22 Nov 2026"
    assert url.startswith("https://harbour.example/book#:~:text=")


def test_a_bare_fragment_on_a_documents_address_is_found_and_marked(page: Page, address: str, library: Library) -> None:
    citation = library.cited("Nobody knows why.")
    page.goto(f"{address}/documents/{citation.document_id}#{citation.id}")
    expect(page.locator("mark")).to_have_text("Nobody knows why.")


@pytest.mark.parametrize("size", [PHONE])
def test_on_a_phone_no_page_scrolls_sideways(page: Page, address: str) -> None:
    ask(page, "What is on the glass?")
    page.locator("#t1-s1").wait_for()
    ask(page, "How many boats are there?")
    page.locator(".near").wait_for()
    for path in ("", "/documents", "/documents/harbour/lanterns"):
        if path:
            page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path or "/"


@pytest.mark.parametrize("size", [PHONE])
def test_on_a_phone_a_citation_and_the_way_back_scroll(page: Page) -> None:
    for _ in range(3):
        ask(page, "How many boats are there?")
        expect(page.locator("#question textarea")).to_have_value("")
    ask(page, "What is a lantern?")
    page.locator("#t4 .cite").click()
    expect(page.locator("#t4-s1 mark")).to_be_in_viewport()
    page.get_by_role("link", name="Back to the answer").click()
    expect(page.locator("#t4 .cite")).to_be_focused()
    expect(page.locator("#t4 .cite")).to_be_in_viewport()
