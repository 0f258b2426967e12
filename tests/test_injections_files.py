"""What comes in with files stays words: properties of a PDF, the catalogue, definitions, texts, names of uploads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdf
import pytest
from fastapi.testclient import TestClient
from fpdf import FPDF
from markdown_it import MarkdownIt

from assistant.ask import Assistant
from assistant.exports import answer_as
from assistant.web.app import create_app
from corpus.errors import UserError
from corpus.intake import safe_name
from corpus.readers import read_file
from index.build import build_index
from index.search import Snapshot
from tests.attempts import EVIL, FORMULAS, LINES, ORDERS, TEX, Built, leads_astray
from tests.conftest import REGISTRY, write_corpus
from tests.fakes import HashingEncoder, calibration

ATTEMPTS = (*EVIL, *FORMULAS, *ORDERS, *TEX)
HIDDEN = "OWNED-BY-THE-AUTHOR"
"""Stands in every property of the PDF files but the title: nothing shows these."""


def write_pdf(path: Path, title: str, number: int) -> Path:
    """A PDF of one page about lamps, with a title and with words in each other property of it."""
    pdf = FPDF(unit="pt", format=(400, 600))
    pdf.set_font("helvetica", size=12)
    pdf.add_page()
    pdf.text(50, 300, f"Lamp {number} burns oil and hangs at pier {number}.")
    pdf.output(str(path))
    writer = pypdf.PdfWriter(clone_from=path)
    names = ("/Author", "/Subject", "/Keywords", "/Creator", "/Producer", "/Custom")
    writer.add_metadata({"/Title": title} | dict.fromkeys(names, f"{title} {HIDDEN}"))
    writer.write(path)
    return path


@dataclass(frozen=True, slots=True)
class Shelf:
    """A site over PDF files of which each carries one attempt in its properties; the last one is harmless."""

    client: TestClient
    assistant: Assistant


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("shelf")
    (folder / "documents").mkdir()
    for number, title in enumerate((*ATTEMPTS, "harmless")):
        write_pdf(folder / "documents" / f"lamp{number}.pdf", title, number)
    build_index(folder / "documents", folder / "index", HashingEncoder())
    snapshot = Snapshot.current(folder / "index", HashingEncoder())
    assistant = Assistant.over(snapshot, calibration=calibration(), corpus=folder / "documents")
    with TestClient(create_app(lambda: assistant)) as client:
        yield Shelf(client, assistant)
    snapshot.close()


def test_of_a_pdfs_properties_the_title_alone_is_taken(shelf: Shelf) -> None:
    documents = shelf.assistant.documents
    assert len(documents) == len(ATTEMPTS) + 1
    for one in documents:
        document = shelf.assistant.document(one.id)
        assert document
        assert HIDDEN not in repr(document)
    assert HIDDEN not in shelf.client.get("/documents").text
    assert HIDDEN not in shelf.client.get("/api/documents").text


def known(shelf: Shelf, number: int) -> set[tuple[str, tuple[str, ...]]]:
    return set(page_of(shelf, number).tags)


def page_of(shelf: Shelf, number: int) -> Built:
    answer = shelf.client.get(f"/documents/lamp{number}.pdf")
    assert answer.status_code == 200
    return Built(answer.text)


@pytest.mark.parametrize("number", range(len(ATTEMPTS)))
def test_a_pdfs_title_is_words_wherever_it_is_shown(shelf: Shelf, number: int) -> None:
    harmless = known(shelf, len(ATTEMPTS))
    assert len(harmless) > 10
    page = page_of(shelf, number)
    assert set(page.tags) - harmless == set()
    assert [one for one in page.addresses if leads_astray(one)] == []
    answer = shelf.assistant.ask(f"What does lamp {number} burn?")
    shown = [*answer.citations, *answer.nearest]
    assert shown
    for form in ("html", "markdown"):
        text = answer_as(form, answer, "https://ask.example")
        built = Built(text if form == "html" else MarkdownIt("commonmark", {"html": True}).render(text))
        assert [one for one in built.addresses if leads_astray(one)] == []
        assert {tag for tag, _ in built.tags} & {"script", "img", "svg", "iframe", "base", "b", "title"} == set()
    assert "OWNED" not in answer.text


def test_a_list_of_documents_is_built_as_with_harmless_titles(shelf: Shelf) -> None:
    page = Built(shelf.client.get("/documents").text)
    assert [one for one in page.addresses if leads_astray(one)] == []
    assert {tag for tag, _ in page.tags} & {"iframe", "base", "img"} == set()


# Catalogue and definitions


def test_fields_of_the_catalogue_and_of_definitions_are_words(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "evil")
    listed, defined = [(folder / "catalogue.toml").read_text(encoding="utf-8")], [REGISTRY]
    for number, evil in enumerate((*ATTEMPTS, *LINES)):
        said = json.dumps(evil)
        (folder / f"lamp{number}.txt").write_text(f"A lamp{number} is a light of pier {number}.\n", encoding="utf-8")
        listed.append(f'[[document]]\nfile = "lamp{number}.txt"\nid = "lamp{number}"\nurl = {said}\n')
        listed.append(f'language = "en"\ntitle = {said}\nkind = {said}\n')
        defined.append(f'[[definition]]\nterm = "lamp{number}"\nbody = {said}\ndocument = "lamp{number}"\n')
        defined.append(f'quotation = "A lamp{number} is a light of pier {number}."\n')
    (folder / "catalogue.toml").write_text("".join(listed), encoding="utf-8")
    (folder / "definitions.toml").write_text("".join(defined), encoding="utf-8")
    build_index(folder, tmp_path / "index", HashingEncoder())
    snapshot = Snapshot.current(tmp_path / "index", HashingEncoder())
    assistant = Assistant.over(snapshot, calibration=calibration())
    assert len(assistant.documents) == len(ATTEMPTS) + len(LINES) + 1
    with TestClient(create_app(lambda: assistant)) as client:
        own = (f"/{place}/lamp{number}" for number in range(len(ATTEMPTS)) for place in ("documents", "definitions"))
        for path in ("/documents", "/definitions", *own):
            got = client.get(path)
            assert got.status_code == 200
            page = Built(got.text)
            assert [one for one in page.addresses if leads_astray(one)] == []
            assert {tag for tag, _ in page.tags} & {"iframe", "base", "img"} == set()
    snapshot.close()


# Names of uploads


@pytest.mark.parametrize(
    "evil", [*ATTEMPTS, *LINES, "../../x", "..\\..\\x", "/etc/passwd", "C:\\x", "con", "a\x00b", "."]
)
def test_the_name_of_an_upload_stays_in_its_folder_and_on_one_line(tmp_path: Path, evil: str) -> None:
    try:
        name = safe_name(f"{evil}.txt")
    except UserError:
        return
    assert name.isprintable()
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()


# What a file of text holds


@pytest.mark.parametrize("ending", ["txt", "md", "html", "csv"])
def test_no_file_has_its_links_followed_or_its_scripts_taken_for_text(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"evil.{ending}"
    script = "<script>OWNED()</script><style>OWNED</style><!-- OWNED -->"
    body = f"<html><body><p>A lamp burns oil.</p>{script}</body></html>" if ending == "html" else "a,b\nlamp,=1+1\n"
    path.write_text(body, encoding="utf-8")
    assert "OWNED" not in read_file(path).text


def test_attempts_by_files_are_many() -> None:
    assert len(ATTEMPTS) * 3 + len(LINES) * 2 + 7 >= 130
