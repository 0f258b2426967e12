"""A thin layer around the whole application: what a browser may do with our pages, and what is closed."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web import speech

# No script-src: the chat's framework builds its templates with Function().
POLICY = "; ".join(
    [
        "img-src 'self' data: blob:",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'self'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # With "no-referrer" browsers send the origin "null" with our own forms; other sites are told nothing either way.
    "Referrer-Policy": "same-origin",
}

LARGEST = 60_000_000
"""Bytes of a request, whatever it is for."""

# What the chat and programs that call it need of the framework's routes. The others stay closed:
# through "file=" and "proxy=" a caller could make this machine fetch an address on another one,
# "upload" takes files that nothing here reads, and some change the program itself.
FRAMEWORK = "/gradio_api/"
OPEN = tuple(
    FRAMEWORK + route
    for route in (
        "queue/",
        "call/",
        "cancel",
        "reset",
        "heartbeat/",
        "info",
        "openapi.json",
        "startup-events",
        "app_id",
    )
)


class Shell:
    """Adds the headers to every response. Streams go through as they come, nothing is buffered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _closed(scope["path"]):
            await _refuse(send, 404)
        elif _length(scope) > LARGEST:
            await _refuse(send, 413)
        else:
            with speech.speaking(_language(scope)):
                await self._answer(scope, _Limited(receive), _with_headers(scope["path"], send))

    async def _answer(self, scope: Scope, receive: _Limited, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except ClientDisconnect:
            if not receive.is_over:
                raise
            await _refuse(send, 413)


def _closed(path: str) -> bool:
    # A page of the framework may be mounted below another path.
    _, found, route = path.partition(FRAMEWORK)
    return bool(found) and not (FRAMEWORK + route).startswith(OPEN)


def _with_headers(path: str, send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            if path.startswith("/site/"):
                # Ask each time whether it has changed: an update must not meet yesterday's style.
                headers["Cache-Control"] = "no-cache"
        await send(message)

    return send_with_headers


def _language(scope: Scope) -> str:
    request = HTTPConnection(scope)
    return speech.chosen(request.cookies.get(speech.COOKIE), request.headers.get("accept-language"))


def _length(scope: Scope) -> int:
    """What a request says of its length; 0 where it says nothing that is a number."""
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(said) if said.isdigit() else 0


class _Limited:
    """Receives a request that does not say how long it is, up to the limit; beyond it the other side is gone."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0

    @property
    def is_over(self) -> bool:
        return self._taken > LARGEST

    async def __call__(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_over else message


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
