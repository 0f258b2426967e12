"""Readers keep every character, and find the sections and pages."""

from __future__ import annotations

from pathlib import Path

import docx
import pypdf
import pytest
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st
from pypdf.errors import PyPdfError

from corpus.errors import UserError
from corpus.readers import pdf, read_file
from corpus.readers.pdf import salad
from corpus.readers.text import is_bare_heading
from corpus.readers.types import Reading
from index.words import terms


def write(name: str, content: str | bytes) -> Path:
    path = Path(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def titles(reading: Reading) -> list[tuple[str, ...]]:
    return [section.heading_path for section in reading.sections]


def test_text_keeps_line_ends_no_break_spaces_and_a_missing_last_newline() -> None:
    content = "Rules\r\n\r\nOne\u00a0rule.\r\nAnd  another"
    assert read_file(write("a.txt", content)).text == content


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert read_file(write("a.txt", "\ufeffRules apply.")).text == "Rules apply."
    assert read_file(write("b.txt", "Règles.".encode("utf-16"))).text == "Règles."


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("Who we are", True),
        ("Shared gardens (SGs)", True),
        ("5 Voting", True),
        ("章程", True),
        ("growing together", False),
        ("Membership is free.", False),
        ("We offer:", False),
        ("- Item", False),
        ("One\nTwo", False),
        ("— 12 —", False),
        ("A line that has rather too many words in it to be taken for any kind of heading", False),
    ],
)
def test_a_bare_short_line_is_a_heading_and_nothing_else_is(line: str, heading: bool) -> None:
    assert is_bare_heading(line) is heading


def test_a_tag_line_under_two_headings_stays_with_each_of_them() -> None:
    text = "Parks\n\ngrow together\n\nParks are green.\n\nLakes\n\ngrow together\n\nLakes are blue."
    reading = read_file(write("a.txt", text))
    assert titles(reading) == [("Parks",), ("Lakes",)]
    assert [text[s.start : s.end].count("grow together") for s in reading.sections] == [1, 1]


def test_a_text_of_bare_lines_only_is_not_lost() -> None:
    reading = read_file(write("a.txt", "Founded in Lyon\n\nOpen to all"))
    assert titles(reading) == [()]


def test_a_text_without_any_heading_is_one_section() -> None:
    reading = read_file(write("a.txt", "It begins here. It ends here."))
    assert [(s.start, s.end) for s in reading.sections] == [(0, 29)]


@given(
    st.text(st.sampled_from("aB .\n\r#=-") | st.characters(codec="utf-8"), max_size=300), st.sampled_from(["txt", "md"])
)
def test_sections_cover_any_text_without_gaps(text: str, ending: str) -> None:
    path = write(f"any.{ending}", text)
    try:
        reading = read_file(path)
    except UserError:
        assert not text.strip() or "\0" in text or text.startswith("\ufeff")
        return
    edges = [(section.start, section.end) for section in reading.sections]
    assert edges[0][0] == 0
    assert edges[-1][1] == len(reading.text)
    assert all(
        left[1] == right[0] and left[0] < left[1]
        for left, right in zip(edges, [*edges[1:], (edges[-1][1], 0)], strict=True)
    )


def test_markdown_headings_nest_and_code_is_no_heading() -> None:
    text = "# Guide\n\nHello.\n\n## Fees *now*\n\nFree.\n\n```\n# not a heading\n```\n\nOther\n=====\n\nEnd.\n"
    reading = read_file(write("a.md", text))
    assert titles(reading) == [("Guide",), ("Guide", "Fees now"), ("Other",)]
    assert reading.text == text
    assert reading.title == "Guide"


def make_pdf(pages: list[str], outline: bool = False) -> Path:
    pdf = FPDF()
    pdf.set_title("The yearbook")
    for page in pages:
        pdf.add_page()
        pdf.set_font("helvetica", size=12)
        if outline:
            pdf.start_section(page.split("\n")[0])
        pdf.multi_cell(0, 8, page)
    path = Path("a.pdf")
    pdf.output(str(path))
    return path


def test_pdf_keeps_page_numbers_and_title() -> None:
    reading = read_file(make_pdf(["First page.", "Second page.", "Third page."]))
    assert reading.title == "The yearbook"
    assert [(page.number, reading.text[page.start : page.end].strip()) for page in reading.pages] == [
        (1, "First page."),
        (2, "Second page."),
        (3, "Third page."),
    ]


@pytest.mark.parametrize("title", ["untitled", "Microsoft Word - fees.doc", "report_final.indd", " "])
def test_a_title_that_a_program_made_up_is_none(title: str) -> None:
    path = make_pdf(["Words."])
    writer = pypdf.PdfWriter(clone_from=path)
    writer.add_metadata({"/Title": title})
    writer.write(path)
    assert read_file(path).title is None


