"""The documents' pages without a browser: the list, the text in parts, the places in it, the files."""

from __future__ import annotations

import dataclasses
import html
import os
import re
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.citations import citation_id
from assistant.originals import Original, find_original
from assistant.web import documents
from assistant.web.reader import MOST_ENTRIES, MOST_FOUND, Wish, found_in, view
from assistant.web.reading import LONGEST_PART, Mark, blocks, parts
from assistant.web.shell import Shell
from assistant.web.site import Site
from corpus.errors import UserError
from corpus.readers import read_file
from corpus.types import Document, Page, Refused, Section
from index.changes import FileRecord
from tests.browser.library import LANTERN, Library, make_document
from tests.pdfs import SECOND, write_pdf

HARBOUR = "/documents/harbour/lanterns"


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    # Without the chat, which takes most of the time to set up.
    app = FastAPI()
    app.include_router(documents.router(Site(lambda: library, lambda: None, "Ask the harbour", None)))
    app.add_middleware(Shell)
    with TestClient(app) as client:
        yield client


def article(page: str) -> str:
    """The words of a document's page as a browser reads them."""
    found = re.search(r'<article id="text"[^>]*>(.*)</article>', page, re.DOTALL)
    assert found, "the page has no document"
    return html.unescape(re.sub(r"<[^>]*>", "", found[1]))


def status(page: str) -> str:
    found = re.search(r'role="status">([^<]*)<', page)
    assert found, "nothing is announced"
    return html.unescape(found[1])


def titles(page: str) -> list[str]:
    return re.findall(r'<a href="/documents/[^"?]+" lang="\w+" dir="auto">([^<]+)</a>', page)


def many(count: int) -> list[Document]:
    made = make_document()
    return [
        dataclasses.replace(
            made,
            id=f"m{number}",
            title=f"Réunion {number:04}",
            path=f"{number}.txt",
            kind="minutes" if number % 2 else "report",
            language="fr" if number % 3 else "de",
            date=date(2020, 1, 1 + number % 28),
        )
        for number in range(count)
    ]


