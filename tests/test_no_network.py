"""Nothing leaves the machine: in a network without any way out, all works, and nobody tries to get out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import write_corpus

ROOT = Path(__file__).parent.parent
# What Python sends anywhere but to this machine is written down, names that are looked up too.
WITNESS = """
import os, socket, sys

def _is_here(address):
    return not isinstance(address, tuple) or str(address[0]) in ("127.0.0.1", "::1", "localhost", "", "0.0.0.0", "::")

def _noting(name, function, place):
    def noted(*given, **more):
        if len(given) > place and not _is_here(given[place] if name != "getaddrinfo" else (given[place] or "",)):
            with open(os.environ["WITNESS"], "a") as log:
                log.write(f"{name} {given[place]!r} {sys.argv[:3]}\\n")
        return function(*given, **more)
    return noted

class Socket(socket.socket):
    connect = _noting("connect", socket.socket.connect, 1)
    connect_ex = _noting("connect_ex", socket.socket.connect_ex, 1)

socket.socket = Socket
socket.getaddrinfo = _noting("getaddrinfo", socket.getaddrinfo, 0)
"""
# A browser's part: the page, a question over the chat's own queue, its answer.
CHAT = """
import json, signal, subprocess, sys
from urllib.request import Request, urlopen
server = subprocess.Popen([sys.executable, "-m", "assistant", "chat", "--port", "0"], stderr=subprocess.PIPE, text=True)
address = next(line for line in server.stderr if "http://" in line).split("http://")[1].split(" ")[0]
address = "http://" + address.strip()
from time import sleep
for _ in range(600):
    try:
        urlopen(address + "/readyz").read()
        break
    except OSError:
        sleep(0.2)
page = urlopen(address + "/").read().decode()
assert "gradio" in page
body = json.dumps({"data": ["What is a shared garden?", None]}).encode()
asked = urlopen(Request(address + "/gradio_api/call/ask", body, {"content-type": "application/json"}))
event = json.load(asked)["event_id"]
print(urlopen(address + "/gradio_api/call/ask/" + event).read().decode())
server.send_signal(signal.SIGTERM)
server.wait(60)
"""
QUESTION = {"id": "q1", "question": "What is a shared garden?", "behaviour": "answer", "evidence": []}


@dataclass(frozen=True, slots=True)
class Seen:
    """How a command ended, and each attempt to reach another machine."""

    status: int
    output: str
    attempts: tuple[str, ...]


def alone(command: Sequence[str], folder: Path) -> Seen:
    """Run a command in a network of its own that has this machine's loopback and nothing else."""
    witness, trace = folder / "witness.log", folder / "trace.log"
    for path in (witness, trace):
        path.unlink(missing_ok=True)
    environment = {
        # Where it seems to be tested, onnxruntime is silent by itself.
        **{name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")},
        "PYTHONPATH": f"{folder / 'site'}:{ROOT}", "WITNESS": str(witness), "PYTHONUNBUFFERED": "1",
        "ASSISTANT_CORPUS": str(folder / "documents"), "ASSISTANT_INDEX": str(folder / "index"),
    }  # fmt: skip
    traced = [*_TRACE, "-o", str(trace), *command] if _traces() else list(command)
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *traced],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=550,
    )  # fmt: skip
    by_python = witness.read_text().splitlines() if witness.exists() else []
    by_all = _connects(trace.read_text(errors="replace")) if trace.exists() else []
    return Seen(done.returncode, done.stdout + done.stderr, (*by_python, *by_all))


_TRACE = ("strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-e", "signal=none")


def _traces() -> bool:
    """Whether the kernel lets us see what every library does, written in Python or not."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*_TRACE, "-o", os.devnull, "true"], capture_output=True).returncode == 0


def _connects(trace: str) -> list[str]:
    """The lines of a trace that name another machine."""
    named = re.compile(r'sin6?_port=.*?(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")')
    found = [(line, named.search(line)) for line in trace.splitlines()]
    return [line for line, match in found if match and not _is_here(match[1] or match[2])]


def _is_here(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", "0.0.0.0", "::", "::ffff:127.0.0.1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus; what the commands make of it stays for the next one."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("A network of its own needs root, unshare and ip: run this test as root, with iproute2 installed.")
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode != 0:
        pytest.skip("This kernel makes no network of its own here: run this test where unshare -n works.")
    made = tmp_path_factory.mktemp("alone")
    write_corpus(made / "documents")
    (made / "site").mkdir()
    (made / "site" / "sitecustomize.py").write_text(WITNESS, encoding="utf-8")
    (made / "set.jsonl").write_text(json.dumps(QUESTION) + "\n", encoding="utf-8")
    return made


def assistant(*words: str) -> list[str]:
    return [sys.executable, "-m", "assistant", *words]


def test_onnxruntime_is_told_to_be_silent_before_it_is_loaded() -> None:
    program = (
        "import os, sys; os.environ.pop('ORT_DISABLE_TELEMETRY', None); import index.graph; "
        "print(os.environ['ORT_DISABLE_TELEMETRY'], 'onnxruntime' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["1", "False"]


def test_an_attempt_to_get_out_is_counted(folder: Path) -> None:
    program = "import socket; s = socket.socket(); s.settimeout(2); s.connect_ex(('192.0.2.1', 9)); s.close()"
    seen = alone([sys.executable, "-c", program], folder)
    assert seen.status == 0, seen.output
    assert len(seen.attempts) == (2 if _traces() else 1)
    assert all("192.0.2.1" in one for one in seen.attempts)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (assistant("index", "build"), "1 documents"),
        (assistant("ask", "What is a shared garden?", "--json"), '"mode": "definition"'),
        (assistant("evals", "run", "set.jsonl"), "1 questions"),
        ([sys.executable, "-c", CHAT], '"outcome": "answered"'),
        (assistant("doctor"), "this machine alone"),
    ],
    ids=["build", "ask", "evals", "chat", "doctor"],
)
def test_nothing_is_sent_to_another_machine(folder: Path, command: list[str], expected: str) -> None:
    seen = alone(command, folder)
    assert seen.status == 0, seen.output
    assert expected in seen.output
    assert seen.attempts == ()


def test_a_program_that_goes_on_running_tells_nobody_either(folder: Path) -> None:
    # onnxruntime would report its sessions some seconds after they were made, which short commands do not live to see.
    program = (
        "import time; from assistant.service import Service; from assistant.settings import load_settings; "
        "service = Service(load_settings()); service.assistant(); service.warm_up(); time.sleep(15); print('done')"
    )
    assert alone(assistant("index", "build"), folder).status == 0
    seen = alone([sys.executable, "-c", program], folder)
    assert seen.output.endswith("done\n"), seen.output
    assert seen.attempts == ()
