"""A thin layer around the whole application: what a browser may do with our pages, and what is closed."""

from __future__ import annotations

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web import speech

_POLICY = "; ".join(
    [
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        "img-src 'self' data: blob:",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-src 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'self'",
    ]
)
POLICY = f"{_POLICY}; script-src 'self'; worker-src 'none'"
# The chat's framework has scripts in its page, and builds its templates with Function(); a report is one whole file.
FRAMEWORK_POLICY = f"{_POLICY}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; worker-src 'self' blob:"
_EVALUATION = "/evaluation"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    # With "no-referrer" browsers send the origin "null" with our own forms; other sites are told nothing either way.
    "Referrer-Policy": "same-origin",
}

LARGEST = 60_000_000
"""Bytes of a request, whatever it is for."""
LARGEST_QUESTION = 200_000
"""Bytes of a request to the chat's framework: a question with a long conversation before it, and no more."""
LONGEST = 300.0
"""Seconds in which a request has to arrive."""

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
        elif _length(scope) > _largest(scope["path"]):
            await _refuse(send, 413)
        else:
            with speech.speaking(_language(scope)):
                limited = _Limited(receive, _largest(scope["path"]))
                await self._answer(scope, limited, _with_headers(scope["path"], send))

    async def _answer(self, scope: Scope, receive: _Limited, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except ClientDisconnect:
            if not receive.is_over and not receive.is_late:
                raise
            await _refuse(send, 413 if receive.is_over else 408)


def _closed(path: str) -> bool:
    # A page of the framework may be mounted below another path.
    _, found, route = path.partition(FRAMEWORK)
    return bool(found) and not (FRAMEWORK + route).startswith(OPEN)


def _largest(path: str) -> int:
    return LARGEST_QUESTION if FRAMEWORK in path else LARGEST


def _is_framework(path: str) -> bool:
    return path == "/" or path.startswith(_EVALUATION) or FRAMEWORK in path


def _with_headers(path: str, send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            headers["Content-Security-Policy"] = FRAMEWORK_POLICY if _is_framework(path) else POLICY
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
    """Receives a request that does not say how long it is, up to the limits; beyond them the other side is gone."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive = receive
        self._largest = largest
        self._taken = 0
        self._until = asyncio.get_running_loop().time() + LONGEST
        self._has_all = False
        self.is_late = False

    @property
    def is_over(self) -> bool:
        return self._taken > self._largest

    async def __call__(self) -> Message:
        message = await self._next()
        self._taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_over or self.is_late else message

    async def _next(self) -> Message:
        if self._has_all:
            # Nothing is sent any more: what is waited for is that the reader goes away.
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self.is_late = True
            return {"type": "http.disconnect"}
        self._has_all = message["type"] == "http.request" and not message.get("more_body", False)
        return message


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