def test_pdf_outline_gives_the_headings_where_their_words_stand() -> None:
    reading = read_file(make_pdf(["Budget\nIt grew.", "Events\nTwo were held."], outline=True))
    assert titles(reading) == [("Budget",), ("Events",)]
    second = reading.sections[1]
    assert reading.text[second.start : second.end].split() == ["Events", "Two", "were", "held."]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"", "it is empty"),
        ("a.txt", b"  \n ", "it holds no text"),
        ("a.txt", b"\xff\xfe\x00", "it begins as utf-16 and is not"),
        ("a.txt", b"a\0b", "it holds binary data"),
        ("a.xyz", b"text", "its format .xyz is not supported"),
        ("a.pdf", b"%PDF-1.7 nonsense", "it cannot be read as PDF"),
        ("b.pdf", b"not a pdf at all", "it cannot be read as PDF"),
    ],
)
def test_an_unusable_file_is_refused_with_its_reason(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(UserError, match=r".+") as caught:
        read_file(write(name, content))
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


PAGE = """<html><head><title>Fees 2024 | Club</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/x">Contact us</a></li></ul></nav>
<main><h1>Fees</h1><p>The fee is <b>40</b>
   euros.<br>Payable in May.</p><h2>Discounts</h2>
<ul><li>Students pay half.</li><li>Children   pay nothing.</li></ul>
<table><tr><th>Kind</th><th>Fee</th></tr><tr><td>Full</td><td>40</td></tr></table></main>
<footer>Imprint</footer></body></html>"""


def test_a_page_keeps_headings_lists_and_tables_and_loses_its_menu() -> None:
    reading = read_file(write("a.html", PAGE))
    assert reading.text == (
        "Fees\n\nThe fee is 40 euros.\nPayable in May.\n\n"
        "Discounts\n\n- Students pay half.\n- Children pay nothing.\n\nKind | Fee\nFull | 40"
    )
    assert titles(reading) == [("Fees",), ("Fees", "Discounts")]


def test_a_page_in_the_encoding_that_it_declares() -> None:
    page = '<html><head><meta charset="windows-1252"></head><body><p>Le café coûte 2 €.</p></body></html>'
    assert read_file(write("a.htm", page.encode("cp1252"))).text == "Le café coûte 2 €."


def test_a_page_that_marks_no_main_part_keeps_its_headings() -> None:
    """They were dropped: the page became one section, and a citation could not say where it stands."""
    menu = "".join(f'<li><a href="/{n}">Menu entry {n}</a></li>' for n in range(9))
    sections = "".join(
        f"<h2>Part {n}</h2><p>{f'Garden {n} is open to all who live nearby, and it lends its tools. ' * 3}</p>"
        for n in range(4)
    )
    reading = read_file(
        write(
            "a.html",
            f"<html><body><div><ul>{menu}</ul></div><div><div><h1>Gardens</h1>{sections}</div></div></body></html>",
        )
    )
    assert titles(reading)[0] == ("Gardens",)
    assert titles(reading)[-1] == ("Gardens", "Part 3")
    assert "Menu entry" not in reading.text
    assert reading.text.count("lends its tools") == 12


def test_a_page_of_scripts_only_is_refused_with_its_reason() -> None:
    with pytest.raises(UserError, match="it holds no"):
        read_file(write("a.html", "<html><body><script>alert(1)</script></body></html>"))


def test_a_word_document_keeps_headings_lists_and_tables() -> None:
    document = docx.Document()
    document.add_heading("Statutes", level=1)
    document.add_paragraph("The club is open.")
    document.add_heading("Voting", level=2)
    for item in ("One vote each.", "No proxies."):
        document.add_paragraph(item, style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for at, words in enumerate(("Organ", "Seats", "Board", "7")):
        table.cell(at // 2, at % 2).text = words
    document.save("a.docx")
    reading = read_file(Path("a.docx"))
    assert reading.text == (
        "Statutes\n\nThe club is open.\n\nVoting\n\n- One vote each.\n- No proxies.\n\nOrgan | Seats\nBoard | 7"
    )
    assert titles(reading) == [("Statutes",), ("Statutes", "Voting")]


def test_a_word_document_loses_nothing_that_its_library_passes_by() -> None:
    """A table in a table, a content control, an insertion, a text box, a footnote: each was left out in silence."""
    document = docx.Document()
    outer = document.add_table(rows=1, cols=2)
    outer.cell(0, 0).text = "Fees"
    inner = outer.cell(0, 1).add_table(rows=2, cols=2)
    for at, words in enumerate(("Full", "40", "Half", "20")):
        inner.cell(at // 2, at % 2).text = words
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    paragraph = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
    box = f"<w:pict><w:txbxContent>{paragraph.format('Boxed.')}</w:txbxContent></w:pict>"
    for xml in (
        f"<w:sdt {space}><w:sdtContent>{paragraph.format('Controlled.')}</w:sdtContent></w:sdt>",
        f"<w:p {space}><w:r><w:t>Kept, </w:t></w:r><w:ins><w:r><w:t>inserted</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:sdt><w:sdtContent><w:r><w:t>, filled in.</w:t></w:r></w:sdtContent></w:sdt></w:p>",
        f"<w:p {space}><w:r><w:t>Anchor.</w:t></w:r><w:r>{box}</w:r></w:p>",
    ):
        document.element.body.insert(-1, parse_xml(xml))
    notes = (
        f'<w:footnotes {space}><w:footnote w:type="separator" w:id="0">{paragraph.format("____")}</w:footnote>'
        f'<w:footnote w:id="1">{paragraph.format("Since 2019.")}</w:footnote></w:footnotes>'
    )
    part = Part(PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, notes.encode(), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    document.save("a.docx")
    assert read_file(Path("a.docx")).text == (
        "Fees | Full | 40; Half | 20\n\nControlled.\n\nKept, inserted, filled in.\n\nAnchor.\n\nBoxed.\n\nSince 2019."
    )


def test_a_glossary_in_csv_becomes_an_entry_a_section() -> None:
    reading = read_file(write("a.csv", 'Term;Definition;Source\nPlot;"A bed; tended.";Statutes\nSeed;A start.;\n'))
    assert reading.text == "Plot\n\nA bed; tended.\nSource: Statutes\n\nSeed\n\nA start."
    assert titles(reading) == [("Plot",), ("Seed",)]


def test_another_table_in_csv_becomes_a_sentence_a_row() -> None:
    reading = read_file(write("a.csv", "Kind,Fee\nFull,40\nHalf,20\n"))
    assert reading.text == "Kind: Full; Fee: 40.\n\nKind: Half; Fee: 20."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Les règlements de l’association sont publiés chaque année à Évora, où siège le comité élu.", "cp1252"),
        ("科技园是由专业人员管理的组织，其主要目的是通过促进创新文化来增加社区的财富。", "gb18030"),
    ],
)
def test_an_old_encoding_is_guessed_and_the_guess_is_told(text: str, encoding: str) -> None:
    reading = read_file(write("a.txt", text.encode(encoding)))
    assert reading.text == text
    assert reading.remarks == (f"its encoding was guessed as {encoding}; save it as UTF-8 if letters are wrong",)


def test_an_encoding_that_the_file_says_is_no_guess() -> None:
    for name in ("utf-8", "utf-8-sig", "utf-16"):
        assert read_file(write("a.txt", "Règles.".encode(name))).remarks == ()


def test_a_page_without_text_is_told_by_its_number() -> None:
    reading = read_file(make_pdf(["First page.", "", "Third page."]))
    assert reading.remarks == ("1 of 3 pages hold no text and need OCR: 2",)


def test_a_file_that_one_reader_cannot_read_is_read_by_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_pdf(["One.", "Two.", "Three."])
    monkeypatch.setitem(pdf.LIMITS, "page_tree_maximum_entries", 1)
    with pypdf.apply_configuration(**pdf.LIMITS), pytest.raises(PyPdfError):
        list(pypdf.PdfReader(path).pages)
    reading = read_file(path)
    assert [reading.text[page.start : page.end].strip() for page in reading.pages] == ["One.", "Two.", "Three."]


@pytest.mark.parametrize(
    ("text", "share"), [("Plain words.", 0.0), ("\ufffd\ufffdab", 0.5), ("\x01\x02", 1.0), ("", 0.0)]
)
def test_letter_salad_is_what_stands_for_no_letter(text: str, share: float) -> None:
    assert salad(text) == share


def test_of_two_texts_of_a_page_the_readable_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_pdf(["Fine.", "Salad."])
    monkeypatch.setattr(pdf, "_page_text", lambda page: "\ufffd" * 9 if page.page_number else "Fine.")
    reading = read_file(path)
    assert [reading.text[page.start : page.end].strip() for page in reading.pages] == ["Fine.", "Salad."]


def test_pages_keep_the_labels_that_differ_from_their_numbers(tmp_path: Path) -> None:
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    for style, text in (("r", "Preface."), ("r", "Thanks."), ("D", "Chapter.")):
        pdf.add_page(label_style=style, label_start=1 if text != "Thanks." else None)
        pdf.cell(text=text)
    pdf.output(str(tmp_path / "book.pdf"))
    reading = read_file(tmp_path / "book.pdf")
    assert [(page.number, page.label) for page in reading.pages] == [(1, "i"), (2, "ii"), (3, "1")]


def test_damaged_labels_cost_the_labels_only(tmp_path: Path) -> None:
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    pdf.add_page(label_style="r")
    pdf.cell(text="Preface.")
    pdf.output(str(tmp_path / "book.pdf"))
    damaged = (tmp_path / "book.pdf").read_bytes().replace(b"/S /r", b"/S 5 ")
    (tmp_path / "book.pdf").write_bytes(damaged)
    reading = read_file(tmp_path / "book.pdf")
    assert reading.text.strip() == "Preface."
    assert [page.number for page in reading.pages] == [1]


def test_the_index_finds_a_word_that_a_line_breaks() -> None:
    assert terms("incu-\nbation of inno\u00ad\nvation") == terms("incubation of innovation")
