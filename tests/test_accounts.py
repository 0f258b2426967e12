"""The users file, and how often somebody may try."""

from __future__ import annotations

import json
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

from assistant.accounts import Person, Throttle, Users
from assistant.cli import app
from assistant.records.store import Store
from corpus.errors import UserError
from tests.fakes import CountingHasher, weak_hasher


@pytest.fixture
def users() -> Users:
    made = Users(Path("kept/users.json"), weak_hasher())
    made.add("ana", "open sesame!")
    made.add("bo.b@x", "another one", "staff")
    return made


def test_the_right_password_alone_lets_in(users: Users) -> None:
    assert users.verify("ana", "open sesame!") == Person("ana", "member")
    assert users.verify("bo.b@x", "another one") == Person("bo.b@x", "staff")
    assert users.verify("ana", "open sesame") is None
    assert users.verify("ana", "another one") is None
    assert users.verify("ana", "") is None
    assert users.verify("ana", "x" * 100_000) is None
    assert users.verify("zoe", "open sesame!") is None


def test_the_file_is_its_owners_alone_and_holds_no_password(users: Users) -> None:
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600
    text = users.path.read_text(encoding="utf-8")
    assert "sesame" not in text
    assert [one["name"] for one in json.loads(text)["users"]] == ["ana", "bo.b@x"]
    assert text.count("$argon2id$") == 2
    assert {path.name for path in users.path.parent.iterdir()} == {"users.json", "users.json.lock"}


def test_the_defaults_are_argon2s_own() -> None:
    hasher = PasswordHasher()
    assert (hasher.type.name, hasher.memory_cost >= 19_456, hasher.time_cost >= 2) == ("ID", True, True)


def test_an_unknown_name_costs_as_many_hashes_as_a_known_one() -> None:
    hasher = CountingHasher(weak_hasher())
    users = Users(Path("users.json"), hasher)
    users.add("ana", "open sesame!")
    for name, password in (("ana", "wrong wrong"), ("zoe", "wrong wrong"), ("ana", "open sesame!")):
        before = hasher.verified
        users.verify(name, password)
        assert hasher.verified == before + 1


def test_what_was_right_is_remembered_until_the_password_changes(users: Users) -> None:
    assert users.remembered("ana", "open sesame!") is None
    users.verify("ana", "open sesame!")
    users.verify("ana", "wrong wrong")
    assert users.remembered("ana", "open sesame!") == Person("ana", "member")
    assert users.remembered("ana", "wrong wrong") is None
    users.set_password("ana", "open barley!")
    assert users.remembered("ana", "open sesame!") is None
    assert users.verify("ana", "open sesame!") is None
    assert users.verify("ana", "open barley!") == Person("ana", "member")


def test_a_running_server_sees_what_another_process_changed(users: Users) -> None:
    other = Users(users.path, weak_hasher())
    assert users.person("ana") == Person("ana", "member")
    other.remove("ana")
    other.add("cy", "ten letters")
    assert users.person("ana") is None
    assert [one.name for one in users.accounts()] == ["bo.b@x", "cy"]


def test_people_who_are_added_at_once_are_all_there(users: Users) -> None:
    def add(number: int) -> None:
        Users(users.path, weak_hasher()).add(f"u{number}", "ten letters")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.name for one in users.accounts()} == {"ana", "bo.b@x", *(f"u{number}" for number in range(8))}


@pytest.mark.parametrize("name", ["", "a:b", "a b", "a\n", "x" * 101, "../ana"])
def test_a_name_that_cannot_be_one_is_refused(users: Users, name: str) -> None:
    with pytest.raises(UserError, match="expected up to 100 letters, digits"):
        users.add(name, "ten letters")


