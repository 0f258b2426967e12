"""Audits: every place that quotes a wording is found, in files of every kind, with its page and its verdict."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from docx import Document as WordDocument
from fpdf import FPDF

from assistant.audit import Audit, audit, audit_csv, audit_record
from assistant.suggest import suggestions, toml_of
from assistant.web.render import audit_page
from corpus.catalogue import load_corpus
from corpus.errors import UserError
from corpus.readers import read_file
from tests.test_check import OLD, PLOT, SHED

WORDINGS = [PLOT, SHED, OLD]
ABOUT = "The guild met in the hall and spoke of fences, of rain and of the price of seeds. " * 6


def audited(*paths: Path) -> Audit:
    return audit(paths, WORDINGS)


def verdicts(found: Audit) -> list[tuple[str, str, str]]:
    return [(Path(one.document).name, one.check.definition.term, one.check.verdict) for one in found.findings]


def pdf(path: Path, *pages: str) -> Path:
    made = FPDF()
    made.set_font("helvetica", size=11)
    for text in pages:
        made.add_page()
        made.multi_cell(90, 6, text)
    made.output(str(path))
    return path


def word(path: Path, *paragraphs: str) -> Path:
    made = WordDocument()
    for text in paragraphs:
        made.add_paragraph(text)
    made.save(str(path))
    return path


def test_files_of_every_kind_in_a_folder_are_looked_through(tmp_path: Path) -> None:
    folder = tmp_path / "brochures"
    (folder / "deep").mkdir(parents=True)
    pdf(folder / "a.pdf", ABOUT, f"{ABOUT}\n\n{PLOT.text}\n\n{ABOUT}")
    word(folder / "b.docx", ABOUT, SHED.text.replace("never", "always"), ABOUT)
    (folder / "deep" / "c.html").write_text(
        f"<html><body><article><h1>Us</h1><p>{ABOUT}</p><p>{OLD.text}</p></article></body></html>", encoding="utf-8"
    )
    (folder / "d.md").write_text(f"# Plot\n\n> {PLOT.text.upper()}\n", encoding="utf-8")
    (folder / "e.txt").write_text(ABOUT, encoding="utf-8")
    (folder / "f.exe").write_bytes(b"MZ")
    found = audited(folder)
    assert sorted(verdicts(found)) == [
        ("a.pdf", "plot", "formatting_only"),
        ("b.docx", "shed", "altered"),
        ("c.html", "plot", "earlier_version"),
        ("d.md", "plot", "formatting_only"),
    ]
    page = {Path(one.document).name: one.page for one in found.findings}
    assert page["a.pdf"] == 2
    assert page["d.md"] is None
    assert [Path(one.path).name for one in found.refused] == ["f.exe"]
    assert not found.holds


def test_a_changed_digit_and_a_dropped_word_are_named_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "law.txt"
    text = f"{ABOUT}\n\n{PLOT.text.replace('a well ', '')}\n\n{ABOUT}"
    path.write_text(text, encoding="utf-8")
    (one,) = audited(path).findings
    assert [(change.operation, change.canonical) for change in one.check.differences] == [("delete", "a well")]
    assert text[one.start : one.end] == PLOT.text.replace("a well ", "")
    assert one.confidence > 0.8


def test_every_copy_in_a_document_is_found(tmp_path: Path) -> None:
    path = tmp_path / "twice.txt"
    path.write_text(f"{PLOT.text}\n\n{PLOT.text.replace('gate', 'door')}\n\n{ABOUT}\n\n{PLOT.text}", encoding="utf-8")
    assert [one.check.verdict for one in audited(path).findings] == ["exact", "altered", "exact"]


@pytest.mark.parametrize("after", ["We meet again in May.", "Yours, Ana"])
def test_a_wording_that_is_cut_before_other_prose_is_truncated(tmp_path: Path, after: str) -> None:
    # The full stop of the next paragraph was taken for that of the wording, which made it altered.
    path = tmp_path / "letter.txt"
    cut = PLOT.text[: PLOT.text.index(" a gate")]
    path.write_text(f"Dear all,\n\n{cut}\n\n{after}\n", encoding="utf-8")
    assert [one.check.verdict for one in audited(path).findings] == ["truncated"]


def test_a_text_on_the_same_things_is_no_quotation(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text(
        "Neighbours tend the land. The gate was mended, the well is deep, the shed is full.\n" * 20, encoding="utf-8"
    )
    assert [one for one in audited(path).findings if one.has_drifted] == []


def test_the_findings_are_given_as_json_csv_and_one_page(tmp_path: Path) -> None:
    path = tmp_path / "=law.txt"
    path.write_text(f"{ABOUT}\n\n{PLOT.text.replace('well', '<b>pond</b>')}\n\n{ABOUT}", encoding="utf-8")
    found = audited(path)
    record = audit_record(found)
    assert (record["holds"], record["findings"][0]["drifted"]) == (False, True)
    (row,) = csv.DictReader(io.StringIO(audit_csv(found)))
    assert (row["term"], row["verdict"], row["body"]) == ("plot", "altered", "Guild")
    assert "“well” →" in row["differences"]
    page = audit_page(found)
    assert "<del>well</del>" in page
    assert "<b>pond" not in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_cell_that_a_spreadsheet_would_run_is_made_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("=1+1.txt").write_text(PLOT.text, encoding="utf-8")
    (row,) = csv.DictReader(io.StringIO(audit_csv(audited(Path("=1+1.txt")))))
    assert row["document"] == "'=1+1.txt"


def test_a_path_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist or is no file"):
        audited(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"no definitions\.toml"):
        audit([tmp_path], [])


GLOSSARY = """Glossary

