"""The doctor finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from assistant.accounts import Users
from assistant.doctor import Finding, _packages, doctor, lines_of, record_of
from assistant.records.store import Store
from index import generation
from index.build import build_index
from tests.fakes import HashingEncoder, weak_hasher
from tests.servers import free_port


@pytest.fixture(autouse=True)
def _settings(corpus_folder: Path, index_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS", str(corpus_folder))
    monkeypatch.setenv("ASSISTANT_INDEX", str(index_folder))
    monkeypatch.setenv("ASSISTANT_RECORDS", "records.sqlite")
    monkeypatch.setenv("ASSISTANT_PORT", str(free_port()))


def found(what: str) -> list[Finding]:
    return [one for one in doctor() if one.what == what]


def states(what: str) -> list[str]:
    return [one.state for one in found(what)]


def test_a_sound_installation_has_no_fault_and_is_left_as_it_was(index_folder: Path, corpus_folder: Path) -> None:
    build_index(corpus_folder, index_folder, HashingEncoder())
    before = sorted(str(path) for path in Path.cwd().rglob("*"))
    findings = doctor()
    assert [one for one in findings if one.state == "fault"] == []
    assert states("index") == ["ok"]
    assert {"python", "packages", "model", "reader", "corpus", "folders", "records", "address", "port"} <= {
        one.what for one in findings
    }
    assert sorted(str(path) for path in Path.cwd().rglob("*")) == before
    assert all(one.todo for one in findings if one.state == "warning")
    assert list(lines_of(findings))[-1].endswith("0 to put right.")


def test_a_misspelt_setting_is_named_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PROXYS", "10.0.0.1")
    Path("assistant.toml").write_text('tittle = "x"\nzzz = 1\n', encoding="utf-8")
    told = {one.found: one.todo for one in found("settings")}
    assert told["the variable ASSISTANT_PROXYS is no setting"] == "Was proxies meant?"
    assert told["tittle in assistant.toml is no setting"] == "Was title meant?"
    assert told["zzz in assistant.toml is no setting"].startswith("It has no effect; the settings are ")


def test_a_setting_that_cannot_be_read_is_a_fault_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PORT", "many")
    last = doctor()[-1]
    assert (last.what, last.state) == ("settings", "fault")
    assert last.found.startswith("The setting port (ASSISTANT_PORT) is 'many'")


def test_a_damaged_index_is_named_by_its_file_and_changed_documents_are_told(
    index_folder: Path, corpus_folder: Path
) -> None:
    assert states("index") == ["warning"]
    build_index(corpus_folder, index_folder, HashingEncoder())
    (corpus_folder / "bees.txt").write_text("Bees are welcome in every plot.", encoding="utf-8")
    assert [(one.state, one.todo) for one in found("index")][1:] == [("warning", "Run `assistant index build`.")]
    content = generation.current(index_folder) / "base" / "content.sqlite"
    data = bytearray(content.read_bytes())
    data[100] ^= 1
    content.write_bytes(data)
    (finding,) = found("index")
    assert finding.state == "fault"
    assert "base/content.sqlite is not as the build left it" in finding.found


def test_records_of_another_version_are_told_without_a_change() -> None:
    assert found("records")[0].found == "not there yet: the first start makes them"
    Store("records.sqlite", 365).close()
    assert states("records") == ["ok"]
    with closing(sqlite3.connect("records.sqlite")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'v999'")
    (finding,) = found("records")
    assert (finding.state, finding.found) == ("warning", "schema v999")
    with closing(sqlite3.connect("records.sqlite")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("v999",)]


def test_a_users_file_that_others_can_read_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_USERS", "users.json")
    assert states("users") == ["fault"]
    Users(Path("users.json"), weak_hasher()).add("ana", "open sesame!", "staff")
    assert states("users") == ["ok"]
    Path("users.json").chmod(0o640)
    assert found("users")[0].todo.startswith("Run `chmod 600 users.json`")


def test_an_address_that_others_reach_is_a_fault_until_somebody_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_HOST", "0.0.0.0")
    (finding,) = [one for one in doctor() if one.what == "exposed"]
    assert finding.state == "fault"
    assert "other machines can reach this program" in finding.found
    monkeypatch.setenv("ASSISTANT_OPEN", "1")
    assert states("address") == ["warning"]


def test_servers_are_reached_or_named_with_their_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("ASSISTANT_MODEL_URL", f"http://127.0.0.1:{server.getsockname()[1]}/v1")
        monkeypatch.setenv("ASSISTANT_PORT", str(server.getsockname()[1]))
        assert states("model server") == ["ok"]
        assert "is already in use by another program" in found("port")[0].found
    (finding,) = found("model server")
    assert (finding.state, finding.todo) == ("fault", "Start it, or correct its address.")


def test_a_package_of_another_version_is_named_with_the_pinned_one(tmp_path: Path) -> None:
    pins = tmp_path / "constraints.txt"
    pins.write_text("# pins\nuvicorn==0.0.1\nno-such-package==1\n", encoding="utf-8")
    told = [one for one in _packages(pins) if one.what == "packages"]
    assert [one.state for one in told] == ["warning"]
    assert told[0].found.endswith("(pinned 0.0.1)")


def test_the_command_prints_json_and_ends_with_one_on_a_fault() -> None:
    environment = {**os.environ, "ASSISTANT_CORPUS": "no/such/folder"}
    command = [sys.executable, "-m", "assistant", "doctor", "--json"]
    root = str(Path(__file__).parents[1])
    done = subprocess.run(command, env={**environment, "PYTHONPATH": root}, capture_output=True, text=True)
    record = json.loads(done.stdout)
    assert (done.returncode, record["fault"]) == (1, 1)
    (fault,) = [one for one in record["findings"] if one["state"] == "fault"]
    assert (fault["what"], fault["found"].split(" does not")[0]) == ("corpus", "The corpus folder no/such/folder")
    assert record == record_of([Finding(**one) for one in record["findings"]])
