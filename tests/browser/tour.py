"""Every page of the program, served at once: the list that accessibility and the tour go through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from playwright.sync_api import Page

from assistant.building import Builder
from assistant.settings import load_settings
from assistant.web import indexing
from assistant.web.app import create_app
from assistant.web.site import Site
from evals import page as evaluation
from index.build import build_index
from tests.browser.library import LANTERN, Library
from tests.conftest import write_corpus
from tests.fakes import HashingEncoder, MemoryRecords
from tests.servers import serving
from tests.test_indexing import NEW, Works


def ask(page: Page, question: str) -> None:
    box = page.locator("#question textarea")
    box.fill(question)
    box.press("Enter")


def answered(page: Page) -> None:
    ask(page, "What is a lantern?")
    page.locator("#t1 .cite").wait_for()


def refused(page: Page) -> None:
    ask(page, "How many boats are there?")
    page.locator("#t1 .near").wait_for()


def checked(page: Page) -> None:
    page.get_by_label("The text", exact=True).fill(LANTERN.replace("a glass", "a lens") + " And more.")
    page.get_by_role("button", name="Check", exact=True).click()
    page.locator(".verdict").wait_for()


def asked_to_remove(page: Page) -> None:
    page.get_by_role("button", name="Remove").first.click()
    page.get_by_role("dialog").wait_for()


def greeted(page: Page) -> None:
    page.locator(".welcome").wait_for()


def evaluated(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).wait_for()


def nothing(page: Page) -> None:
    """Where a page is what it is as soon as it is there."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A page by what it shows: where it is, and what is done there first."""

    name: str
    path: str
    arrive: Callable[[Page], None] = nothing
    status: int = 200


CITED = Library().cited(LANTERN)
# A page that is new is one line more here.
STOPS = (
    Stop("the chat", "/", greeted),
    Stop("an answer", "/", answered),
    Stop("a refusal", "/", refused),
    Stop("the definitions", "/definitions"),
    Stop("a definition", "/definitions/lantern"),
    Stop("a check", "/definitions/check", checked),
    Stop("the documents", "/documents"),
    Stop("a document at a citation", f"/documents/{CITED.document_id}?cite={CITED.id}#{CITED.id}"),
    Stop("a message", "/documents/none", status=404),
    Stop("the index", "/index"),
    Stop("a question of the index", "/index", asked_to_remove),
    Stop("the evaluation", "/evaluation/", evaluated),
    Stop("the review", "/review"),
    Stop("a question for a set", "/review/question?answer=a_0001"),
    Stop("an alias for a definition", "/review/alias?answer=a_0001"),
)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server with all pages: the tiny library's, and those of staff over a real small index."""
    corpus = write_corpus(folder / "documents")
    (corpus / "empty.txt").write_bytes(b"")
    settings = load_settings(corpus=corpus, index=str(folder / "index"), reader="off")
    build_index(corpus, settings.index_folder, HashingEncoder())
    (corpus / "benches.txt").write_bytes(NEW)

    def staff(app: FastAPI, site: Site) -> None:
        indexing.mount(app, site, settings, Builder(settings, Works()))
        evaluation.mount(app, site, settings)

    library, records = Library(), MemoryRecords()
    # Something for the page Review; its name is a_0001.
    records.keep(library.ask("What is a boat?"), conversation="c", user=None, configuration="shipped")
    app = create_app(lambda: library, contact="office@harbour.example", staff=staff, records=records)
    with serving(app) as address:
        yield address
