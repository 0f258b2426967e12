"""Answers as files: each form holds every quote to the letter, with what leads to its place."""

from __future__ import annotations

import html
import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfReader

from assistant import exports_pdf, service
from assistant.__main__ import main
from assistant.exports import answer_as, conversation_as
from assistant.records.types import Kept
from assistant.sheet import sheet
from assistant.types import Answer, Citation, Sentence
from assistant.web.speech import speaking
from corpus.errors import UserError
from index.build import build_index
from tests.browser.library import HOSTILE, LANTERN, Library, make_answer
from tests.fakes import HashingEncoder

BASE = "https://ask.example/"
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.fixture
def library() -> Library:
    return Library()


def cited(quote: str, number: int = 1, **more: Any) -> Citation:
    made = Citation(
        number=number,
        id=f"c_e496f0adbc60_{number}_{number + len(quote)}",
        document_id="harbour/lanterns",
        title="The harbour book",
        section="Lanterns",
        page=7,
        page_label=None,
        start=number,
        end=number + len(quote),
        quote=quote,
        url="https://harbour.example/book#:~:text=a%20flame",
    )
    return replace(made, **more)


def quoting(*quotes: str, question: str = "What is said?", **more: Any) -> Answer:
    citations = tuple(cited(quote, number, **more) for number, quote in enumerate(quotes, 1))
    return make_answer(question, "answered", "extractive", "", citations)


def kept(answer: Answer, identifier: str = "a_0001") -> Kept:
    return Kept(
        identifier, answer, datetime(2026, 11, 26, 9, 30, tzinfo=UTC), "t1", "ana", "encoder hashing", "down", "no"
    )


def squeezed(text: str) -> str:
    """Text without its white space, which no form of export keeps."""
    return "".join(text.split())


def rendered(markdown: str) -> str:
    """The text of Markdown as a reader sees it."""
    return html.unescape(re.sub(r"<[^>]*>", "", PARSER.render(markdown)))


def page_text(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)))


def pdf_of(*answers: Answer) -> PdfReader:
    made = conversation_as("pdf", [kept(one, f"a_{at}") for at, one in enumerate(answers, 1)], BASE)
    assert isinstance(made, bytes)
    return PdfReader(BytesIO(made))


def pdf_text(reader: PdfReader) -> str:
    return squeezed("".join(page.extract_text() for page in reader.pages))


# Text


def test_a_text_has_the_answer_with_its_numbers_and_below_each_quote_its_place(library: Library) -> None:
    answer = library.ask("What is a lantern?")
    made = answer_as("text", answer, registry=library.registry, address="https://ask.example/a/a_1")
    assert made == (
        "What is a lantern?\n\nCanonical definition, word for word\n\n"
        f"{LANTERN} [1]\n\n"
        "Sources of this answer\n\n"
        "[1] The harbour book · Lanterns · page 1 · Harbour office\n"
        "    “A lantern is a vessel of light: it has a flame, a glass and a keeper.\n"
        "    Its keeper trims it at dusk.”\n"
        f"    {answer.citations[0].url}\n\n"
        "From the index g1.\nhttps://ask.example/a/a_1\n"
    )


def test_a_refusal_is_exported_as_a_refusal_with_what_came_nearest(library: Library) -> None:
    made = answer_as("text", library.ask("Who sailed?"), asked_at=datetime(2026, 11, 2, tzinfo=UTC))
    assert "Not in the documents\n\nThe documents say nothing of this.\n\nWhat comes nearest\n\n[1] " in made
    assert "    “Its keeper trims it at dusk.”" in made
    assert made.endswith("Answered on 2 Nov 2026 from the index g1.\n")


