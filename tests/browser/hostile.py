"""A chat and an office whose every word came from outside, served for a browser."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import FastAPI

from assistant.ask import Assistant
from assistant.building import Builder
from assistant.model import Model
from assistant.registry import Registry
from assistant.settings import load_settings
from assistant.types import Answer, Citation, Done, Event, Turn
from assistant.web import indexing
from assistant.web.app import create_app
from assistant.web.site import Site
from assistant.write import Writer
from corpus.errors import UserError
from corpus.types import Section
from evals.model_server import ModelServer, Says, model_server
from index.build import build_index
from index.search import Snapshot
from tests.browser.attacked import ASKED, ATTEMPTS, EVERY, batches, plain
from tests.browser.library import Library, make_answer, make_definition, make_document
from tests.fakes import HashingEncoder, MemoryRecords, calibration
from tests.servers import serving
from tests.test_indexing import Works
from tests.test_injections_files import write_pdf

HARMLESS = ("harmless words", "quiet sounds")
HARMLESS_ROW = "main li:has-text('harmless')"
"""The lines of a list that are about harmless words."""
WORDS = {"harmless": "harmless words", "every": EVERY} | {f"lamp{at}": one for at, one in enumerate(ATTEMPTS)}
"""What a document, by its id, has for words from outside."""
PRINTED = ("harmless words", EVERY)
"""The titles of the PDF files, of which the number is the name."""
BURNS = "The {} is a light that says {} and burns."
GATES = [f"The gate code of pier {at} is {one} this year." for at, one in enumerate(batches(250))]
"""What a model may quote."""


# The chat


class Attacked(Library):
    """A library whose document, definition and questions are made of words from outside."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self.words: Sequence[str] = ()
        self.fill(words)

    def fill(self, words: Sequence[str]) -> None:
        self.words = words
        pieces = [f"{one}\nHere it says {one} and no more.\n" for one in words]
        starts = [sum(map(len, pieces[:at])) for at in range(len(pieces) + 1)]
        sections = tuple(Section((one,), starts[at], starts[at + 1]) for at, one in enumerate(words))
        self.page = replace(make_document("".join(pieces), sections, "evil"), title=" ".join(words), url=None)
        self.shelf, self.notice = (self.page,), " ".join(words)
        self.examples = tuple(words)
        # A question that leads on from every answer; what it finds is another place than what was cited.
        body = make_definition(
            self.page, quote="no more", body=words[0], names=(words[-1],), acronyms=(), question=f"{words[-1]} please"
        )
        self.registry = Registry((body,), lambda word: 2)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        if "flood" in question:
            raise UserError(f"Too wet: {question}")
        at = next((at for at, one in enumerate(self.words) if one in question), 0)
        said, place = self.words[at], self.said(at)
        if "please" not in question:
            text = f"Nobody says {said}."
            found = make_answer(question, "not_found", "extractive", text, (), (place,), said)
        else:
            found = make_answer(question, "answered", "extractive", said, (place,))
        return replace(found, standalone_question=f"{said}?", notice=said)

    def stream(
        self, question: str, history: Sequence[Turn] = (), id: str | int | None = None, *, literally: bool = False
    ) -> Iterator[Event]:
        self.followed.append((question, tuple(history)))
        yield Done(self.ask(question, history))

    def said(self, at: int) -> Citation:
        return self.cited(f"Here it says {self.words[at]} and")


@dataclass(frozen=True, slots=True)
class Chat:
    """A served chat over what was written by somebody else."""

    address: str
    library: Attacked
    records: MemoryRecords


@contextmanager
def attacked_chat() -> Iterator[Chat]:
    library, records = Attacked(ASKED), MemoryRecords()
    app = create_app(lambda: library, records=records, staff=lambda app, site: None)
    with serving(app) as address:
        yield Chat(address, library, records)


# The office: PDF files, a catalogue, definitions, texts; the staff's page that takes in files; a language model


def entry(name: str, words: str) -> str:
    """What the catalogue says of a document, and of one that is not there."""
    said = json.dumps(words)
    return (
        f'[[document]]\nfile = "{name}.txt"\nid = "{name}"\nlanguage = "en"\ntitle = {said}\nkind = {said}\n'
        f"url = {said}\n[[document]]\nfile = {json.dumps(f'{words} {name} is not there.txt')}\n"
    )


def definitions(name: str, words: str) -> str:
    """A definition in a document, and one that its document no longer has."""
    said = json.dumps(words)
    known, short, foreign = (json.dumps(f"{name} {kind} {words}") for kind in ("known", "short", "fremd"))
    return (
        f"[[definition]]\nterm = {json.dumps(f'{name} {words}')}\nbody = {said}\nversion = {said}\n"
        f'approved_by = {said}\ndocument = "{name}"\nquotation = {json.dumps(BURNS.format(name, words))}\n'
        f"names = [{known}]\nacronyms = [{short}]\ntranslations = {{ de = [{foreign}] }}\n"
        f"[[definition]]\nterm = {json.dumps(f'gone {name} {words}')}\nbody = {said}\n"
        f'document = "{name}"\nquotation = "It says {name} no more."\n'
    )


def write_files(folder: Path) -> Path:
    folder.mkdir()
    for name, words in WORDS.items():
        text = f"Of {name}\n\n{BURNS.format(name, words)}\n\n{words}\n\nIt says {name} no longer.\n"
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        (folder / f"{plain(words)[:200]}.md").write_text(f"# {name}\n\n{words} is in {name}.\n", encoding="utf-8")
    (folder / "gates.txt").write_text("Gate codes\n\n" + "\n\n".join(GATES) + "\n", encoding="utf-8")
    for name, make in (("catalogue", entry), ("definitions", definitions)):
        (folder / f"{name}.toml").write_text("".join(map(make, WORDS, WORDS.values())), encoding="utf-8")
    for number, title in enumerate(PRINTED):
        write_pdf(folder / f"printed{number}.pdf", title, number)
    shown = "".join(f"<p>{html.escape(one)}</p>" for one in ATTEMPTS)
    (folder / "web.html").write_text(f"<html><body>{shown}{EVERY}</body></html>", encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class Office:
    """A served index over files whose words came from outside, with the staff's page Index and a language model."""

    address: str
    corpus: Path
    works: Works
    model: ModelServer


@contextmanager
def attacked_office(folder: Path) -> Iterator[Office]:
    corpus = write_files(folder / "documents")
    settings = load_settings(corpus=corpus, index=str(folder / "index"), reader="off")
    build_index(corpus, settings.index_folder, HashingEncoder())
    works = Works()
    snapshot = Snapshot.current(settings.index_folder, HashingEncoder())
    with closing(snapshot), model_server(Says("")) as model:
        writer = Writer(Model.open("openai:scripted", model.address, seconds=10, tokens=500), seconds=10)
        assistant = Assistant.over(snapshot, calibration=calibration(), corpus=corpus, writer=writer)

        def staff(app: FastAPI, site: Site) -> None:
            indexing.mount(app, site, settings, Builder(settings, works))

        with serving(create_app(lambda: assistant, staff=staff)) as address:
            yield Office(address, corpus, works, model)
