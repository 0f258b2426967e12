"""Words from outside stay words in a real browser: nothing runs, nothing is built, nothing is asked of another host.

Every attempt is on every page, and the reader sees it as it was written. A page's elements are compared with those
that it has with harmless words; that its scripts did not run, the browser tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from corpus.errors import UserError
from corpus.intake import safe_name
from evals.model_server import Request, Says, claims, in_turn, passages
from tests.browser.attacked import ASKED, ATTEMPTS, EVERY, Watched, batches, is_built_as, kinds, lost, plain, shows
from tests.browser.hostile import (
    GATES,
    HARMLESS,
    HARMLESS_ROW,
    PRINTED,
    WORDS,
    Chat,
    Office,
    attacked_chat,
    attacked_office,
)
from tests.browser.tour import ask
from tests.test_injections_files import HIDDEN

PASTED = {
    "head", "body", "article", "div", "h2", "h3", "p", "strong", "em", "br", "figure", "figcaption", "blockquote", "a",
}  # fmt: skip
"""What a copied answer is made of."""


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    made = Watched(browser)
    yield made
    made.close()


# The chat


@pytest.fixture(scope="module")
def chat() -> Iterator[Chat]:
    with attacked_chat() as served:
        yield served


@pytest.fixture
def filled(chat: Chat) -> Iterator[Chat]:
    """The chat with nothing kept; its library is filled anew by who wants to."""
    chat.records.kept.clear()
    yield chat
    chat.library.fill(ASKED)


def greeted(watched: Watched, chat: Chat, words: Sequence[str]) -> Page:
    chat.library.fill(words)
    page = watched.open(chat.address)
    page.get_by_role("button", name=words[0]).wait_for()
    return page


def talk(page: Page, words: Sequence[str]) -> None:
    """Each of some words as a question that is answered, and as a refused one with a comment; then a problem."""
    for at, one in enumerate(words):
        ask(page, f"{one} please")
        page.locator(f"#t{2 * at + 1} .cite").wait_for()
        ask(page, one)
        page.locator(f"#t{2 * at + 2} .near").wait_for()
        comment(page, 2 * at + 2, one)
    ask(page, f"{words[0]} flood")
    page.locator("#transcript .problem").wait_for()


def comment(page: Page, turn: int, words: str) -> None:
    page.locator(f"#t{turn}").get_by_role("button", name="Tell staff that this is missing").click()
    page.locator(f"#comment-{turn}").fill(words)
    page.locator(f"#t{turn}").get_by_role("button", name="Send").click()
    page.locator(f"#comment-{turn}").wait_for(state="detached")


def test_questions_answers_and_sources_are_words_in_the_chat(watched: Watched, filled: Chat) -> None:
    page = greeted(watched, filled, HARMLESS)
    welcome = kinds(page, "#transcript")
    talk(page, HARMLESS[:1])
    log, sources = kinds(page, "#transcript"), kinds(page, "#sources")
    filled.records.kept.clear()
    page = greeted(watched, filled, ASKED)
    is_built_as(page, welcome, "#transcript")
    shows(page, "#transcript", ASKED)
    talk(page, ASKED)
    is_built_as(page, log, "#transcript")
    is_built_as(page, sources, "#sources")
    for part in (".asked", ".notice", ".searched em", ".words", ".why"):
        assert lost(" ".join(page.locator(f"#transcript {part}").all_inner_texts()), ASKED) == [], part
    shows(page, "#transcript .problem p", [ASKED[0]])
    page.locator("#t1 .cite").click()
    shows(page, "#t1-s1", [ASKED[0]])
    assert [one.kept.comment for one in reversed(filled.records.to_review())] == ASKED


def test_what_was_asked_before_is_words_when_it_is_changed_and_opened_again(watched: Watched, filled: Chat) -> None:
    page = greeted(watched, filled, ASKED)
    first, second, third = (f"{one} please" for one in ASKED[:3])
    ask(page, first)
    page.locator("#t1 .cite").wait_for()
    page.locator("#t1").get_by_role("button", name="Change this question").click()
    expect(page.locator("#question textarea")).to_have_value(first)
    ask(page, second)
    expect(page.locator("#t1 .asked")).to_have_text(second)
    page.locator("#t1 .cite").wait_for()
    ask(page, third)
    page.locator("#t2 .cite").wait_for()
    question, history = filled.library.followed[-1]
    assert (question, history[0].content) == (third, second)
    built = kinds(page, "#transcript")
    page.get_by_role("button", name="New conversation").click()
    page.get_by_role("button", name="Earlier conversations").click()
    # The list keeps the beginning of a title.
    shows(page, "dialog", [second[:160]])
    page.locator("dialog .open").first.click()
    expect(page.locator(".asked")).to_have_text([second, third])
    is_built_as(page, built, "#transcript")


def test_what_is_looked_at_in_passing_and_copied_is_words(watched: Watched, filled: Chat) -> None:
    page = greeted(watched, filled, ASKED)
    for turn, one in enumerate(ASKED, 1):
        ask(page, f"{one} please")
        page.locator(f"#t{turn} .cite").hover()
        # A quote is clipped there.
        shows(page, "#peek", [f"Here it says {one}"[:200]])
    assert kinds(page, "#peek") == {"q dir", "span class"}
    copied = []
    for turn in range(1, len(ASKED) + 1):
        page.locator(f"#t{turn} summary", has_text="Copy").click()
        page.locator(f"#t{turn} .menu").get_by_role("button", name="HTML").click()
        copied.append(page.evaluate("navigator.clipboard.readText()"))
    page = watched.context.new_page()
    page.set_content("".join(copied))
    assert {one.split()[0] for one in kinds(page)} <= PASTED
    shows(page, "body", ASKED)


# What a catalogue gives as a document's address, and what is copied as the address of a quote from it.
URLS = {
    "javascript:window.__owned=1": "/documents/evil?cite=", "//evil.example/x": "/documents/evil?cite=",
    '"><img src=y onerror=window.__owned=1>': "/documents/evil?cite=", "http://[evil": "http://[evil#:~:text=",
}  # fmt: skip


def test_a_quote_is_copied_with_an_address_that_runs_nothing(watched: Watched, filled: Chat) -> None:
    page = greeted(watched, filled, ASKED)
    for turn, (url, expected) in enumerate(URLS.items(), 1):
        filled.library.page = replace(filled.library.page, url=url)
        ask(page, f"{ASKED[0]} please")
        page.locator(f"#t{turn}-s1").get_by_role("button", name="Copy quote").click()
        expect(page.locator(f"#t{turn}-s1").get_by_role("button", name="Copied")).to_be_visible()
        address = page.evaluate("navigator.clipboard.readText()").splitlines()[-1]
        assert address.removeprefix(filled.address).startswith(expected)


# Addresses, and a text that is checked


# The places of an address, and whether its page names what was asked for.
PLACES = {
    "documents/{}": True, "c/{}": True, "definitions/{}": False, "documents/evil?find=x{}": True,
    "documents/evil?cite={}": True, "a/{}": False, "a/x.{}": False, "conversations/x.{}": False,
    "documents?q=x{}": False, "definitions/check?term={}": False, "definitions/check?t={}": False,
}  # fmt: skip


def test_an_address_is_shown_as_words(watched: Watched, chat: Chat) -> None:
    for place, is_named in PLACES.items():
        harmless = kinds(watched.open(f"{chat.address}/{place.format('harmless')}"))
        # Only the first 200 characters of what is looked for are taken; a name before the "?" has no slash.
        for words in batches(190) if "=x" in place else [EVERY]:
            said = words if "?" in place else plain(words)
            page = watched.open(f"{chat.address}/{place.format(quote(said, safe=''))}")
            is_built_as(page, harmless)
            if is_named:
                shows(page, "main", [said])
            if "?q" in place:
                expect(page.get_by_label("Filter by title")).to_have_value(f"x{said}")


def test_what_stands_behind_the_hash_of_an_address_is_nothing_to_run(watched: Watched, chat: Chat) -> None:
    harmless = kinds(watched.open(f"{chat.address}/documents/evil"))
    for number, one in enumerate([*ASKED, *(one for one in ATTEMPTS if "%" in one)]):
        page = watched.open(f"{chat.address}/documents/evil?part={number}#{one}")
        is_built_as(page, harmless)


def test_a_text_that_is_checked_and_the_name_of_its_file_are_words(watched: Watched, chat: Chat) -> None:
    built = []
    for words in ("harmless words", EVERY):
        page = watched.open(f"{chat.address}/definitions/check")
        page.get_by_label("The text", exact=True).fill(f"Here it says no more. {words}")
        page.get_by_role("button", name="Check").click()
        page.locator("#result").wait_for()
        built.append(kinds(page))
    assert built[1] - built[0] <= {"ins", "del", "q", "span class"}
    # The result is about the words alone; the whole text stands in the form below it.
    expect(page.locator("#text")).to_have_value(f"Here it says no more. {EVERY}")
    built = []
    for one in ("harmless", *batches(200)[:4]):
        file = {"name": f"{plain(one)}.txt", "mimeType": "", "buffer": b"Here it says no more."}
        page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
        with page.expect_navigation():
            page.get_by_role("button", name="Check").click()
        expect(page.locator("#result h2")).to_have_text(re.compile(r"[\w.() -]+"))
        built.append(kinds(page))
    assert set.union(*built) == built[0]


# What comes in with files


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with attacked_office(tmp_path_factory.mktemp("office")) as served:
        yield served


def test_titles_names_and_the_catalogue_are_words_in_the_list(watched: Watched, office: Office) -> None:
    page = watched.open(f"{office.address}/documents")
    is_built_as(page, kinds(page, HARMLESS_ROW), "main li")
    shows(page, "#shelf a")
    shows(page, "#shelf .meta")
    shows(page, "#shelf a", ASKED)
    shows(page, "main h2 ~ ul .path")


def test_texts_and_titles_are_words_on_the_pages_of_documents(watched: Watched, office: Office) -> None:
    for path, part in (("{}", "h1, #text"), ("{}?find=and+burns", "#text")):
        built = kinds(watched.open(f"{office.address}/documents/{path.format('harmless')}"))
        page = watched.open(f"{office.address}/documents/{path.format('every')}")
        is_built_as(page, built)
        shows(page, part)
    # A web page goes out as the text of its source.
    page = watched.open(f"{office.address}/documents/web.html/original")
    assert kinds(page) <= {"head", "meta content name", "body", "pre style"}
    shows(page)


def test_the_title_of_a_pdf_is_words_and_its_author_is_not_shown(watched: Watched, office: Office) -> None:
    built = kinds(watched.open(f"{office.address}/documents/printed0.pdf"))
    page = watched.open(f"{office.address}/documents/printed1.pdf")
    is_built_as(page, built)
    shows(page, "h1")
    assert HIDDEN not in page.content()


def test_the_title_of_a_pdf_is_words_in_the_sources_of_an_answer(watched: Watched, office: Office) -> None:
    office.model.brain = lambda _: Says("no")
    page = watched.open(office.address)
    built: set[str] = set()
    for number, title in enumerate(PRINTED):
        ask(page, f"What does Lamp {number} burn?")
        page.locator("#t1-s1").wait_for()
        # The other sources may have the other title.
        shows(page, "#t1-s1", [title])
        built = built or kinds(page, "#t1-s1")
        is_built_as(page, built, "#t1-s1")
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator(".turn")).to_have_count(0)


def test_definitions_are_words(watched: Watched, office: Office) -> None:
    page = watched.open(f"{office.address}/definitions")
    is_built_as(page, kinds(page, HARMLESS_ROW), "main li")
    for part in ("#terms a", "#terms .soft", "#terms .meta", "#none ~ h2 ~ .shelf strong", "#term"):
        shows(page, part)
    built: set[str] = set()
    for name in ("harmless", "every"):
        page = watched.open(f"{office.address}/definitions/{quote(f'{name} {WORDS[name]}', safe='')}")
        built = built or kinds(page)
        is_built_as(page, built)
    for part in ("h1", ".meta", ".wording", "main p[dir]", "dd", ".acts a"):
        shows(page, part)


def test_names_of_files_and_what_a_build_says_are_words_on_the_staffs_page(watched: Watched, office: Office) -> None:
    page = watched.open(f"{office.address}/index")
    is_built_as(page, kinds(page, HARMLESS_ROW), "main li")
    shows(page, "#list")
    built: set[str] = set()
    for words in ("harmless words", EVERY):
        office.works.fault = UserError(words)
        page.get_by_role("button", name="Rebuild", exact=True).click()
        expect(page.locator("#build .verdict.bad")).to_contain_text(words)
        built = built or kinds(page, "#build")
        is_built_as(page, built, "#build")
    name = f"{plain(ATTEMPTS[1])}.md"
    page.get_by_role("button", name=f"Remove {name}").click()
    shows(page, "#asks", [name])
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#said")).to_contain_text(name)
    shows(page, "#said, #shelf h3 ~ .shelf", [name])
    assert kinds(page, "#said, #asked") == set()


def test_the_names_of_files_that_are_sent_are_words(watched: Watched, office: Office) -> None:
    page = watched.open(f"{office.address}/index")
    built = kinds(page)
    names = [f"{plain(one)}.exe" for one in ATTEMPTS]
    page.locator("#files").set_input_files([{"name": one, "mimeType": "", "buffer": b"x"} for one in names])  # type: ignore[arg-type]
    expect(page.locator("#received li")).to_have_count(len(names))
    expect(page.locator("#received li.bad")).to_have_count(len(names))
    # What cannot be used is named as it would be called here; a file that is left out, as it was called there.
    taken = "the <b> & <img src=y>.txt"
    (office.corpus / safe_name(taken)).write_text("Another one.", encoding="utf-8")
    page.locator("#files").set_input_files({"name": taken, "mimeType": "", "buffer": b"x"})
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#received li").last).to_have_text(f"⚠ {taken} is left out.")
    is_built_as(page, built | {"li class"})


# What a language model says


def says(*texts: str) -> Says:
    """A reply that is there in half a second, and goes on for more than one with nothing to read."""
    text = claims(*((one, [("k1", one)]) for one in texts))
    return Says(text + " " * 6_000, piece=600, pause=0.12)


def quotes(request: Request) -> Says:
    """A reply of sentences that the documents have."""
    found = passages(request)
    return Says(claims(*((one, [(key, one)]) for one in GATES for key, text in found.items() if one in text)))


def test_what_a_model_writes_is_words_before_it_is_checked(watched: Watched, office: Office) -> None:
    page = watched.open(office.address)
    built: list[set[str]] = []
    for words in ("harmless words", EVERY):
        # After the draft comes the attempt to repair it, which fails at once.
        office.model.brain = in_turn(says(words), Says("no"))
        ask(page, "What are the gate codes?")
        expect(page.locator("#t1 .draft")).to_contain_text(words)
        built.append(kinds(page, "#transcript"))
        page.locator("#t1 .cite").first.wait_for()
        built.append(kinds(page, "#transcript"))
        assert "Written by a language model" not in page.locator("#t1 .kind").inner_text()
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator(".turn")).to_have_count(0)
    assert built[2] <= built[0], built[2] - built[0]
    assert built[3] <= built[1], built[3] - built[1]


def test_what_a_model_quotes_is_words_in_the_answer(watched: Watched, office: Office) -> None:
    page = watched.open(office.address)
    office.model.brain = quotes
    ask(page, "What are the gate codes?")
    page.locator("#t1 .cite").first.wait_for()
    assert "Written by a language model" in page.locator("#t1 .kind").inner_text()
    shows(page, "#t1 .words", GATES)


# What is kept


def keep(chat: Chat, words: Sequence[str]) -> list[str]:
    """Answers and refusals made of some words, kept with a reader's comment; their names."""
    chat.library.fill(words)
    chat.records.kept.clear()
    chat.records.resolved.clear()
    every, names = " ".join(words), []
    for one in words:
        for question in (f"{one} please", one):
            answer = chat.library.ask(question)
            name = chat.records.keep(answer, conversation="c", user=None, configuration=one)
            assert name
            chat.records.judge(name, "down", every, every)
            names.append(name)
    return names