def test_what_the_assistant_says_between_the_quotes_is_exported_as_its_own_word() -> None:
    one, two = cited("It has a flame."), cited("It has a glass.", 2)
    answer = replace(
        make_answer("Has it a flame?", "partial", "extractive", "", (one, two)),
        text="The documents differ:\n\nIt has a flame. [1]\n\nElsewhere:\n\nIt has a glass. [2]\n\nOf its oil no word.",
        standalone_question="has a lantern a flame",
    )
    laid = sheet(answer)
    assert [(line.text, line.numbers, line.is_note) for line in laid.lines] == [
        ("The documents differ:", (), True),
        ("It has a flame.", (1,), False),
        ("Elsewhere:", (), True),
        ("It has a glass.", (2,), False),
        ("Of its oil no word.", (), True),
    ]
    assert (laid.kind, laid.searched_for) == ("Partly in the documents", "has a lantern a flame")


def test_what_a_language_model_had_to_do_with_an_answer_is_exported(library: Library) -> None:
    for question in ("What is a lantern?", "Who sailed?"):
        answer = replace(library.ask(question), notice="One sentence was removed.")
        assert sheet(answer).lines[0].text == "One sentence was removed."
        assert "One sentence was removed." in answer_as("text", answer)


def test_words_that_are_not_the_documents_are_marked_so() -> None:
    written = (Sentence("A lamp.", "supported", (1,)), Sentence("A star.", "unsupported", (1,)))
    answer = replace(quoting("A lantern."), mode="model", sentences=written, text="A lamp. [1] A star. [1]")
    made = answer_as("markdown", answer)
    assert r"A lamp. \[1\] *(in other words, checked)*" in made
    assert r"A star. \[1\] *(not in the documents)*" in made


@pytest.mark.parametrize(
    ("url", "base", "address"),
    [
        ("https://harbour.example/a b<c>", "", "https://harbour.example/a%20b%3Cc%3E"),
        (None, BASE, "https://ask.example/c/c_e496f0adbc60_1_9"),
        ("javascript:alert(1)", BASE, "https://ask.example/c/c_e496f0adbc60_1_9"),
        ("javascript:alert(1)", "", ""),
        (None, "", ""),
    ],
)
def test_a_source_leads_to_an_address_of_the_web_or_to_this_site(url: str | None, base: str, address: str) -> None:
    answer = quoting("A quote.", url=url)
    assert sheet(answer, base).sources[0].address == address
    assert "javascript" not in answer_as("html", answer, base) + answer_as("markdown", answer, base)


def test_a_form_that_there_is_not_is_refused_with_those_that_there_are(library: Library) -> None:
    with pytest.raises(UserError, match="Found the format 'docx', expected one of text, markdown, html"):
        answer_as("docx", library.ask("What is a lantern?"))
    with pytest.raises(UserError, match="Found the format 'text', expected one of markdown, html, json, pdf"):
        conversation_as("text", [])
    with pytest.raises(UserError, match="the conversation has no answers yet"):
        conversation_as("pdf", [])


def test_the_words_around_an_answer_are_in_the_language_of_the_reader(library: Library) -> None:
    with speaking("de"):
        assert '<html lang="de">' in str(conversation_as("html", [kept(library.ask("What is a lantern?"))]))


def test_quotes_are_in_the_language_of_their_document_and_notes_in_the_askers(library: Library) -> None:
    answer = replace(library.ask("What is a lantern?"), language="es", notice="Una nota.")
    made = answer_as("html", answer, languages={"harbour/lanterns": "en"})
    assert '<div class="said" lang="es">' in made
    assert '<p class="note" dir="auto">Una nota.</p>' in made
    assert '<p lang="en" dir="auto">A lantern' in made
    assert ' lang="en" dir="auto">A lantern is a vessel' in made.partition("<blockquote")[2]


def test_a_chinese_quote_has_no_japanese_letterforms_where_its_language_is_known() -> None:
    for language, font in (("ja", "/HeiseiMin-W3"), ("zh", "/STSong-Light")):
        made = conversation_as("pdf", [kept(quoting("海"))], languages={"harbour/lanterns": language})
        assert isinstance(made, bytes)
        pages: Any = PdfReader(BytesIO(made)).pages
        names = {font.get_object()["/BaseFont"] for page in pages for font in page["/Resources"]["/Font"].values()}
        assert [name for name in names if "NotoSans" not in name] == [font]


