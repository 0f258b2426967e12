"""Models by name on the hub: nothing is fetched unasked, and only what cannot run code."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from corpus.errors import UserError
from index.hub import folder_of, is_hub_name

ROOT = Path(__file__).parents[1]
COMMIT = "a" * 40
FILES = {
    "config.json": b"{}",
    "modules.json": b"[]",
    "model.safetensors": b"weights",
    "1_Pooling/config.json": b"{}",
    "pytorch_model.bin": b"a pickle",
    "modeling.py": b"print('code')",
}


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download asks for."""

    asked: list[str] = []  # noqa: RUF012 - the history of one server

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/api/models/guild/tiny"):
            siblings = [{"rfilename": name} for name in FILES]
            tree = [{"type": "file", "path": name, "size": len(data), "oid": "b" * 40} for name, data in FILES.items()]
            data = json.dumps(tree if "/tree/" in path else {"id": "guild/tiny", "sha": COMMIT, "siblings": siblings})
            self._send(200, data.encode(), body=body)
        elif path.startswith("/guild/tiny/resolve/") and (name := path.split("/", 5)[5]) in FILES:
            self.asked.append(name)
            self._send(200, FILES[name], body=body)
        else:
            self._send(404, b"{}", body=body)

    def _send(self, status: int, data: bytes, *, body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha1(data).hexdigest()}"')
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    Hub.asked.clear()
    yield Hub.asked
    server.shutdown()
    server.server_close()


def fetched(name: str) -> str:
    """What a process of its own makes of a name: the library reads its settings when it is imported."""
    code = (
        "import sys; from corpus.errors import UserError; from index.hub import folder_of\n"
        "try: print(folder_of(sys.argv[1], allowed=True))\n"
        "except UserError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.strip()


def test_a_name_on_the_hub_is_refused_in_words_unless_allowed(hub: list[str]) -> None:
    with pytest.raises(UserError, match=r"'guild/tiny' is no folder here.*ASSISTANT_HUB=allow"):
        folder_of("guild/tiny", allowed=False)
    assert hub == []


def test_a_model_is_fetched_by_its_name_without_what_can_run_code(hub: list[str]) -> None:
    folder = Path(fetched("guild/tiny"))
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {"config.json", "modules.json", "model.safetensors", "1_Pooling/config.json"}
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert not {"pytorch_model.bin", "modeling.py"} & set(hub)


def test_a_model_that_is_not_there_is_said_in_words(hub: list[str]) -> None:
    assert fetched("guild/nothing").startswith("The model 'guild/nothing' could not be fetched from the hub (")


@pytest.mark.parametrize(
    ("setting", "is_name"),
    [("all-MiniLM-L6-v2", False), ("torch", False), ("guild/tiny", True), ("/models/tiny", False), ("a/b/c", False)],
)
def test_only_an_owner_with_a_name_is_one_of_the_hub(setting: str, is_name: bool) -> None:
    assert is_hub_name(setting) is is_name


def test_a_folder_here_comes_before_a_name_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("guild/tiny").mkdir(parents=True)
    assert folder_of("guild/tiny", allowed=True) == "guild/tiny"
