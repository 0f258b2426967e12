"""Definitions on the command line: show, check, audit, suggest, with their exit codes and their words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from assistant import service
from assistant.__main__ import main
from index.build import build_index
from tests.fakes import HashingEncoder
from tests.test_corpus import WORDING, add_wording, change_registry


@pytest.fixture
def gardens(corpus_folder: Path, index_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(service, "encoder_of", lambda _: HashingEncoder())
    monkeypatch.setattr(service, "reader_of", lambda _: None)
    monkeypatch.setenv("ASSISTANT_CORPUS", str(corpus_folder))
    monkeypatch.setenv("ASSISTANT_INDEX", str(index_folder))
    return corpus_folder


def run(*arguments: str) -> int:
    """The exit code of the command."""
    with patch.object(sys, "argv", ["assistant", *arguments]):
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def test_a_check_prints_the_verdict_and_ends_with_1_where_the_wording_is_gone(
    gardens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "leaflet.txt"
    text.write_text(WORDING.replace("lend tools", "sell tools"), encoding="utf-8")
    assert run("definitions", "check", "SG", str(text), "--json") == 1
    record = json.loads(capsys.readouterr().out)
    assert (record["term"], record["verdict"]) == ("shared garden", "altered")
    (change,) = record["differences"]
    assert (change["operation"], change["canonical"], change["given"]) == ("replace", "lend", "sell")
    assert WORDING[change["start"] : change["end"]] == "lend"
    text.write_text(f"“{WORDING}” (FSG, 2020)\n", encoding="utf-8")
    assert run("definitions", "check", "shared gardens", str(text)) == 0
    assert capsys.readouterr().out.startswith("Exact")


def test_a_batch_gives_a_line_for_each_line_and_names_those_that_are_wrong(
    gardens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = tmp_path / "batch.jsonl"
    rows = [
        {"id": 7, "term": "SG", "pasted_text": WORDING},
        {"id": 8, "term": "hothouse", "pasted_text": "A hothouse is warm."},
        {"id": 9, "term": "SG"},
        {"id": 10, "term": "\ud800", "pasted_text": "a"},
        {"id": 11, "term": "SG", "pasted_text": "\ud800"},
    ]
    batch.write_text("\n".join([*map(json.dumps, rows), "{", ""]), encoding="utf-8")
    assert run("definitions", "check", "--batch", str(batch)) == 2
    out, problems = capsys.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    assert [(one["id"], one["verdict"]) for one in found] == [
        (7, "exact"),
        (8, None),
        (9, None),
        (10, None),
        (11, None),
        (None, None),
    ]
    assert f"{batch}:2: There is no canonical definition of 'hothouse'; the registry has shared garden." in problems
    assert f"{batch}:3: Found pasted_text = None" in problems
    assert f"{batch}:6: Found '{{', expected a JSON object" in problems


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\xff", "is not UTF-8"),
        (b"%PDF-1.7", "definitions audit"),
        (b"a\x00b", "is no plain text"),
        (b"word " * 300_000, "up to 1,000,000 can be checked"),
    ],
)
def test_what_cannot_be_checked_gets_one_sentence(
    gardens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert run("definitions", "check", "SG", str(path)) == 2
    problem = capsys.readouterr().err.strip()
    assert words in problem
    assert "\n" not in problem.replace("Built", "")


def test_a_term_that_is_only_mentioned_is_said_with_its_place(
    gardens: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("definitions", "show", "seeds") == 2
    assert "There is no canonical definition of 'seeds', it is only mentioned (Who we are · " in capsys.readouterr().err


def test_the_wording_of_a_day_and_of_others_is_shown(gardens: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_registry(gardens, 'body = "FSG"', 'body = "FSG"\nvalid_from = 2010-01-01')
    add_wording(gardens, "growing together", status="superseded", valid_from="1990-01-01", valid_to="2009-12-31")
    add_wording(gardens, "Garden atlas", body="Seed Library")
    assert run("definitions", "show", "SG", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["wording"] == WORDING
    assert [(one["body"], one["status"]) for one in record["others"]] == [
        ("FSG", "superseded"), ("Seed Library", "current")
    ]  # fmt: skip
    assert run("definitions", "show", "SG", "--as-of", "2001-01-01", "--json") == 0
    assert json.loads(capsys.readouterr().out)["wording"] == "growing together"
    assert run("definitions", "show", "SG", "--as-of", "May") == 2
    assert "Found the date 'May', expected one such as 2020-01-01" in capsys.readouterr().err


def test_an_earlier_wording_is_named_as_one(gardens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quote = "An “Atlas of Garden Kinds (AGK)”, a work of the Seed Library (SL), was published in May 2019"
    add_wording(gardens, quote, status="superseded", version="first")
    text = tmp_path / "old.txt"
    text.write_text(quote, encoding="utf-8")
    assert run("definitions", "check", "SG", str(text), "--json") == 1
    record = json.loads(capsys.readouterr().out)
    assert (record["verdict"], record["match"]["version"]) == ("earlier_version", "first")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("plain", "— FSG, “Who we are”, Shared gardens (SGs), received 2026-05-01, https://gardens.example/who-we-are"),
        ("markdown", "> — FSG, [Who we are](https://gardens.example/who-we-are), Shared gardens (SGs)"),
        ("html", '<blockquote cite="https://gardens.example/who-we-are" lang="en"><p>Shared gardens are plots'),
        ("bibtex", "@misc{fsg-shared-garden,"),
    ],
)
def test_a_wording_is_given_with_its_source(
    gardens: Path, capsys: pytest.CaptureFixture[str], form: str, words: str
) -> None:
    assert run("definitions", "show", "SG", "--with-source", form) == 0
    assert words in capsys.readouterr().out


def test_a_definition_that_drifted_is_listed_and_fails_the_check(
    gardens: Path, index_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_index(gardens, index_folder, HashingEncoder())
    assert run("definitions", "list", "--check") == 0
    path = gardens / "gardens.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("keep seeds", "sell seeds"), encoding="utf-8")
    assert run("index", "build") == 0
    assert "Drifted shared garden (FSG): after" in capsys.readouterr().err
    assert run("definitions", "list", "--check") == 1
    out = capsys.readouterr().out
    assert "drifted      shared garden (FSG): after 'aim, shared gardens lend tools,' the quotation has" in out
    assert "there now:" in out
    assert run("definitions", "list") == 0
    capsys.readouterr()
    assert run("index", "status", "--json") == 0
    assert [one["term"] for one in json.loads(capsys.readouterr().out)["drifted"]] == ["shared garden"]


def test_an_audit_ends_with_1_where_a_quotation_has_drifted(
    gardens: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "law.txt").write_text(f"Article 1\n\n{WORDING.replace('lend', 'sell')}\n", encoding="utf-8")
    out = tmp_path / "audit.csv"
    assert run("definitions", "audit", str(tmp_path / "law.txt"), "--csv", str(out)) == 1
    assert "altered" in capsys.readouterr().out
    assert out.read_text(encoding="utf-8").count("altered") == 1
    (tmp_path / "law.txt").write_text(f"Article 1\n\n{WORDING}\n", encoding="utf-8")
    assert run("definitions", "audit", str(tmp_path / "law.txt"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True