# Markdown


TRAPS = (
    "*bold* _under_ `code` ~~gone~~ [link](https://evil.example) ![x](https://evil.example/x.png)",
    "# a heading\n## another ##\n- a list\n+ and\n* more\n1. first\n2) second\n> quoted\n---\n===\n    code\n\ttab",
    "<script>alert(1)</script> &amp; &lt; &#65; <https://evil.example> a|b|c",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "ends in a backslash\\\nand \\* an escape\n\n\nnew paragraph  \nhard",
    "[1]: https://evil.example 'title'\n[1]",
    "$x^2$ ~~~\nfence\n~~~\n```\nfence\n```",
    "carriage\rreturns\r\nand snake_case_words, 5*3*2, a**b**c",
)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
@example(TRAPS[0])
@example(TRAPS[1])
@example(TRAPS[2])
@example(TRAPS[3])
@example(TRAPS[4])
@example(TRAPS[5])
@example(TRAPS[6])
@example(TRAPS[7])
@settings(max_examples=150, deadline=None)
def test_markdown_is_rendered_as_the_words_of_the_quote_whatever_they_are(quote: str) -> None:
    made = answer_as("markdown", quoting(quote))
    text = squeezed(rendered(made))
    assert text.count(squeezed(quote)) >= 2
    tags = set(re.findall(r"<(\w+)", PARSER.render(made)))
    assert tags <= {"h2", "h3", "p", "em", "strong", "blockquote", "br", "a"}
    assert re.findall(r'href="([^"]*)"', PARSER.render(made)) == ["https://harbour.example/book#:~:text=a%20flame"]


@pytest.mark.parametrize("found", ["in 1901", "(1901)", "1901*", " 1901", "19\n01"])
def test_the_words_asked_for_are_strong_without_a_mark_left_in_the_text(found: str) -> None:
    quote = f"It was built{found}since then."
    start = 1 + quote.index(found)
    answer = quoting(quote, mark=(start, start + len(found)))
    made = answer_as("markdown", answer)
    assert squeezed(f"{quote}[1]") in squeezed(rendered(made))
    assert ("**in 1901**" in made) == (found == "in 1901")


def test_a_quote_of_several_paragraphs_stays_one_quotation_in_markdown() -> None:
    made = answer_as("markdown", quoting("One\nline\n\nanother"))
    assert "\n> One  \n> line\n> \n> another\n" in made
    assert PARSER.render(made).count("<blockquote>") == 1


def test_a_conversation_in_markdown_has_each_answer_with_its_permanent_address(library: Library) -> None:
    talk = [kept(library.ask("What is a lantern?"), "a_1"), kept(library.ask("Who sailed?"), "a_2")]
    made = str(conversation_as("markdown", talk, BASE))
    assert made.startswith("# Questions and answers\n\n26 Nov 2026 · 2 answers\n\n## What is a lantern?\n\n")
    assert re.findall(r"<(https://ask.example/a/\w+)>", made) == [
        "https://ask.example/a/a_1",
        "https://ask.example/a/a_2",
    ]


# HTML


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\r\n\t"), min_size=1))
@example(HOSTILE)
@example(TRAPS[2])
@settings(max_examples=100, deadline=None)
def test_a_page_shows_the_words_of_the_quote_and_runs_none_of_them(quote: str) -> None:
    page = str(conversation_as("html", [kept(quoting(quote, question=quote[:40] or "?"))], BASE))
    assert squeezed(page_text(page)).count(squeezed(quote)) >= 2
    assert set(re.findall(r"<(\w+)", page)) <= {
        "html", "head", "meta", "title", "style", "body", "main", "article", "h1", "h2", "h3", "p", "div", "strong",
        "em", "a", "figure", "figcaption", "blockquote", "br",
    }  # fmt: skip


