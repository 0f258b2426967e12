"""The first view of the chat, drawn by this program: bar and greeting are there before the framework's scripts are.

It is put into the framework's page on its way out, and takes itself away when the chat itself is there.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/"
_BEFORE = b"<gradio-app"


class First:
    """Puts what `view` gives before the framework's element at "/"; other answers go through as they are."""

    def __init__(self, app: ASGIApp, view: Callable[[], str]) -> None:
        self.app = app
        self.view = view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Page(send, self.view))


class _Page:
    """Collects a page of HTML that comes in one piece or several, and sends it on with the view in it."""

    def __init__(self, send: Send, view: Callable[[], str]) -> None:
        self._send = send
        self._view = view
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_plain_html(message):
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)
        else:
            await self._send(message)

    async def _finish(self, start: Message) -> None:
        before, found, after = bytes(self._body).partition(_BEFORE)
        body = before + self._view().encode() + found + after if found else before
        MutableHeaders(scope=start)["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_plain_html(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    html = headers.get("content-type", "").startswith("text/html")
    return bool(start["status"] == 200 and html and "content-encoding" not in headers)
