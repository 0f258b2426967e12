"""A real small engine behind a real server: whatever it says, the protocol works and nothing unverified gets through.

`ASSISTANT_TEST_ENGINE=1 pytest tests/test_engine.py` runs it. The server is `transformers serve`, which needs the
package accelerate beside what is installed; `ASSISTANT_TEST_ENGINE_PYTHON` names an interpreter that has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from assistant.ask import Assistant
from assistant.model import Model
from assistant.prompts import SCHEMA
from assistant.write import Writer
from index.build import build_index
from index.search import Snapshot
from tests.fakes import HashingEncoder, calibration
from tests.servers import free_port

ROOT = Path(__file__).parents[1]
PYTHON = os.environ.get("ASSISTANT_TEST_ENGINE_PYTHON", sys.executable)
STATUTES = """Statutes of the boat club

Fees

The yearly fee is 40 euros for adults and 15 euros for children. Guests pay 5 euros a day.

Boats

Only members may borrow the boats. The boats are not lent in winter.
"""
SECONDS = 120.0
pytestmark = pytest.mark.skipif(
    os.environ.get("ASSISTANT_TEST_ENGINE") != "1",
    reason="A real engine takes minutes to start: ASSISTANT_TEST_ENGINE=1 runs it.",
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The name of the model and the address of the server."""
    folder = tmp_path_factory.mktemp("engine")
    environ = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    if subprocess.run([PYTHON, "-c", "import accelerate"], capture_output=True, env=environ).returncode:
        pytest.skip("`transformers serve` needs accelerate: ASSISTANT_TEST_ENGINE_PYTHON names a python with it.")
    model = str(folder / "model")
    subprocess.run([PYTHON, "-m", "tests.tiny_model", model], check=True, capture_output=True, env=environ, cwd=ROOT)
    port = free_port()
    served = ["serve", model, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [PYTHON, "-m", "transformers.cli.transformers", *served], stdout=log, stderr=log, env=environ, cwd=folder
        )
        try:
            _wait(f"http://127.0.0.1:{port}/health", server, folder / "log")
            yield model, f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(30)


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            urlopen(address, timeout=5).close()
            return
        except URLError:
            assert server.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
            time.sleep(0.5)


def test_a_real_engine_streams_a_reply_of_random_words(engine: tuple[str, str]) -> None:
    name, address = engine
    model = Model.open(f"openai:{name}", address, seconds=SECONDS, tokens=40)
    messages = [("system", "Answer."), ("human", "How much is the yearly fee?")]
    pieces = [piece.text for piece in model.stream(messages, time.monotonic() + SECONDS, SCHEMA)]
    assert len("".join(pieces)) > 20
    assert len(pieces) > 2


def test_whatever_an_engine_says_the_member_reads_the_documents_own_words(
    engine: tuple[str, str], tmp_path: Path
) -> None:
    name, address = engine
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "statutes.txt").write_text(STATUTES, encoding="utf-8")
    build_index(tmp_path / "documents", tmp_path / "index", HashingEncoder())
    model = Model.open(f"openai:{name}", address, seconds=SECONDS, tokens=60)
    writer = Writer(model, seconds=SECONDS)
    with closing(Snapshot.current(tmp_path / "index", HashingEncoder())) as snapshot:
        with_it = Assistant.over(snapshot, calibration=calibration(), writer=writer)
        for question in ("How much is the yearly fee?", "May I borrow the boats?", "¿Cuánto cuesta la cuota anual?"):
            answer, plain = with_it.ask(question), with_it.without_model().ask(question)
            assert (answer.mode, answer.text) == ("extractive", plain.text)
            assert answer.citations == plain.citations
            assert all(one.text in STATUTES for one in answer.sentences)
    # It was asked, and it replied: what failed is what it said.
    assert writer.health.calls >= 3
    assert f"openai:{name} replied with nothing that can be read" in (writer.health.trouble or "")