def test_the_page_of_a_conversation_asks_nothing_of_anyone(library: Library) -> None:
    page = str(conversation_as("html", [kept(library.ask("What is on the glass?"))], BASE))
    assert re.findall(r"<(?:link|script|img|iframe)|url\(|@import", page) == []
    assert "@media print" in page


def test_numbers_lead_to_their_source_on_a_page_of_several_answers(library: Library) -> None:
    talk = [kept(library.ask("What is a lantern?")), kept(library.ask("What is on the glass?"))]
    page = str(conversation_as("html", talk, BASE))
    for anchor in ("t1-s1", "t2-s1"):
        assert page.count(f'id="{anchor}"') == 1
        assert f'href="#{anchor}"' in page
    assert ' id="' not in answer_as("html", library.ask("What is a lantern?"))


# JSON


def test_the_records_of_a_conversation_hold_the_answers_and_not_who_asked(library: Library) -> None:
    answer = library.ask("What is a lantern?")
    (record,) = json.loads(conversation_as("json", [kept(answer)], BASE))
    assert record == {
        "id": "a_0001",
        "asked_at": "2026-11-26T09:30:00+00:00",
        "address": "https://ask.example/a/a_0001",
        "configuration": "encoder hashing",
        "answer": answer.as_dict(),
    }


# PDF


EVERYWHERE = (
    "The keeper’s “own” words – 5 % more than in 1901 … é ñ ß ø ł ř ğ ș ﬁ ½ →",
    "Фонарь — это сосуд света. Ένα φανάρι είναι ένα σκεύος φωτός. Vì đèn lồng là ánh sáng.",
    "灯塔是光明的容器：它有火焰、玻璃和守护者。",
    "燈籠是光的容器，它有火焰。",
    "ランタンは光の器であり、炎とガラスと番人がいる。",
    "등불은 빛의 그릇이다.",
    "e\u0301 a\u0308 soft\u00adhyphen zero\u200bwidth no\u00a0break ideographic\u3000blank\u2003em\u2028line\x0cfeed",
    "Superlongword" * 60 + " https://harbour.example/" + "a/b_c" * 60,
    "• first\n• second\n\n• third\r\n• fourth <b>not bold</b> & &amp; ${x}",
)


@pytest.mark.parametrize("quote", EVERYWHERE)
def test_every_quote_can_be_read_out_of_the_pdf(quote: str) -> None:
    # Where a word may be broken shows nothing, and readers leave it out.
    shown = squeezed(quote).replace("\u00ad", "").replace("\u200b", "")
    assert pdf_text(pdf_of(quoting(quote))).count(shown) == 2


def test_a_pdf_says_what_it_is_and_carries_its_fonts() -> None:
    reader = pdf_of(quoting("A flame.", question="What is in a lantern – 灯?"), quoting("A glass."))
    assert reader.metadata is not None
    assert reader.metadata.title == "What is in a lantern – 灯?"
    root: Any = reader.root_object
    assert root["/Lang"] == "en"
    assert [one.title for one in reader.outline if not isinstance(one, list)] == [
        "What is in a lantern – 灯?",
        "What is said?",
    ]
    pages: Any = reader.pages
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]
    names = {font["/BaseFont"].rpartition("+")[2] for font in fonts if "/FontFile2" in font.get("/FontDescriptor", ())}
    assert names == {"NotoSans-Regular", "NotoSans-Bold"}
    lent = {font["/BaseFont"] for font in fonts if "/FontDescriptor" not in font}
    assert lent == {"/STSong-Light"}


def test_the_sources_of_a_pdf_are_linked_and_its_pages_numbered() -> None:
    reader = pdf_of(*(quoting("A flame.") for _ in range(12)))
    links = [
        note.get_object()["/A"]["/URI"]
        for page in reader.pages for note in page.get("/Annots", ())
        if "/A" in note.get_object() and "/URI" in note.get_object()["/A"]
    ]  # fmt: skip
    assert links.count("https://harbour.example/book#:~:text=a%20flame") == 12
    assert "https://ask.example/a/a_12" in links
    assert len(reader.pages) > 1
    for number, page in enumerate(reader.pages, 1):
        assert str(number) in page.extract_text().split("\n")


