"""What is kept of conversations: the same in SQLite and in PostgreSQL."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from assistant import service
from assistant.cli import app
from assistant.records.check import check
from assistant.records.store import LONGEST_COMMENT, Store
from assistant.records.types import Records
from assistant.settings import load_settings
from assistant.types import Answer, Citation, Sentence, answer_of
from corpus.errors import UserError
from index.build import build_index
from tests.browser.library import Library, make_document
from tests.fakes import HashingEncoder
from tests.postgresql import postgresql

LIBRARY = Library()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield "kept/records.sqlite"
        return
    import psycopg

    server = request.getfixturevalue("server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    yield server


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    opened = Store(address, 365)
    yield opened
    opened.close()


def keep(
    store: Records, question: str = "What is a lantern?", conversation: str = "c1", user: str | None = "ana"
) -> str:
    identifier = store.keep(LIBRARY.ask(question), conversation=conversation, user=user, configuration="shipped")
    assert identifier is not None
    return identifier


def test_an_answer_comes_back_as_it_was_given(store: Store) -> None:
    answer = LIBRARY.ask("What is on the glass?")
    identifier = keep(store, "What is on the glass?")
    kept = store.answer(identifier)
    assert kept is not None
    assert kept.answer == answer
    assert kept.answer.seconds == answer.seconds
    assert (kept.id, kept.conversation, kept.user, kept.configuration) == (identifier, "c1", "ana", "shipped")
    assert kept.asked_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - kept.asked_at) < timedelta(minutes=1)
    assert (kept.verdict, kept.comment) == (None, "")
    assert store.answer("a_unknown") is None


def test_an_answers_name_is_long_enough_that_nobody_guesses_one(store: Store) -> None:
    names = {keep(store) for _ in range(20)}
    assert len(names) == 20
    assert {len(name) for name in names} == {2 + 22}


def test_conversations_are_listed_newest_first_with_their_first_question(store: Store) -> None:
    keep(store, "What is a lantern?", "c1")
    keep(store, "What is on the glass?", "c2")
    keep(store, "Who trims it?", "c1")
    keep(store, "What is a lantern?", "c3", user="bo")
    found = store.conversations("ana")
    assert [(one.id, one.title, one.count) for one in found] == [
        ("c1", "What is a lantern?", 2), ("c2", "What is on the glass?", 1)
    ]  # fmt: skip
    assert found[0].updated_at > found[1].updated_at
    assert [one.id for one in store.conversations("ana", limit=1)] == ["c1"]
    assert [one.answer.question for one in store.conversation("c1", "ana")] == ["What is a lantern?", "Who trims it?"]


def test_a_conversation_is_no_other_persons(store: Store) -> None:
    keep(store, conversation="c1", user="ana")
    keep(store, conversation="c2", user=None)
    assert store.conversation("c1", "bo") == []
    assert store.conversation("c1") == []
    assert len(store.conversation("c2")) == 1
    assert store.remove_conversation("c1", "bo") is False
    assert store.remove_conversation("c1", "ana") is True
    assert store.conversation("c1", "ana") == []


def test_a_word_on_an_answer_replaces_the_same_readers_and_can_be_taken_back(store: Store) -> None:
    identifier = keep(store)
    assert store.judge(identifier, "down", "not what I meant", "bo")
    assert store.judge(identifier, "up", "now I see\0", "bo")
    kept = store.answer(identifier)
    assert kept is not None
    assert (kept.verdict, kept.comment) == ("up", "now I see�")
    assert store.judge(identifier, None, "", "bo")
    kept = store.answer(identifier)
    assert kept is not None
    assert (kept.verdict, kept.comment) == (None, "")
    assert store.judge("a_unknown", "up", "", None) is False


def test_a_comment_that_is_too_long_is_refused_and_says_so(store: Store) -> None:
    with pytest.raises(UserError, match="The comment has 2,001 characters, up to 2,000 fit: shorten it"):
        store.judge(keep(store), "down", "x" * (LONGEST_COMMENT + 1), None)


def test_what_was_refused_or_complained_about_is_to_be_reviewed_once(store: Store) -> None:
    keep(store, "What is a lantern?")
    refused = keep(store, "What is a boat?")
    complained = keep(store, "What is on the glass?")
    store.judge(complained, "missing", "where is the keeper?", None)
    store.judge(complained, "up", "", "bo")
    found = store.to_review()
    assert [(one.kept.id, one.kept.verdict, one.kept.comment) for one in found] == [
        (complained, "missing", "where is the keeper?"), (refused, None, "")
    ]  # fmt: skip
    assert store.resolve([refused, "a_unknown"], "document_missing", "asked the harbour", "staff") == 1
    assert store.resolve([refused], "note", "again", "staff") == 0
    assert [one.kept.id for one in store.to_review()] == [complained]
    (done,) = store.to_review(resolved=True)
    assert (done.kept.id, done.resolution, done.note, done.resolved_by) == (
        refused, "document_missing", "asked the harbour", "staff"
    )  # fmt: skip
    store.log("export", "open reviews", "staff")
    assert [(one.user, one.action, one.subject) for one in store.staff_log()] == [
        ("staff", "export", "open reviews"), ("staff", "review: document_missing", refused)
    ]  # fmt: skip


def test_a_person_takes_everything_along_and_is_then_forgotten_with_every_word(store: Store) -> None:
    own, others = keep(store, user="ana"), keep(store, "What is a boat?", "c2", user="bo")
    store.judge(own, "up", "good", "bo")
    store.judge(others, "down", "said by Ana", "ana")
    store.resolve([others], "note", "seen", "ana")
    store.begin_session("ab" * 32, "ana", datetime.now(UTC) + timedelta(days=1))
    answer, feedback, staff = store.export("ana")
    assert (answer["kind"], answer["id"], answer["answer"]["question"]) == ("answer", own, "What is a lantern?")
    assert [(one["user"], one["comment"]) for one in answer["feedback"]] == [("bo", "good")]
    assert (feedback["kind"], feedback["answer"], feedback["comment"]) == ("feedback", others, "said by Ana")
    assert (staff["kind"], staff["subject"]) == ("staff", others)
    assert store.forget("ana") == 1
    assert list(store.export("ana")) == []
    assert store.session("ab" * 32, datetime.now(UTC)) is None
    assert "ana" not in str(list(store.export())).lower()
    (done,) = store.to_review(resolved=True)
    assert (done.note, done.resolved_by) == ("seen", None)
    assert store.forget("ana") == 0


def test_an_export_of_more_than_a_page_of_answers_lacks_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.records.store._PAGE", 2)
    names = [keep(store) for _ in range(5)]
    assert [row["id"] for row in store.export()] == names
    assert [one.id for one in store.kept()] == names


def test_what_is_old_goes_with_what_was_said_of_it(store: Store) -> None:
    identifier = keep(store, "What is a boat?")
    store.judge(identifier, "down", "old", "bo")
    store.resolve([identifier], "note", "old", "staff")
    now = datetime.now(UTC)
    assert store.expire(now + timedelta(days=364)) == 0
    assert store.expire(now + timedelta(days=366)) == 1
    assert list(store.export()) == []
    assert list(store.export("bo")) == []


def test_with_zero_days_nothing_is_kept_and_nothing_stays(address: str) -> None:
    before = Store(address, 365)
    keep(before)
    before.close()
    off = Store(address, 0)
    # A command that only reads may have other settings than the service: it removes nothing.
    assert len(list(off.export())) == 1
    assert off.expire(datetime.now(UTC)) == 1
    assert off.keep(LIBRARY.ask("What is a lantern?"), conversation="c", user=None, configuration="x") is None
    assert list(off.export()) == []
    assert off.judge("a_any", "up", "", None) is False
    off.close()


def test_an_answer_that_was_replaced_leaves_its_conversation_and_keeps_its_address(store: Store) -> None:
    answer = LIBRARY.ask("What is a lantern?")
    first, second = (store.keep(answer, conversation="c", user="ana", configuration="x") for _ in range(2))
    assert first
    store.withdraw([first], "bo")
    assert [one.id for one in store.conversation("c", "ana")] == [first, second]
    store.withdraw([first], "ana")
    assert [one.id for one in store.conversation("c", "ana")] == [second]
    assert store.answer(first) is not None
    assert [one.count for one in store.conversations("ana")] == [1]
    assert store.conversation("", "ana") == []


def test_who_writes_into_anothers_conversation_takes_nothing_from_it(store: Store) -> None:
    answer = LIBRARY.ask("What is a lantern?")
    own = store.keep(answer, conversation="c", user="ana", configuration="x")
    store.keep(answer, conversation="c", user="bo", configuration="x")
    assert [one.id for one in store.conversation("c", "ana")] == [own]


def test_a_session_ends_when_it_expires_or_is_ended(store: Store) -> None:
    now = datetime.now(UTC)
    store.begin_session("aa", "ana", now + timedelta(hours=1))
    store.begin_session("bb", "bo", now + timedelta(hours=3))
    assert store.session("aa", now) == "ana"
    assert store.session("aa", now + timedelta(hours=2)) is None
    store.end_session("aa")
    assert store.session("aa", now) is None
    assert store.session("bb", now) == "bo"


def test_a_database_of_a_newer_program_is_refused(address: str, store: Store) -> None:
    keep(store)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    with pytest.raises(UserError, match=r"were written by a newer version of this program \(schema 999\): update"):
        Store(address, 365)


def _open_and_keep(address: str, results: Any) -> None:
    try:
        opened = Store(address, 365)
        for _ in range(10):
            keep(opened)
        opened.close()
        results.put(None)
    except UserError as error:
        results.put(str(error))


def test_processes_that_open_a_new_database_at_once_all_keep(address: str) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_open_and_keep, args=(address, results)) for _ in range(3)]
    for process in processes:
        process.start()
    assert [results.get(timeout=60) for _ in processes] == [None, None, None]
    for process in processes:
        process.join()
    opened = Store(address, 365)
    assert len(list(opened.export())) == 30
    opened.close()


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    store = Store("kept/records.sqlite", 365)
    keep(store)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "kept").glob("records.sqlite*")}
    store.close()
    assert modes["records.sqlite"] == 0o600
    assert modes["records.sqlite-wal"] == 0o600


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://ana:secret@host/db", r"ASSISTANT_RECORDS is mysql://…, which is no database that is known here"),
        (
            "postgresql://ana:secret@127.0.0.1:1/db",
            r"in postgresql\+psycopg://ana:\*\*\*@127.0.0.1:1/db cannot be used",
        ),
        ("folder", "The records in folder cannot be used"),
        ("file/records.sqlite", r"cannot be kept in file/records.sqlite \("),
        ("damaged.sqlite", r"damaged.sqlite cannot be used \(file is not a database\)"),
    ],
)
def test_a_database_that_cannot_be_had_is_said_without_its_password(address: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("a file", encoding="utf-8")
    (tmp_path / "damaged.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(UserError, match=words) as caught:
        Store(address, 365)
    assert "secret" not in str(caught.value)


def test_a_database_that_goes_away_is_said_by_every_method(tmp_path: Path) -> None:
    store = Store("records.sqlite", 365)
    keep(store)
    with sqlite3.connect("records.sqlite") as other:
        other.execute("DROP TABLE answers")
    other.close()
    for call in (lambda: keep(store), lambda: store.answer("a"), lambda: store.expire(datetime.now(UTC))):
        with pytest.raises(UserError, match="cannot be used"):
            call()
    store.close()


def test_a_wrong_number_of_days_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_KEEP_DAYS", "-1")
    with pytest.raises(UserError, match=r"The setting keep_days \(ASSISTANT_KEEP_DAYS\) is '-1': .*greater than"):
        load_settings()


def test_citations_that_lead_nowhere_now_are_named_by_document(store: Store) -> None:
    lantern, refused = keep(store), keep(store, "What is a boat?")
    keep(store)
    here = check(store.kept(), LIBRARY.documents)
    assert (here.answers, here.citations, here.lost) == (3, 2, ())
    other = make_document(LIBRARY.page.text + " ", LIBRARY.page.sections)
    gone = check(store.kept(), [other.info])
    assert (gone.answers, gone.citations) == (3, 2)
    (lost,) = gone.lost
    assert (lost.document_id, lost.title, len(lost.citations)) == ("harbour/lanterns", "The harbour book", 2)
    assert lost.answers[:2] == (lantern, refused)


def test_the_command_exports_forgets_and_checks(corpus_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "encoder_of", lambda _: HashingEncoder())
    build_index(corpus_folder, Path(".assistant/index"), HashingEncoder())
    environment = {
        "ASSISTANT_CORPUS": str(corpus_folder), "ASSISTANT_RECORDS": "kept.sqlite", "ASSISTANT_READER": "off"
    }  # fmt: skip
    run = partial(CliRunner().invoke, app, env=environment)
    store = Store("kept.sqlite", 365)
    assistant = service.Service(load_settings(corpus=corpus_folder, reader="off")).assistant()
    store.keep(assistant.ask("What is a shared garden?"), conversation="c", user="ana", configuration="x")
    good = run(["records", "check"])
    assert (good.exit_code, good.stdout) == (0, "1 citations of 1 answers: all resolve.\n")
    keep(store, user="bo")
    bad = run(["records", "check"])
    assert bad.exit_code == 1
    assert bad.stdout.startswith("harbour/lanterns (The harbour book): 1 citations of 1 answers\n  c_")
    assert "2 citations of 2 answers: 1 do not resolve in index" in bad.stdout
    record = json.loads(run(["records", "check", "--json"]).stdout)
    assert [one["document_id"] for one in record["lost"]] == ["harbour/lanterns"]
    rows = [json.loads(line) for line in run(["records", "export", "ana"]).stdout.splitlines()]
    assert [(row["user"], row["answer"]["question"]) for row in rows] == [("ana", "What is a shared garden?")]
    assert len(run(["records", "export"]).stdout.splitlines()) == 2
    assert isinstance(run(["records", "export", "--format", "xml"]).exception, UserError)
    # Nobody can be asked here, so it must be said beforehand.
    assert isinstance(run(["records", "forget", "ana"]).exception, UserError)
    assert "Removed 1 answers of ana" in run(["records", "forget", "ana", "--yes"]).stdout
    assert run(["records", "export", "ana"]).stdout == ""
    store.close()


words = st.text(max_size=40)
citations = st.builds(
    Citation,
    number=st.integers(1, 99), id=words, document_id=words, title=words, section=words,
    page=st.none() | st.integers(1, 999), page_label=st.none() | words, start=st.integers(0), end=st.integers(0),
    quote=words, url=st.none() | words, mark=st.none() | st.tuples(st.integers(0), st.integers(0)),
)  # fmt: skip
sentences = st.builds(
    Sentence, text=words, support=st.sampled_from(["verbatim", "supported", "unsupported"]),
    citations=st.lists(st.integers(1, 99), max_size=3).map(tuple),
)  # fmt: skip
answers = st.builds(
    Answer,
    id=st.none() | words | st.integers(), question=words, standalone_question=words,
    outcome=st.sampled_from(["answered", "partial", "not_found"]), reason=st.none() | words,
    mode=st.sampled_from(["definition", "extractive", "model"]), language=words, text=words,
    confidence=st.floats(0, 1), sentences=st.lists(sentences, max_size=3).map(tuple),
    citations=st.lists(citations, max_size=3).map(tuple), nearest=st.lists(citations, max_size=3).map(tuple),
    index_version=words, seconds=st.dictionaries(words, st.floats(0, 99)),
)  # fmt: skip


@given(answers)
def test_whatever_an_answer_holds_its_record_is_read_back_as_an_equal_one(answer: Answer) -> None:
    again = answer_of(answer.as_dict())
    assert again == answer
    assert again.seconds == answer.seconds
