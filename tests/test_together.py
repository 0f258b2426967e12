"""What compose.yaml puts together, without containers: two replicas, PostgreSQL, Redis, a Chroma server, all real."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import httpx2
import pytest

from assistant.accounts import Users
from tests.conftest import lend, write_corpus
from tests.fakes import weak_hasher
from tests.postgresql import postgresql
from tests.servers import redis

ROOT = Path(__file__).parents[1]
PASSWORD = "open sesame!"
QUESTION = {"question": "What is a shared garden?"}
_PATIENCE = 120.0


@contextmanager
def replica() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`assistant chat` as a program, once it is ready, with its address."""
    log = Path(f"replica-{time.monotonic_ns()}.log")
    with log.open("w", encoding="utf-8") as file:
        command = [sys.executable, "-m", "assistant", "chat", "--port", "0"]
        started = subprocess.Popen(command, stdout=file, stderr=file, text=True)
    try:
        yield started, _ready(started, log)
    finally:
        started.kill()
        started.wait()


def _ready(started: subprocess.Popen[str], log: Path) -> str:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        told = log.read_text(encoding="utf-8")
        assert started.poll() is None, told
        if named := re.search(r"http://127\.0\.0\.1:\d+", told):
            try:
                with urlopen(f"{named[0]}/readyz", timeout=5):
                    return named[0]
            except (URLError, ConnectionError):
                pass
        time.sleep(0.2)
    raise AssertionError(f"it did not get ready: {log.read_text(encoding='utf-8')}")


@pytest.fixture
def replicas(
    chroma_server: str, graphs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[tuple[subprocess.Popen[str], str]]]:
    write_corpus(tmp_path / "documents")
    for name, role in (("ana", "member"), ("stan", "staff")):
        Users(tmp_path / "users.json", weak_hasher()).add(name, PASSWORD, "staff" if role == "staff" else "member")
    with ExitStack() as running:
        records, counts = running.enter_context(postgresql()), running.enter_context(redis(tmp_path))
        settings = {
            "CORPUS": str(tmp_path / "documents"), "INDEX": chroma_server, "RECORDS": records, "LIMITS": counts,
            "USERS": str(tmp_path / "users.json"), "QUESTIONS_A_MINUTE": "3", "LOG": "json", "READER": "off",
        }  # fmt: skip
        for name, value in settings.items():
            monkeypatch.setenv(f"ASSISTANT_{name}", value)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        lend(graphs, tmp_path / ".assistant" / f"index-{chroma_server.removeprefix('http://').replace(':', '-')}")
        subprocess.run([sys.executable, "-m", "assistant", "index", "build"], check=True, env=os.environ)
        yield [running.enter_context(replica()) for _ in range(2)]


def test_two_replicas_are_one_site(replicas: list[tuple[subprocess.Popen[str], str]]) -> None:
    (first, here), (second, there) = replicas
    with httpx2.Client(timeout=60, auth=("ana", PASSWORD)) as ana:
        answers = [ana.post(f"{address}/api/ask", json=QUESTION) for address in (here, there, here, there)]
    # They answer from one index, and count as one.
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert {(one.json()["mode"], one.json()["index_version"]) for one in answers[:3]} == {
        ("definition", answers[0].json()["index_version"])
    }
    with httpx2.Client(timeout=60, follow_redirects=False) as stan:
        # Who signs in at one is known to the other, and signs out of both.
        assert stan.get(f"{there}/documents").status_code == 303
        signed_in = stan.post(f"{here}/sign-in", data={"name": "stan", "password": PASSWORD})
        session = {"Cookie": f"session={signed_in.cookies['session']}"}
        assert [stan.get(f"{one}/index", headers=session).status_code for one in (here, there)] == [200, 200]
        stan.post(f"{there}/sign-out", headers=session)
        stan.cookies.clear()
        assert stan.get(f"{here}/documents", headers=session).status_code == 303
        # One that stops takes nothing with it.
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=60) == 0
        assert stan.get(f"{there}/readyz").json()["status"] == "ready"
        assert 'assistant_index_info{version="' in stan.get(f"{there}/metrics").text
    assert second.poll() is None