def test_an_answer_of_100000_characters_and_forty_sources_is_whole() -> None:
    long = "".join(f"Sentence {number} tells of the keeper. " for number in range(2900))[:100_000]
    quotes = [f"Source {number} says that nobody else may touch the lamp." for number in range(1, 41)]
    assert pdf_text(pdf_of(quoting(*quotes))).count("nobodyelsemaytouchthelamp") == 80
    text = pdf_text(pdf_of(quoting(long)))
    for number in (0, 1, 1450, 2500):
        assert text.count(f"Sentence{number}tellsofthekeeper.") == 2


@pytest.mark.parametrize(
    ("quote", "shown", "named"),
    [
        ("المصباح وعاء من نور", "[Arabic: 16 characters]", "Arabic"),
        ("המנורה היא כלי אור and more", "[Hebrew: 15 characters] and more", "Hebrew"),
        ("दीपक प्रकाश का पात्र है", "[Devanagari: 19 characters]", "Devanagari"),
        (
            "a smile 😀 and a bell \x07",
            "a smile [U+1F600: 1 character] and a bell [U+0007: 1 character]",
            "U+1F600, U+0007",
        ),
    ],
)
def test_what_a_pdf_cannot_show_is_named_in_its_place_and_at_the_top(quote: str, shown: str, named: str) -> None:
    text = pdf_text(pdf_of(quoting(quote)))
    assert text.count(squeezed(shown)) == 2
    assert squeezed(f"cannot show some of the text ({named}): brackets stand in its place") in text


def test_a_pdf_that_shows_everything_has_no_word_about_it() -> None:
    text = pdf_text(pdf_of(quoting("A flame.")))
    assert "cannotshow" not in text
    assert "PDFprogram" not in text


def test_a_pdf_that_leaves_letters_to_the_readers_program_says_so() -> None:
    assert squeezed("are shown in a font of your PDF program") in pdf_text(pdf_of(quoting("灯塔是光明的容器")))


def test_a_sign_without_dejavu_on_the_system_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # U+2713 is in no font that is packed with the program.
    monkeypatch.setattr(exports_pdf, "_FONT_FOLDERS", ())
    exports_pdf._held.cache_clear()
    try:
        assert "[U+2713:1character]" in pdf_text(pdf_of(quoting("Lit \u2713 at dusk.")))
    finally:
        exports_pdf._held.cache_clear()


# The command line


def test_ask_prints_the_forms_and_refuses_another_before_the_index_is_opened(
    corpus_folder: Path, index_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(service, "encoder_of", lambda _: HashingEncoder())
    monkeypatch.setattr(service, "reader_of", lambda _: None)
    monkeypatch.setenv("ASSISTANT_CORPUS", str(corpus_folder))
    monkeypatch.setenv("ASSISTANT_INDEX", str(index_folder))
    assert run("ask", "SG?", "--format", "docx") == 2
    assert "Found the format 'docx', expected one of text, markdown, html." in capsys.readouterr().err
    assert run("ask", "SG?", "--format", "html", "--json") == 2
    assert "Found --format with --json or --batch" in capsys.readouterr().err
    build_index(corpus_folder, index_folder, HashingEncoder())
    assert run("ask", "SG?", "--format", "markdown") == 0
    made = capsys.readouterr().out
    assert made.startswith("## SG?\n\n*Canonical definition, word for word*\n\n")
    assert r"\[1\] **Who we are · Shared gardens (SGs) · FSG**" in made


def run(*arguments: str) -> int:
    """The exit code of the command."""
    with patch.object(sys, "argv", ["assistant", *arguments]):
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0
