"""The outermost layer: every request has an id, which its response and the log have too, and is counted."""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant import logs
from assistant.web.door import Proxies
from assistant.web.metrics import Metrics
from index.tracing import Span, span

HEADER = "X-Request-Id"
log = logging.getLogger(__name__)
# Asked for again and again by pages and monitors: said only where something is wrong with them.
_QUIET = ("/site/", "/healthz", "/readyz", "/metrics", "/gradio_api/heartbeat/", "/assets/", "/static/")
# Of these only what a path begins with is logged: the rest is a name, a title, or lets its reader in.
_DEEP = ("api", "gradio_api")
_LONGEST = 80


class Traced:
    """An id that a trusted proxy gave is kept, any other is made here."""

    def __init__(self, app: ASGIApp, proxies: Proxies, metrics: Metrics | None) -> None:
        self.app = app
        self._proxies = proxies
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, started, status = self._id_of(scope), time.monotonic(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request
            await send(message)

        state = {**scope.get("state", {}), "request_id": request}
        about = {"http.request.method": scope["method"], "url.path": shown(scope["path"]), "request.id": request}
        # A probe each second would be most of what a collector gets.
        traced = nullcontext(Span(None)) if scope["path"].startswith(_QUIET) else span("request", **about)
        with logs.about(request), traced as told:
            try:
                await self.app({**scope, "state": state}, receive, send_with_id)
            finally:
                told.set(**{"http.response.status_code": status})
                self._finished(scope, status, time.monotonic() - started)

    def _id_of(self, scope: Scope) -> str:
        given = Headers(scope=scope).get(HEADER, "")
        peer = (scope.get("client") or ("", 0))[0]
        return given if logs.is_id(given) and self._proxies.holds(peer) else logs.new_id()

    def _finished(self, scope: Scope, status: int, seconds: float) -> None:
        if self._metrics is not None:
            self._metrics.responded(status)
        level = logging.DEBUG if status < 400 and scope["path"].startswith(_QUIET) else logging.INFO
        fields = logs.with_fields(
            method=scope["method"], path=shown(scope["path"]), status=status, seconds=round(seconds, 3)
        )
        log.log(level, "request", extra=fields)


def id_in(connection: HTTPConnection | None) -> str | None:
    """The id of a request: for what is answered outside of it, such as the events of the chat's framework."""
    found = connection.scope.get("state", {}).get("request_id") if connection is not None else None
    return found if isinstance(found, str) else None


def shown(path: str) -> str:
    """A path as it is logged: where it leads, without what it names there.

    >>> shown("/documents/letter to ana"), shown("/a/a_secret"), shown("/gradio_api/queue/join"), shown("/")
    ('/documents/…', '/a/…', '/gradio_api/queue/…', '/')
    """
    parts = path.lstrip("/").split("/")
    depth = 2 if parts[0] in _DEEP else 1
    return f"/{'/'.join(parts[:depth])}{'/…' if len(parts) > depth else ''}"[:_LONGEST]
