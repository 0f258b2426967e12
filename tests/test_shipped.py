"""End to end: the shipped corpus, the real model, the real stores, through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assistant.cli import app
from corpus.catalogue import SHIPPED_DOCUMENTS, load_corpus
from corpus.definitions import names_of
from corpus.errors import UserError

SEED = Path(__file__).parents[2] / "shared" / "seed" / "iasp-definitions.txt"


@pytest.fixture(scope="module")
def shipped_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the shipped corpus with the real model, built once."""
    folder = tmp_path_factory.mktemp("shipped") / "index"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "assistant", "index", "build"],
        env={**os.environ, "ASSISTANT_INDEX": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 documents, 4 passages, 16 sentences" in done.stdout
    return folder


@pytest.fixture
def cli(shipped_index: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("ASSISTANT_INDEX", str(shipped_index))

    def run(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, arguments)
        if isinstance(result.exception, UserError):
            result = CliRunner().invoke(app, arguments, catch_exceptions=True)
            assert code == 2, result.exception
        else:
            assert result.exit_code == code, result.output
        return result

    return run


def ask(cli, question: str):  # type: ignore[no-untyped-def]
    return json.loads(cli("ask", question, "--json").stdout)


def test_the_shipped_text_is_the_text_that_was_received() -> None:
    if not SEED.is_file():
        pytest.skip("the association's text is not beside this checkout, so it cannot be compared with the copy")
    assert (SHIPPED_DOCUMENTS / SEED.name).read_bytes() == SEED.read_bytes()


def test_every_name_of_every_definition_returns_its_wording_untouched(cli) -> None:  # type: ignore[no-untyped-def]
    corpus = load_corpus(SHIPPED_DOCUMENTS)
    questions = [(name, definition) for definition in corpus.definitions for name in names_of(definition)]
    Path("q.jsonl").write_text(
        "".join(json.dumps({"id": at, "question": name}) + "\n" for at, (name, _) in enumerate(questions)),
        encoding="utf-8",
    )
    answers = [json.loads(line) for line in cli("ask", "--batch", "q.jsonl").stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(len(questions)))
    text = corpus.documents[0].text
    for answer, (name, definition) in zip(answers, questions, strict=True):
        assert answer["mode"] == "definition", name
        assert [c["quote"] for c in answer["citations"]] == [text[definition.start : definition.end]], name


@pytest.mark.parametrize(
    "term", ["innovation district", "knowledge quarter", "innovation hub", "incubator", "hybrid space", "technopolis"]
)
def test_what_the_text_only_mentions_returns_no_definition(cli, term: str) -> None:  # type: ignore[no-untyped-def]
    for question in (f"What is a {term}?", term, f"define {term}s", f"{term}s?"):
        answer = ask(cli, question)
        assert (answer["mode"], answer["outcome"]) == ("extractive", "not_found"), question


def test_the_main_job_a_refusal_has_its_reason_and_the_nearest_passages(cli) -> None:  # type: ignore[no-untyped-def]
    answer = ask(cli, "How many members does IASP have?")
    assert (answer["outcome"], answer["citations"]) == ("not_found", [])
    assert answer["reason"] == "expected_number_missing"
    assert len(answer["nearest"]) == 3


def test_a_fee_for_something_unheard_of_is_not_said_to_be_spoken_of(cli) -> None:  # type: ignore[no-untyped-def]
    answer = ask(cli, "How much is the entrance fee of the next conference?")
    assert (answer["outcome"], answer["reason"]) == ("not_found", "no_relevant_passage")


def test_the_example_of_the_contract(cli) -> None:  # type: ignore[no-untyped-def]
    history = [{"role": "user", "content": "What is the taxonomy study?"}, {"role": "assistant", "content": "…"}]
    line = json.dumps({"id": "q1", "question": "and who wrote it?", "history": history})
    Path("q.jsonl").write_text(line, encoding="utf-8")
    answer = json.loads(cli("ask", "--batch", "q.jsonl").stdout)
    assert (answer["id"], answer["standalone_question"]) == ("q1", "who wrote the taxonomy study?")
    assert answer["outcome"] == "answered"
    assert "Luis Sanz" in answer["citations"][0]["quote"]
    assert answer["citations"][0]["section"] == "Taxonomy study"


def test_an_acronym_finds_the_definitions_section_by_search(cli) -> None:  # type: ignore[no-untyped-def]
    hits = json.loads(cli("index", "search", "STP?", "--json").stdout)
    assert hits[0]["section"] == "Science and technology parks (STPs)"
    assert all("\n" in hit["text"] for hit in hits)


def test_documents_text_gives_every_byte(shipped_index: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "documents", "text", "iasp-definitions"],
        env={**os.environ, "ASSISTANT_INDEX": str(shipped_index), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
    )
    assert done.stdout == (SHIPPED_DOCUMENTS / "iasp-definitions.txt").read_bytes()


def test_every_line_of_a_batch_is_answered_in_order(cli) -> None:  # type: ignore[no-untyped-def]
    lines = [
        '{"id": 1, "question": "STP?"}',
        "",
        "not json",
        '{"id": "e", "question": ""}',
        '{"question": "AOI?", "x": 1}',
        "[1]",
        '{"id": "b"}',
        '{"id": 3, "question": "\\ud800 AOI?"}',
        '{"id": NaN, "question": "AOI?"}',
        '{"id": 9, "question": "AOI?"}',
    ]
    Path("q.jsonl").write_text("\r\n".join(lines), encoding="utf-8")
    result = CliRunner().invoke(app, ["ask", "--batch", "q.jsonl"])
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["id"] for record in records] == [1, None, "e", None, None, "b", 3, None, 9]
    answered = [record["outcome"] == "answered" for record in records]
    assert answered == [True, False, False, True, False, False, False, False, True]
    assert isinstance(result.exception, UserError)
    assert "q.jsonl:3: Found 'not json', expected a JSON object" in result.stderr
    assert "q.jsonl:4: The question is empty" in result.stderr


def test_status_and_lists_say_what_is_there(cli) -> None:  # type: ignore[no-untyped-def]
    status = json.loads(cli("index", "status", "--json").stdout)
    assert (status["documents"], status["definitions"], status["outdated"], status["refused"]) == (1, 4, False, [])
    (document,) = json.loads(cli("documents", "list", "--json").stdout)
    assert (document["id"], document["date"], document["kind"]) == ("iasp-definitions", "2026-11-22", "definitions")
    terms = [record["term"] for record in json.loads(cli("definitions", "list", "--json").stdout)]
    assert terms == ["mission", "area of innovation", "science and technology park", "organised innovation space"]
    assert "hidden" not in cli("definitions", "show", "AOIs").stdout
    assert "conductive" in cli("definitions", "show", "AOIs").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ask", ""), "The question is empty"),
        (("ask", "why " * 25_000), "has 100,000 characters"),
        (("ask",), "Give either one QUESTION"),
        (("ask", "--batch", "nowhere.jsonl"), "nowhere.jsonl cannot be read"),
        (("index", "search", " "), "nothing to search for"),
        (("documents", "text", "nowhere"), "There is no document 'nowhere'; expected one of iasp-definitions"),
        (("definitions", "show", "incubator"), "no canonical definition of 'incubator'"),
    ],
)
def test_wrong_use_is_one_plain_sentence(shipped_index: Path, monkeypatch, arguments, words) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("ASSISTANT_INDEX", str(shipped_index))
    result = CliRunner().invoke(app, list(arguments))
    assert isinstance(result.exception, UserError)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ASSISTANT_CORPUS", "/nowhere/at/all", "The corpus folder /nowhere/at/all does not exist"),
        ("ASSISTANT_PORT", "many", "The setting port (ASSISTANT_PORT) is 'many'"),
        ("ASSISTANT_ENCODER", "no-such-model", "no folder of a sentence-transformers model"),
        ("ASSISTANT_INDEX", "ftp://127.0.0.1:8000", "no address of a Chroma server"),
        ("ASSISTANT_INDEX", "http://127.0.0.1:9", "The Chroma server at http://127.0.0.1:9 could not be used"),
    ],
)
def test_a_wrong_setting_ends_the_program_with_one_line_and_code_2(variable: str, value: str, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "index", "build"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), variable: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_the_settings_file_is_read_and_a_broken_one_is_named(shipped_index: Path) -> None:
    from assistant.settings import load_settings

    Path("assistant.toml").write_text('port = 9000\ntitle = "Ask us"', encoding="utf-8")
    assert (load_settings().port, load_settings(port=1234).port, load_settings().title) == (9000, 1234, "Ask us")
    Path("assistant.toml").write_text("port = ", encoding="utf-8")
    with pytest.raises(UserError, match=r"assistant\.toml: it is not valid TOML"):
        load_settings()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("¿Sigue siendo correcto este texto? «{}»", "No: hay palabras que difieren"),
        ("这段话还对吗：“{}”", "不是：有些词"),
        ("Stimmt das noch: „{}“", "Nein: Einzelne Wörter weichen"),
        ("A member quotes our mission so: '{}' — is that still the official wording?", "No: words differ"),
    ],
)
def test_a_quoted_wording_is_checked_in_the_askers_language(cli, question: str, said: str) -> None:  # type: ignore[no-untyped-def]
    corpus = load_corpus(SHIPPED_DOCUMENTS)
    mission = next(one for one in corpus.definitions if one.term == "mission")
    wording = corpus.documents[0].text[mission.start : mission.end]
    answer = ask(cli, question.format(wording.replace("driving", "slowing")))
    assert answer["text"].startswith(said)
    assert "slowing" in answer["text"]
    assert [one["quote"] for one in answer["citations"]] == [wording]


def test_a_comparison_says_what_only_one_side_mentions(cli) -> None:  # type: ignore[no-untyped-def]
    answer = ask(cli, "What is the difference between a science park and an area of innovation?")
    assert len(answer["citations"]) == 2
    only = [line.removeprefix("Only here: ").split(" · ") for line in answer["text"].split("\n") if "Only here" in line]
    assert len(only) == 2
    for phrases, own, other in zip(only, answer["citations"], answer["citations"][::-1], strict=True):
        assert phrases
        assert all(phrase in own["quote"] and phrase not in other["quote"] for phrase in phrases)
