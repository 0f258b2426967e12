"""The page of the API in a browser: what it shows, and that "Try it" really asks."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from assistant.web.openapi import CALLS
from tests.browser.library import LANTERN


@pytest.fixture
def calls(page: Page, address: str) -> Page:
    page.goto(f"{address}/api")
    return page


def test_every_call_is_shown_with_a_request_for_this_very_server(calls: Page, address: str) -> None:
    for call in CALLS:
        section = calls.locator(f"section#{call.name}")
        expect(section.get_by_role("heading", name=call.summary)).to_be_visible()
        expect(section.locator("pre").first).to_contain_text(f"{address}{call.path.partition('{')[0]}")


def test_each_call_can_be_tried_as_it_stands_and_is_answered(calls: Page) -> None:
    for call in CALLS:
        form = calls.locator(f"section#{call.name} form")
        form.get_by_role("button", name="Try it").click()
        expect(form.locator(".reply .meta")).to_contain_text("200 OK")


def test_what_comes_back_is_shown_as_text_whatever_is_in_it(calls: Page) -> None:
    form = calls.locator("section#ask form")
    form.get_by_label("Request, as JSON").fill('{"question": "What is on the glass?"}')
    form.get_by_role("button", name="Try it").click()
    expect(form.locator(".reply pre")).to_contain_text("<img src=x onerror=")
    assert calls.title() != "hacked"


def test_a_wrong_request_shows_its_sentence_by_keyboard_alone(calls: Page) -> None:
    field = calls.locator("#definition-term")
    field.fill("boat")
    field.press("Enter")
    reply = calls.locator("section#definition .reply")
    expect(reply.locator(".meta")).to_contain_text("404 Not Found")
    said = json.loads(reply.locator("pre").inner_text())["error"]
    assert said.startswith("There is no canonical definition of 'boat'")


def test_an_id_with_a_slash_and_a_span_give_the_words_of_the_citation(calls: Page) -> None:
    form = calls.locator("section#text form")
    form.get_by_role("button", name="Try it").click()
    expect(form.locator(".reply pre")).to_have_text(LANTERN)


@pytest.mark.parametrize("size", [{"width": 360, "height": 700}])
def test_nothing_is_wider_than_a_telephone(calls: Page) -> None:
    assert calls.evaluate("document.documentElement.scrollWidth") == 360
