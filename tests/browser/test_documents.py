"""The documents in a real browser: the list narrowed, words selected and sent on, pages as printed."""

from __future__ import annotations

import dataclasses
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.citations import citation_id
from assistant.originals import Original
from corpus.readers import read_file
from corpus.types import Document, Section
from tests.browser.library import LANTERN, Library, make_document
from tests.pdfs import write_pdf

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
ASTRAL = "The 🏮 keeper says 𝔥𝔢𝔩𝔩𝔬.\r\nThen the lantern burns.\n"
ARABIC = "دليل الميناء\n\nالفانوس وعاء من نور.\n" + "x" * 3000


@pytest.fixture(scope="module", autouse=True)
def shelf(library: Library, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Beside the harbour book: a PDF file, a text of many parts, one with signs beyond 16 bits, one in Arabic."""
    path = write_pdf(tmp_path_factory.mktemp("corpus") / "harbour.pdf")
    reading = read_file(path)
    printed = made(
        "printed", reading.text, title="The harbour in print", sections=reading.sections, pages=reading.pages
    )
    long = made("long", "".join(f"Line {number} of a long text.\n" for number in range(10_000)), title="A long text")
    library.shelf = (
        library.page,
        printed,
        long,
        made("astral", ASTRAL, title="Signs"),
        made("arabic", ARABIC, title="دليل الميناء", language="ar"),
    )
    library.files = {"printed": Original(path, sha256(path.read_bytes()).hexdigest(), is_changed=False)}


def made(identifier: str, text: str, **more: object) -> Document:
    whole = (Section((), 0, len(text)),)
    digest = sha256(text.encode()).hexdigest()
    base = dataclasses.replace(make_document(text, whole, identifier), pages=(), sha256=digest, kind="text")
    return dataclasses.replace(base, **more)  # type: ignore[arg-type]


def cited(document: Document, words: str) -> str:
    start = document.text.index(words)
    return citation_id(document, start, start + len(words))


def select(page: Page, words: str) -> None:
    """Select words of the document as a reader does, and tell the page so."""
    page.evaluate(
        """words => {
          const walker = document.createTreeWalker(document.getElementById("text"), NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const at = node.data.indexOf(words);
            if (at >= 0) getSelection().setBaseAndExtent(node, at, node, at + words.length);
          }
        }""",
        words,
    )


def test_the_list_narrows_as_somebody_types_and_says_how_many_are_left(page: Page, address: str) -> None:
    page.goto(f"{address}/documents")
    expect(page.get_by_role("status")).to_have_text("5 documents")
    page.get_by_label("Filter by title").press_sequentially("the harbour")
    expect(page.get_by_role("status")).to_have_text("2 of 5 documents")
    expect(page.locator("#shelf li")).to_have_count(2)
    page.get_by_label("Kind", exact=True).select_option("handbook")
    expect(page.get_by_role("status")).to_have_text("1 of 5 documents")
    assert page.url == f"{address}/documents?q=the+harbour&kind=handbook"
    page.reload()
    expect(page.locator("#shelf li")).to_have_count(1)
    expect(page.get_by_label("Filter by title")).to_have_value("the harbour")


def test_the_list_narrows_and_a_citation_opens_without_a_script(
    browser: Browser, address: str, library: Library
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/documents")
    page.get_by_label("Language", exact=True).select_option("ar")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#shelf li")).to_have_count(1)
    page.goto(f"{address}/c/{library.cited(LANTERN).id}")
    expect(page.locator("mark.now")).to_have_text(LANTERN)
    context.close()


def test_selected_words_are_copied_as_a_link_that_opens_at_them(page: Page, address: str, library: Library) -> None:
    page.goto(f"{address}/documents/astral")
    select(page, "lantern burns")
    page.get_by_role("button", name="Copy link to these words").click()
    expect(page.get_by_text("Copied.")).to_be_attached()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{address}/c/{cited(library.shelf[3], 'lantern burns')}"
    page.goto(link)
    expect(page.locator("mark.now")).to_have_text("lantern burns")
    expect(page.locator("mark.now")).to_be_in_viewport()


def test_selected_words_are_copied_as_a_quotation_with_its_source(page: Page, address: str) -> None:
    page.goto(f"{address}/documents/harbour/lanterns")
    select(page, "a flame, a glass")
    page.get_by_role("button", name="Copy quote with citation").press("Enter")
    expect(page.get_by_text("Copied.")).to_be_attached()
    quote, source, link = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert quote == "“a flame, a glass”"
    assert source == "— The harbour book, Lanterns, page 1, received 22 Nov 2026"
    assert link.startswith(f"{address}/c/c_")


def test_the_offer_goes_when_the_selection_does(page: Page, address: str) -> None:
    page.goto(f"{address}/documents/astral")
    select(page, "keeper")
    expect(page.get_by_role("toolbar", name="The selected words")).to_be_visible()
    page.evaluate("getSelection().removeAllRanges()")
    expect(page.get_by_role("toolbar", name="The selected words")).to_be_hidden()


def test_a_citation_behind_the_hash_alone_opens_in_the_part_that_holds_it(
    page: Page, address: str, library: Library
) -> None:
    identifier = cited(library.shelf[2], "Line 7007 of a long text.")
    page.goto(f"{address}/documents/long#{identifier}")
    expect(page.locator("mark.now")).to_have_text("Line 7007 of a long text.")
    expect(page.locator("mark.now")).to_be_in_viewport()


def test_citations_are_gone_through_by_keyboard(page: Page, address: str, library: Library) -> None:
    first, second = (cited(library.shelf[2], f"Line {number} ") for number in (12, 9000))
    page.goto(f"{address}/documents/long?cite={first}&cite={second}")
    expect(page.get_by_role("status").first).to_have_text("quotation 1 of 2")
    page.get_by_label("Find in this document").last.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("quotation 2 of 2")
    expect(page.locator("mark.now")).to_have_text("Line 9000 ")
    expect(page.locator("mark.now")).to_be_in_viewport()


def test_words_are_found_in_every_part_of_a_long_text(page: Page, address: str) -> None:
    page.goto(f"{address}/documents/long")
    page.get_by_label("Find in this document").last.fill("LINE 8888")
    page.keyboard.press("Enter")
    expect(page.locator("mark.now")).to_have_text("Line 8888")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_as_printed_marks_the_cited_words_where_they_stand(
    page: Page, address: str, library: Library, size: dict[str, int]
) -> None:
    identifier = cited(library.shelf[1], "Its keeper trims it at dusk.")
    page.goto(f"{address}/documents/printed?cite={identifier}")
    picture = page.get_by_role("img", name="Page 2 of “The harbour in print”; the cited words are marked")
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('.picture img').naturalWidth > 0")
    image, shade = picture.bounding_box(), page.locator(".shade.now").bounding_box()
    assert image
    assert shade
    middle = (shade["y"] + shade["height"] / 2 - image["y"]) / image["height"]
    assert middle == pytest.approx(316 / 600, abs=0.01)
    assert 0.35 < (shade["x"] - image["x"]) / image["width"] < 0.55
    text = page.locator("#text").bounding_box()
    assert text
    assert (image["x"] > text["x"] + text["width"] - 1) == (size is DESKTOP)
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("img", name="Page 3 of")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", ["", "/printed", "/long", "/arabic", "/harbour/lanterns?find=e"])
def test_the_pages_fit_the_screen(page: Page, address: str, path: str, size: dict[str, int]) -> None:
    page.goto(f"{address}/documents{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.locator("main").count() == 1


@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_forty_citations_are_listed_and_fit_a_phone(
    page: Page, address: str, library: Library, size: dict[str, int]
) -> None:
    asked = "&".join(f"cite={cited(library.shelf[2], f'Line {number} of')}" for number in range(100, 4100, 100))
    page.goto(f"{address}/documents/long?{asked}&at=7")
    expect(page.get_by_role("status").first).to_have_text("quotation 7 of 40")
    page.get_by_text("List", exact=True).click()
    expect(page.locator(".stops li")).to_have_count(40)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.locator(".stops li a").nth(39).click()
    expect(page.locator("mark.now")).to_have_text("Line 4000 of")


def test_arabic_words_stand_at_the_right(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/documents/arabic")
    assert page.evaluate("getComputedStyle(document.querySelector('#text div')).direction") == "rtl"
