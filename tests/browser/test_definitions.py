"""Definitions in a real browser: the list and its filter, a wording copied, a text checked and sent on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.library import LANTERN

PHONE = {"width": 360, "height": 740}


def test_a_term_is_found_by_its_name_in_another_language_and_its_wording_copied(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}/definitions")
    page.get_by_label("Filter").fill("zzz")
    expect(page.get_by_text("No term has these letters.")).to_be_visible()
    page.get_by_label("Filter").fill("linter")
    page.get_by_role("link", name="lantern").click()
    expect(page.locator("blockquote.wording")).to_contain_text("A lantern is a vessel of light")
    page.get_by_role("button", name="the wording", exact=True).click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == LANTERN


def test_a_text_is_checked_by_keyboard_and_the_result_has_an_address(page: Page, address: str) -> None:
    page.goto(f"{address}/definitions/lantern")
    page.get_by_role("link", name="Check a text").click()
    page.get_by_label("The text", exact=True).fill(f"“{LANTERN.replace('a glass', 'a lens')}” (Harbour office, 2020)")
    page.get_by_role("button", name="Check").press("Enter")
    expect(page.locator(".verdict")).to_contain_text("Altered")
    expect(page.locator(".beside del")).to_have_text("glass")
    expect(page.locator(".beside ins")).to_have_text("lens")
    expect(page.locator(".wording .around").last).to_contain_text("(Harbour office, 2020)")
    again = page.context.new_page()
    again.goto(page.url)
    expect(again.locator(".verdict")).to_contain_text("Altered")


def test_a_file_is_dropped_in_and_looked_through(page: Page, address: str) -> None:
    page.goto(f"{address}/definitions/check")
    text = f"Notes\n\n{LANTERN}\n\nThe end of it.\n"
    page.locator("#file").set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": text.encode()})
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".verdict")).to_contain_text("Exact")


@pytest.mark.parametrize("path", ["/definitions", "/definitions/lantern", "/definitions/check"])
def test_the_pages_fit_a_phone(page: Page, address: str, path: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
