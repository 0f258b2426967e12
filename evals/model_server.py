"""A server that speaks the OpenAI protocol over real HTTP, and behaves as badly as it is told."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PASSAGE = re.compile(r"<<<PASSAGE (\w+)>>>\n\(.*?\)\n(.*?)\n<<<END \1>>>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Says:
    """A reply: its text in pieces of so many characters, so many seconds apart.

    `cut` ends the connection after so many pieces, `silence` waits before the first one, `raw` is sent
    instead of the protocol's events. `pings` are sent instead of all pieces after the first `cut` ones, each
    `pause` seconds after the other: comments that only keep the connection.
    """

    text: str = ""
    status: int = 200
    piece: int = 40
    pause: float = 0.0
    silence: float = 0.0
    cut: int | None = None
    raw: bytes | None = None
    pings: int = 0


Request = dict[str, Any]
Brain = Callable[[Request], Says]


@dataclass(slots=True)
class ModelServer:
    """The address of a running server, what it was asked, and how it replies to the next requests."""

    address: str
    brain: Brain
    # What "response_format" the server knows.
    takes: frozenset[str] = frozenset(("json_schema", "json_object"))
    requests: list[Request] = field(default_factory=list)
    broken: threading.Event = field(default_factory=threading.Event)


def passages(request: Request) -> dict[str, str]:
    """The passages of a request by their keys."""
    return dict(_PASSAGE.findall(request["messages"][1]["content"]))


def key_of(request: Request, words: str) -> str:
    """The key of the passage that holds some words."""
    return next(key for key, text in passages(request).items() if words in text)


def claims(*found: tuple[str, Sequence[tuple[str, str]]], is_found: bool = True) -> str:
    """A reply in JSON: texts, each with its keys and quotations."""
    rows = [{"text": text, "cites": [{"key": k, "quote": q} for k, q in cites]} for text, cites in found]
    return json.dumps({"found": is_found, "claims": rows})


def in_turn(*brains: Brain | Says) -> Brain:
    """The first request is replied to by the first, and so on; the last one replies to all others."""
    left = list(brains)

    def reply(request: Request) -> Says:
        one = left.pop(0) if len(left) > 1 else left[0]
        return one if isinstance(one, Says) else one(request)

    return reply


@contextmanager
def model_server(brain: Brain | Says) -> Iterator[ModelServer]:
    """A server on a free port of this machine, stopped afterwards."""
    state = ModelServer("", brain if callable(brain) else (lambda _: brain))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked["authorization"] = self.headers.get("Authorization")
            state.requests.append(asked)
            kind = asked.get("response_format", {}).get("type")
            if kind and kind not in state.takes:
                self._whole(400, {"error": {"message": f"response_format {kind} is not supported"}})
                return
            says = state.brain(asked)
            time.sleep(says.silence)
            try:
                self._reply(asked, says)
            except (BrokenPipeError, ConnectionResetError):
                state.broken.set()

        def _reply(self, asked: Request, says: Says) -> None:
            if says.status != 200:
                message = {"error": {"message": f"{says.text or 'no'} (key {asked['authorization']})"}}
                self._whole(says.status, message)
            elif asked.get("stream"):
                self._stream(asked, says)
            else:
                self._whole(200, _completion(asked, says.text))

        def _stream(self, asked: Request, says: Says) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            if says.raw is not None:
                self.wfile.write(says.raw)
                return
            self._event(_chunk(asked, {"role": "assistant", "content": ""}))
            for number, at in enumerate(range(0, len(says.text), says.piece)):
                if number == says.cut:
                    self._ping(says)
                    return
                self._event(_chunk(asked, {"content": says.text[at : at + says.piece]}))
                time.sleep(says.pause)
            self._event(_chunk(asked, {}, "stop"))
            self.wfile.write(b"data: [DONE]\n\n")

        def _ping(self, says: Says) -> None:
            for _ in range(says.pings):
                self.wfile.write(b": ping\n\n")
                self.wfile.flush()
                time.sleep(says.pause)

        def _event(self, row: dict[str, Any]) -> None:
            self.wfile.write(f"data: {json.dumps(row)}\n\n".encode())
            self.wfile.flush()

        def _whole(self, status: int, row: dict[str, Any]) -> None:
            body = json.dumps(row).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _chunk(asked: Request, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }  # fmt: skip


def _completion(asked: Request, text: str) -> dict[str, Any]:
    return {
        "id": "1", "object": "chat.completion", "created": 1, "model": asked["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }  # fmt: skip
