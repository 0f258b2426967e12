"""A program that is asked to stop answers what it has begun, turns away what is new, and is gone in time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).parent.parent
PROGRAM = """
import time
from assistant.web.app import create_app
from assistant.web.serve import bind, serve
from assistant.web.stopping import Stopping
from assistant.web.turnstile import Bounds
from tests.browser.library import Library

class Slow(Library):
    def ask(self, question, history=()):
        print("asked", flush=True)
        time.sleep({seconds})
        return super().ask(question, history)

sock, library, stopping = bind("127.0.0.1", 0), Slow(), Stopping({patience})
app = create_app(lambda: library, bounds=Bounds(stopping=stopping))
print(sock.getsockname()[1], flush=True)
serve(app, sock, stopping)
print("stopped", flush=True)
"""


@contextmanager
def server(seconds: float, patience: float) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A real process whose answers take `seconds`."""
    program = PROGRAM.format(seconds=seconds, patience=patience)
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout
        yield started, f"http://127.0.0.1:{int(started.stdout.readline())}"
        started.kill()


def post(address: str, path: str, body: object) -> tuple[int, str, str | None]:
    """Status, text, and after how long to try again."""
    request = Request(address + path, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode(), None
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Retry-After")


def read_answer(address: str, event: str) -> str:
    with urlopen(f"{address}/gradio_api/call/ask/{event}", timeout=60) as stream:
        return str(stream.read().decode())


def test_a_running_answer_is_finished_and_a_new_question_is_turned_away() -> None:
    with server(seconds=6, patience=50) as (process, address), ThreadPoolExecutor() as pool:
        assert process.stdout
        running = pool.submit(post, address, "/api/ask", {"question": "What is a lantern?"})
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGTERM)
        time.sleep(1)
        status, text, again = post(address, "/api/ask", {"question": "What is on the glass?"})
        assert (status, again) == (503, "10")
        assert json.loads(text)["error"] == "The program is being restarted: try again in a moment."
        status, text, _ = running.result(timeout=60)
        assert (status, json.loads(text)["outcome"]) == (200, "answered")
        out, complaints = process.communicate(timeout=30)
        assert (process.returncode, out, complaints) == (0, "stopped\n", "")


def test_an_answer_in_the_chat_is_finished_too() -> None:
    with server(seconds=5, patience=50) as (process, address), ThreadPoolExecutor() as pool:
        assert process.stdout
        _, text, _ = post(address, "/gradio_api/call/ask", {"data": ["What is a lantern?", None]})
        assert process.stdout.readline() == "asked\n"
        event = json.loads(text)["event_id"]
        running = pool.submit(read_answer, address, event)
        process.send_signal(signal.SIGTERM)
        shown = running.result(timeout=60)
        assert "event: complete" in shown
        assert '"outcome": "answered"' in shown
        out, complaints = process.communicate(timeout=30)
        assert (process.returncode, out, complaints) == (0, "stopped\n", "")


def test_it_does_not_wait_for_ever() -> None:
    with server(seconds=12, patience=1) as (process, address), ThreadPoolExecutor() as pool:
        assert process.stdout
        running = pool.submit(post, address, "/api/ask", {"question": "What is a lantern?"})
        assert process.stdout.readline() == "asked\n"
        sent = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)
        # Its patience, what is granted to connections, and the answer's own thread, which nothing can stop.
        assert time.monotonic() - sent < 30
        assert running.exception(timeout=30) is not None or running.result()[0] != 200