def test_mistakes_are_said_with_what_to_do(users: Users) -> None:
    with pytest.raises(UserError, match="There is a user 'ana' already: `assistant users password ana`"):
        users.add("ana", "ten letters")
    with pytest.raises(UserError, match="The password has 5 characters, expected 10 to 1,000: choose another one"):
        users.add("cy", "short")
    with pytest.raises(UserError, match=r"There is no user 'cy' in kept/users\.json; `assistant users list`"):
        users.remove("cy")
    with pytest.raises(UserError, match="There is no user 'cy'"):
        users.set_password("cy", "ten letters")
    assert [one.name for one in users.accounts()] == ["ana", "bo.b@x"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be understood"),
        ('{"users": [{"name": "ana"}]}', "cannot be understood .*role"),
        (
            '{"users": [{"name": "ana", "role": "king", "hash": "x"}]}',
            "ana has the role 'king', expected one of member",
        ),
    ],
)
def test_a_file_that_is_none_is_refused_by_name(text: str, words: str) -> None:
    Path("users.json").write_text(text, encoding="utf-8")
    Path("users.json").chmod(0o600)
    with pytest.raises(UserError, match=words):
        Users(Path("users.json"), weak_hasher()).accounts()


def test_a_file_that_others_may_change_or_that_is_missing_is_refused(users: Users) -> None:
    users.path.chmod(0o666)
    with pytest.raises(UserError, match=r"may be changed by others \(mode 666\): chmod 600 kept/users.json"):
        users.accounts()
    with pytest.raises(UserError, match=r"The users file none.json cannot be read \(No such file or directory\)"):
        Users(Path("none.json"), weak_hasher()).accounts()


def test_a_hash_that_is_none_lets_nobody_in(users: Users) -> None:
    users.path.write_text('{"users": [{"name": "ana", "role": "member", "hash": ""}]}', encoding="utf-8")
    assert users.verify("ana", "") is None


def test_the_sixth_attempt_of_a_name_or_an_address_in_a_minute_waits() -> None:
    now = [100.0]
    throttle = Throttle(lambda: now[0])
    for second in range(5):
        now[0] = 100.0 + second
        assert throttle.attempt("name ana", f"address {second}") == 0
    assert throttle.attempt("name ana", "address 9") == 56.0
    assert throttle.attempt("name bo", "address 9") == 0
    now[0] = 160.5
    assert throttle.attempt("name ana", "address 9") == 0
    assert throttle.attempt("name ana", "address 9") == 0.5


def test_an_attempt_that_was_forgiven_does_not_count() -> None:
    throttle = Throttle(lambda: 0.0, most=2)
    for _ in range(10):
        assert throttle.attempt("address") == 0
        throttle.forgive("address")
    throttle.forgive("unknown")


def test_the_command_adds_lists_and_removes_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_USERS", "kept/users.json")
    run = CliRunner().invoke
    assert (
        run(app, ["users", "add", "ana", "--role", "staff", "--password-stdin"], input="open sesame!\n").exit_code == 0
    )
    users = Users(Path("kept/users.json"))
    assert users.verify("ana", "open sesame!") == Person("ana", "staff")
    assert run(app, ["users", "list"]).stdout == "ana\tstaff\n"
    assert json.loads(run(app, ["users", "list", "--json"]).stdout) == [{"name": "ana", "role": "staff"}]
    store = Store(".assistant/records.sqlite", 365)
    now = datetime.now(UTC)
    store.begin_session("aa", "ana", now + timedelta(hours=1))
    assert run(app, ["users", "password", "ana", "--password-stdin"], input="open barley!").exit_code == 0
    assert users.verify("ana", "open sesame!") is None
    assert users.verify("ana", "open barley!") == Person("ana", "staff")
    assert store.session("aa", now) is None
    store.begin_session("bb", "ana", now + timedelta(hours=1))
    assert run(app, ["users", "remove", "ana"]).exit_code == 0
    assert (users.accounts(), store.session("bb", now)) == ((), None)
    store.close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["add", "ana", "--role", "king", "--password-stdin"], "Found the role 'king', expected one of member, staff."),
        (["add", "ana", "--password-stdin"], "The password has 5 characters"),
        (["add", "ana"], "There is no terminal to ask for the password: give --password-stdin"),
        (["remove", "ana"], "There is no user 'ana'"),
        (["list"], "The users file users.json cannot be read"),
    ],
)
def test_what_the_command_cannot_do_is_said(command: list[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_USERS", "users.json")
    done = CliRunner().invoke(app, ["users", *command], input="short")
    assert isinstance(done.exception, UserError)
    assert words in str(done.exception)


def test_without_a_file_the_command_asks_for_one() -> None:
    done = CliRunner().invoke(app, ["users", "list"])
    assert str(done.exception) == ("ASSISTANT_USERS names no file: set it first, to .assistant/users.json for example.")