def long_document(characters: int, heading_every: int = 0) -> Document:
    lines = [f"Line {number} of a long text with some words in it.\n" for number in range(characters // 45)]
    text, starts = "", []
    for number, line in enumerate(lines):
        if heading_every and number % heading_every == 0:
            starts.append(len(text))
            line = f"Heading {number}\n"
        text += line
    ends = [*starts[1:], len(text)] if starts else []
    sections = [
        Section((text[start:].partition("\n")[0],), start, end) for start, end in zip(starts, ends, strict=True)
    ]
    made = make_document(text, tuple(sections) or (Section((), 0, len(text)),), "long")
    return dataclasses.replace(made, pages=())


# The list


def test_the_list_is_filtered_by_every_word_whatever_its_accents_and_says_how_many(
    client: TestClient, library: Library
) -> None:
    library.shelf = many(30)
    page = client.get("/documents", params={"q": "reunion 002 FRENCH"}).text
    assert titles(page) == [f"Réunion {n:04}" for n in (2, 20, 22, 23, 25, 26, 28, 29)]
    assert status(page) == "8 of 30 documents"


def test_the_list_is_filtered_by_kind_and_language_and_each_choice_says_how_many(
    client: TestClient, library: Library
) -> None:
    library.shelf = many(30)
    page = client.get("/documents", params={"kind": "minutes", "language": "de"}).text
    assert titles(page) == [f"Réunion {n:04}" for n in (3, 9, 15, 21, 27)]
    assert '<option value="minutes" selected>minutes (15)</option>' in page
    assert '<option value="de" selected>German (10)</option>' in page


def test_the_list_is_sorted_by_date_newest_first_and_undated_last(client: TestClient, library: Library) -> None:
    library.shelf = [dataclasses.replace(one, date=None) if one.id == "m2" else one for one in many(5)]
    page = client.get("/documents", params={"sort": "date"}).text
    assert [title[-1] for title in titles(page)] == ["4", "3", "1", "0", "2"]


def test_a_hundred_documents_are_shown_at_once_and_the_filter_stays_in_the_links(
    client: TestClient, library: Library
) -> None:
    library.shelf = many(250)
    first = client.get("/documents", params={"q": "réunion"}).text
    assert len(titles(first)) == 100
    assert status(first) == "250 of 250 documents, 1 to 100 shown"
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = client.get(html.unescape(following[1])).text
    assert titles(second)[0] == "Réunion 0100"
    last = client.get("/documents", params={"page": "99"}).text
    assert titles(last)[-1] == "Réunion 0249"
    assert 'rel="next"' not in last


def test_a_list_in_which_nothing_fits_says_so(client: TestClient) -> None:
    page = client.get("/documents", params={"q": "<b>zzz"}).text
    assert "No document fits." in page
    assert status(page) == "0 of 1 documents"
    assert 'value="&lt;b&gt;zzz"' in page


def test_the_list_counts_definitions_and_shows_what_is_wrong_with_a_document(
    client: TestClient, library: Library
) -> None:
    library.shelf = [dataclasses.replace(library.page, remarks=("2 of 3 pages hold no text",))]
    page = client.get("/documents").text
    assert "English · received 22 Nov 2026 · 2 pages · 1 definition · " in page
    assert "⚠ 2 of 3 pages hold no text" in page


def test_of_thousands_of_refused_files_the_first_hundred_are_named(client: TestClient, library: Library) -> None:
    library.refused = [Refused(f"{number}.pdf", "It is empty.") for number in range(2000)]
    page = client.get("/documents").text
    assert page.count("It is empty.") == 100
    assert "2,000 files are not in the index" in page


# The text in parts


@pytest.mark.parametrize(("size", "every"), [(200_000, 0), (200_000, 30), (1_000_000, 3), (59_000, 0)])
def test_the_parts_of_a_text_join_to_it_and_none_is_too_long(size: int, every: int) -> None:
    document = long_document(size, every)
    cut = parts(document)
    pieces = [piece for part in cut for block in blocks(document, [], part) for piece in block.pieces]
    assert "".join(piece.text for piece in pieces) == document.text
    assert max(end - start for start, end in cut) <= LONGEST_PART
    assert all(document.text[start:end].startswith(("Line", "Heading")) for start, end in cut)


def test_a_text_without_a_single_blank_is_cut_all_the_same() -> None:
    document = make_document("x" * 150_000, (Section((), 0, 150_000),), "x")
    assert "".join(document.text[start:end] for start, end in parts(document)) == document.text


def test_a_long_text_opens_at_the_part_with_the_citation(client: TestClient, library: Library) -> None:
    document = long_document(300_000, 20)
    library.shelf = (document,)
    start = document.text.index("Line 5003")
    identifier = citation_id(document, start, start + 9)
    page = client.get("/documents/long", params={"cite": identifier}).text
    assert len(page) < 150_000
    shown = re.search(r'data-start="(\d+)"', page)
    assert shown
    words = article(page)
    assert document.text[int(shown[1]) :].startswith(words)
    assert f'<mark id="{identifier}" data-begins="quoted words:" class="cited now">Line 5003</mark>' in page


def test_a_span_over_two_parts_is_marked_in_both() -> None:
    document = long_document(200_000)
    first, second = parts(document)[:2]
    mark = Mark(first[1] - 10, first[1] + 10, "c_1")
    shown = [
        "".join(piece.text for block in blocks(document, [mark], part) for piece in block.pieces if piece.kind)
        for part in (first, second)
    ]
    assert "".join(shown) == document.text[mark.start : mark.end]
    assert [len(words) for words in shown] == [10, 10]


def test_spans_that_overlap_begin_at_their_own_anchors() -> None:
    document = make_document("One two three four.", (Section((), 0, 19),))
    marks = [Mark(0, 13, "a"), Mark(4, 18, "b", is_current=True), Mark(4, 7, "c")]
    (block,) = blocks(document, marks)
    shown = [(piece.text, piece.anchors, piece.is_current) for piece in block.pieces if piece.kind]
    assert shown == [("One ", ("a",), False), ("two", ("b", "c"), True), (" three", (), True), (" four", (), True)]


def test_the_contents_lead_to_the_part_of_each_section(client: TestClient, library: Library) -> None:
    document = long_document(200_000, 60)
    library.shelf = (document,)
    shown = view(document, Wish({}))
    assert shown.contents.kind == "sections"
    last = shown.contents.entries[-1]
    assert (last.title, last.is_here) == (document.sections[-1].heading_path[-1], False)
    page = client.get(last.address).text
    assert f'id="{last.address.partition("#")[2]}"' in page
    assert last.title in article(page)


def test_the_contents_of_thousands_of_headings_stay_short() -> None:
    document = long_document(1_000_000, 3)
    entries = view(document, Wish({}, part=4)).contents.entries
    assert len(entries) <= len(parts(document)) + MOST_ENTRIES
    assert [entry.title for entry in entries if entry.is_here and entry.level == 1] == [
        document.section_at(parts(document)[3][0]).title
    ]


@pytest.mark.parametrize(
    "asked", ["part=99", "part=-1", "section=999", "page=77", "at=9", "at=x&part=y&page=&section=1e9"]
)
def test_an_address_that_asks_for_what_is_not_there_opens_the_document(client: TestClient, asked: str) -> None:
    assert client.get(f"{HARBOUR}?{asked}").status_code == 200


def test_what_no_page_can_hold_does_not_move_the_words_after_it(client: TestClient, library: Library) -> None:
    text = "A zero \0, half a pair \ud83d, and words."
    library.shelf = (dataclasses.replace(library.page, text=text, sections=(Section((), 0, len(text)),), pages=()),)
    assert article(client.get(HARBOUR).text) == "A zero \ufffd, half a pair \ufffd, and words."


# Places in a document


def test_several_citations_are_gone_through_in_the_order_of_the_address(client: TestClient, library: Library) -> None:
    first, second, third = (library.cited(words).id for words in ("on the glass", "Its keeper", "A lantern"))
    page = client.get(HARBOUR, params={"cite": [first, second, third], "at": 2}).text
    assert status(page) == "quotation 2 of 3"
    before = f"{HARBOUR}?cite={first}&cite={second}&cite={third}&at=1#{first}"
    assert f'rel="prev" href="{html.escape(before)}"' in page
    assert page.count("<mark") == 3
    assert page.count(" now") == 1


def test_a_citation_that_is_gone_among_others_is_said(client: TestClient, library: Library) -> None:
    page = client.get(HARBOUR, params={"cite": [library.cited(LANTERN).id, "c_000000000000_0_5"]})
    assert page.status_code == 200
    assert "1 of the citations belongs to no text that is here now." in page.text


def test_words_are_found_whatever_their_case_breaks_and_marks_are() -> None:
    text = "The “well-known”\nlantern.  the WELL–KNOWN\tLantern"
    assert [text[slice(*span)] for span in found_in(text, 'well-known" lantern')] == ["well-known”\nlantern"]
    assert len(found_in(text, "the")) == 2
    assert found_in(text, " ") == []
    assert found_in("a.b a+b", "a.b") == [(0, 3)]
    assert len(found_in("a " * 5000, "a")) == MOST_FOUND


def test_words_found_are_marked_counted_and_led_through(client: TestClient) -> None:
    page = client.get(HARBOUR, params={"find": "KEEPER", "at": "2"}).text
    assert status(page) == "found 2 of 3"
    assert re.findall(r'<mark id="(f-\d)"[^>]*>(\w+)</mark>', page) == [
        ("f-1", "keeper"),
        ("f-2", "keeper"),
        ("f-3", "keeper"),
    ]
    assert f'href="{HARBOUR}?find=KEEPER&amp;at=3#f-3"' in page
    nothing = client.get(HARBOUR, params={"find": "<i>whale"}).text
    assert status(nothing) == "“<i>whale” does not stand in this document."


def test_a_span_gets_its_permanent_citation_without_the_blanks_around_it(client: TestClient, library: Library) -> None:
    start = library.page.text.index("\nA lantern")
    given = client.get(f"{HARBOUR}/span", params={"start": start, "end": start + 31}).json()
    assert given["quote"] == "A lantern is a vessel of light"
    assert given["id"] == citation_id(library.page, start + 1, start + 31)
    assert (
        given["text"] == "“A lantern is a vessel of light”\n— The harbour book, Lanterns, page 1, received 22 Nov 2026"
    )
    assert client.get(given["address"], follow_redirects=False).headers["location"].endswith(f"#{given['id']}")


@pytest.mark.parametrize(("start", "end"), [(-1, 4), (5, 5), (9, 3), (0, 10_000), (8, 9)])
def test_a_span_outside_the_text_or_of_blanks_alone_is_refused_in_words(
    client: TestClient, library: Library, start: int, end: int
) -> None:
    assert library.page.text[8:9] == "\n"
    answer = client.get(f"{HARBOUR}/span", params={"start": start, "end": end})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(("Found the span", "Select from 1 to"))


# Files


def with_file(library: Library, path: Path, *, changed: bool = False) -> str:
    """The library with a document read from a file; the address of its page."""
    reading = read_file(path)
    digest = sha256(reading.text.encode()).hexdigest()
    document = dataclasses.replace(
        library.page, id=path.name, path=path.name, text=reading.text, sections=reading.sections, pages=reading.pages,
        sha256=digest,
    )  # fmt: skip
    library.shelf = (library.page, document)
    library.files = {path.name: Original(path, sha256(path.read_bytes()).hexdigest(), changed)}
    return f"/documents/{path.name}"


def test_a_pdf_page_stands_beside_its_text_with_the_cited_words_marked(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    page = with_file(library, write_pdf(tmp_path / "harbour.pdf"))
    document = library.shelf[1]
    start = document.text.index("a flame")
    identifier = citation_id(document, start, start + 16)
    shown = client.get(page, params={"cite": identifier}).text
    assert 'alt="Page 2 of “The harbour book”; the cited words are marked"' in shown
    assert shown.count('class="shade now"') == 2
    assert f'href="{page}/original#page=2"' in shown
    picture = client.get(f"{page}/pages/2.png")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    again = client.get(f"{page}/pages/2.png", headers={"If-None-Match": picture.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_span_over_two_pages_leads_to_both(client: TestClient, library: Library, tmp_path: Path) -> None:
    page = with_file(library, write_pdf(tmp_path / "harbour.pdf"))
    document = library.shelf[1]
    identifier = citation_id(document, document.text.index("at dusk"), document.text.index("The keeper.") + 10)
    shown = client.get(page, params={"cite": identifier}).text
    links = re.findall(r'href="([^"]+)"[^>]*>(\d)</a>', shown[shown.index('aria-label="Pages of the quotation"') :])
    assert [number for _, number in links[:2]] == ["2", "3"]
    other = client.get(html.unescape(links[1][0])).text
    assert 'alt="Page 3 of “The harbour book”; the cited words are marked"' in other


def test_words_that_are_not_on_the_picture_are_said_to_be_missing(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    page = with_file(library, write_pdf(tmp_path / "harbour.pdf"))
    read = library.shelf[1]
    document = dataclasses.replace(read, text=read.text.replace(SECOND[0], SECOND[0].replace("lantern", "LAMPION")))
    library.shelf = (document,)
    start = document.text.index("LAMPION")
    shown = client.get(page, params={"cite": citation_id(document, start, start + 7)}).text
    assert "These words were not found on the picture of the page, so they are not marked on it." in shown
    assert 'class="shade' not in shown
    assert f"{page}/pages/2.png" in shown


def test_a_damaged_pdf_shows_its_text_and_says_why_there_is_no_picture(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    path = write_pdf(tmp_path / "harbour.pdf")
    page = with_file(library, path)
    path.write_bytes(path.read_bytes()[:80])
    shown = client.get(page)
    assert shown.status_code == 200
    assert "This page cannot be shown: its page 1 cannot be drawn" in shown.text
    assert client.get(f"{page}/pages/1.png").status_code == 404


@pytest.mark.parametrize(
    ("name", "kind", "disposition"),
    [
        ("notes.txt", "text/plain; charset=utf-8", 'inline; filename="notes.txt"'),
        ("page.html", "text/plain; charset=utf-8", 'inline; filename="page.html"'),
        ("a; x=é.md", "text/plain; charset=utf-8", "inline; filename*=utf-8''a%3B%20x%3D%C3%A9.md"),
        ("old.csv", "text/plain; charset=windows-1252", 'inline; filename="old.csv"'),
    ],
)
def test_a_file_goes_out_as_what_it_is_and_a_web_page_as_text_that_never_runs(
    client: TestClient, library: Library, tmp_path: Path, name: str, kind: str, disposition: str
) -> None:
    words = "<html><body><p>Words, <script>alert(1)</script> café</p></body></html>"
    data = words.encode("cp1252" if name == "old.csv" else "utf-8")
    (tmp_path / name).write_bytes(data)
    library.files = {"harbour/lanterns": Original(tmp_path / name, "0" * 64, is_changed=False)}
    answer = client.get(f"{HARBOUR}/original")
    assert answer.content == data
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_that_has_changed_is_said_so_before_it_is_handed_out(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    page = with_file(library, write_pdf(tmp_path / "harbour.pdf"), changed=True)
    assert "The file has changed since it was indexed" in client.get(page).text
    asked = client.get(f"{page}/original")
    assert asked.status_code == 409
    assert "has changed since the index was built" in asked.text
    assert client.get(f"{page}/pages/1.png").status_code == 404
    assert client.get(f"{page}/original?now=1").content.startswith(b"%PDF")


def test_a_document_without_its_file_says_so_and_offers_no_link_to_it(client: TestClient) -> None:
    page = client.get(HARBOUR).text
    assert "The file of “The harbour book” is not kept here." in page
    assert "/original" not in page
    assert client.get(f"{HARBOUR}/original").status_code == 404
    assert client.get("/documents/none/original").status_code == 404
    assert client.get("/documents/none/pages/1.png").status_code == 404


# Which files are handed out


def record(name: str, data: bytes) -> FileRecord:
    return FileRecord(name, len(data), 0, 0, 0, sha256(data).hexdigest(), "")


def test_only_the_file_of_the_index_in_the_corpus_is_handed_out(tmp_path: Path) -> None:
    corpus, outside = tmp_path / "corpus", tmp_path / "secret.txt"
    corpus.mkdir()
    outside.write_bytes(b"secret")
    (corpus / "a.txt").write_bytes(b"words")
    os.symlink(outside, corpus / "link.txt")
    os.symlink("a.txt", corpus / "inside.txt")
    os.mkfifo(corpus / "pipe.txt")
    files = [
        record(name, b"words") for name in ("a.txt", "link.txt", "inside.txt", "../secret.txt", "pipe.txt", "gone.txt")
    ]

    def original(name: str) -> Original:
        return find_original(corpus, files, dataclasses.replace(make_document(), path=name).info)

    assert original("a.txt") == Original(corpus / "a.txt", sha256(b"words").hexdigest(), is_changed=False)
    assert original("inside.txt").path == corpus / "inside.txt"
    for name, reason in {
        "link.txt": "lies outside the corpus folder",
        "../secret.txt": "lies outside the corpus folder",
        "pipe.txt": "is no longer in the corpus folder",
        "gone.txt": "is no longer in the corpus folder",
        "other.txt": "is not kept with the index",
    }.items():
        with pytest.raises(UserError, match=reason):
            original(name)


def test_a_file_of_the_same_size_with_other_words_counts_as_changed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"words")
    files = [record("a.txt", b"words")]
    info = dataclasses.replace(make_document(), path="a.txt").info
    assert not find_original(tmp_path, files, info).is_changed
    (tmp_path / "a.txt").write_bytes(b"sword")
    assert find_original(tmp_path, files, info).is_changed


def test_pages_without_headings_are_the_contents() -> None:
    text = "One.\n\f\nTwo.\n"
    made = make_document(text, (Section((), 0, len(text)),))
    document = dataclasses.replace(made, pages=(Page(1, 0, 7), Page(2, 7, len(text))))
    shown = view(document, Wish({}, page=2))
    assert shown.contents.kind == "pages"
    assert [(entry.title, entry.is_here) for entry in shown.contents.entries] == [("1", False), ("2", True)]