Fallow (FA)
Definition: A field that is left unsown for a year.
Source: The guild.
Link: https://guild.example/1

Ley
Definition: A ley is land sown with grass for some years.
Source: The guild.
Link: https://guild.example/2

Idle land
Definition: See Fallow.
Source: The guild.
Link: https://guild.example/3

Furrow
Definition: A furrow is a trench that a plough has cut.
Source: The guild.
Link: https://guild.example/4

Headland
Definition: A headland is the strip of land on which the plough turns.
Link: https://guild.example/5

Hedge
Definition: A hedge is a row of shrubs that fences a field.
Link: https://guild.example/6

Ridge
Definition: A ridge is the earth between two furrows.
Link: https://guild.example/7
"""


def test_a_glossary_suggests_its_entries_with_acronyms_and_other_names(tmp_path: Path) -> None:
    path = tmp_path / "glossary.txt"
    path.write_text(GLOSSARY, encoding="utf-8")
    reading = read_file(path)
    found = {one.term: one for one in suggestions(reading)}
    assert set(found) == {"Fallow", "Ley", "Furrow", "Headland", "Hedge", "Ridge"}
    fallow = found["Fallow"]
    assert (fallow.acronyms, fallow.names) == (("FA",), ("Idle land",))
    assert reading.text[fallow.start : fallow.end] == "A field that is left unsown for a year."


def test_what_is_suggested_can_be_accepted_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "glossary.txt").write_text(GLOSSARY, encoding="utf-8")
    reading = read_file(folder / "glossary.txt")
    found = suggestions(reading)
    (folder / "definitions.toml").write_text(toml_of(found, reading.text, "glossary.txt", "Guild"), encoding="utf-8")
    corpus = load_corpus(folder)
    assert corpus.drifted == ()
    assert [(one.term, one.start, one.end) for one in corpus.definitions] == [
        (one.term, one.start, one.end) for one in found
    ]


def test_a_report_suggests_only_the_sentences_that_define(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text(
        "# Report\n\nOur work\n\nThe plot is a success and will go on. An allotment is a small piece of land that a "
        "town lets to a citizen. However, it is late. This is a problem of all towns.\n\n"
        "Crop rotation refers to growing other plants on a field each year.\n",
        encoding="utf-8",
    )
    assert [one.term for one in suggestions(read_file(path))] == ["allotment", "Crop rotation"]