def test_a_permanent_address_shows_words(watched: Watched, filled: Chat) -> None:
    harmless = set()
    for name in keep(filled, HARMLESS):
        harmless |= kinds(watched.open(f"{filled.address}/a/{name}"))
    for number, name in enumerate(keep(filled, ASKED)):
        page = watched.open(f"{filled.address}/a/{name}")
        is_built_as(page, harmless)
        for part in ("h1", ".answer"):
            shows(page, part, [ASKED[number // 2]])


def test_an_exported_page_shows_words(watched: Watched, filled: Chat, tmp_path: Path) -> None:
    def exported(number: int, path: str) -> Page:
        # Opened from a folder, a page has no policy that would refuse a script.
        file = tmp_path / f"{number}.html"
        file.write_text(watched.page.request.get(f"{filled.address}{path}").text(), encoding="utf-8")
        return watched.open(file.as_uri())

    harmless = set()
    for name in keep(filled, HARMLESS):
        harmless |= kinds(exported(0, f"/a/{name}.html"))
    for number, name in enumerate(keep(filled, ASKED)):
        page = exported(number, f"/a/{name}.html")
        is_built_as(page, harmless)
        shows(page, "body", [ASKED[number // 2]])
    page = exported(99, "/conversations/c.html")
    is_built_as(page, harmless)
    shows(page)


def test_staff_see_comments_and_notes_as_words(watched: Watched, filled: Chat) -> None:
    def reviewed(words: Sequence[str]) -> Iterator[Page]:
        first, *others = keep(filled, words)
        every = " ".join(words)
        yield watched.open(f"{filled.address}/review")
        yield watched.open(f"{filled.address}/review/question?answer={first}")
        yield watched.open(f"{filled.address}/review/alias?answer={first}&alias={quote(every[:200])}")
        filled.records.resolve([first, *others], "note", every, every)
        yield watched.open(f"{filled.address}/review?closed=1")

    harmless = [kinds(page) for page in reviewed(HARMLESS)]
    for number, page in enumerate(reviewed(ASKED)):
        is_built_as(page, harmless[number])
        if number in (0, 3):
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            comments = page.locator(".comment").all_inner_texts()
            assert [lost(one) for one in comments] == [[]] * 2 * len(ASKED)
            shows(page)
        else:
            assert page.get_by_label("Question" if number == 1 else "Another name").input_value()[:9] == ASKED[0][:9]
