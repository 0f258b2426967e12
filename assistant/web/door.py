"""The layer that every request passes first: where it comes from, who makes it, and whether that may be."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.web import render
from assistant.web.access import Visitor, needed, visiting
from assistant.web.accounts import SIGN_IN, Accounts, ThrottledError, too_often
from assistant.web.origin import check_origin
from assistant.web.site import Site
from assistant.web.speech import said
from corpus.errors import UserError

LOOPBACK = ("127.0.0.0/8", "::1")
_HARMLESS = ("GET", "HEAD", "OPTIONS")


class Proxies:
    """The machines in front of this one whose word on who asks, and from where, is taken: addresses and networks.

    Raises UserError for what is neither.
    """

    def __init__(self, names: Sequence[str] = LOOPBACK) -> None:
        self._networks = [_network(name) for name in names]

    def holds(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)


def _network(name: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(name, strict=False)
    except ValueError as error:
        raise UserError(
            f"ASSISTANT_PROXIES names {name!r}, expected addresses or networks such as 127.0.0.1 or 10.0.0.0/8."
        ) from error


class Door:
    """Puts the `Visitor` on each request's state, its `Person` (or None) beside it, and turns away who may not pass."""

    def __init__(self, app: ASGIApp, site: Site, accounts: Accounts | None, proxies: Proxies) -> None:
        self.app = app
        self._site = site
        self._accounts = accounts
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        header = self._accounts.header if self._accounts else None
        scope = _from(scope, self._proxies, header)
        connection = HTTPConnection(scope)
        visitor, refusal = await self._met(connection)
        state = {**scope.get("state", {}), "visitor": visitor, "person": visitor.person}
        with visiting(visitor):
            if refusal is None:
                await self.app({**scope, "state": state}, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._turned_away(connection, refusal)(scope, receive, send)

    async def _met(self, connection: HTTPConnection) -> tuple[Visitor, tuple[int, str, int] | None]:
        """Who it is, and where they may not pass: the status, the words, and the seconds to wait."""
        path = connection.scope["path"]
        visitor = Visitor(signs_in=self._accounts is not None)
        try:
            if connection.scope.get("method") not in _HARMLESS:
                check_origin(connection)
        except UserError as error:
            return visitor, (403, str(error), 0)
        if self._accounts is None or needed(path) == "anyone":
            return visitor, None
        try:
            visitor = await run_in_threadpool(self._accounts.visitor, connection)
        except ThrottledError as error:
            return visitor, (429, too_often(error), error.seconds)
        except UserError as error:
            return visitor, (503, str(error), 0)
        if visitor.may_open(path):
            return visitor, None
        if visitor.person is None:
            return visitor, (401, said("Sign in first."), 0)
        return visitor, (403, said("This is for the staff alone, and {name} is not.", name=visitor.person.name), 0)

    def _turned_away(self, connection: HTTPConnection, refusal: tuple[int, str, int]) -> Response:
        status, words, wait = refusal
        path, method = connection.scope["path"], connection.scope["method"]
        headers = {"Retry-After": str(wait)} if wait else {}
        if is_call(path):
            if status == 401 and "sec-fetch-site" not in connection.headers:
                # A browser would ask for the password in a window of its own.
                headers["WWW-Authenticate"] = 'Basic realm="assistant", charset="UTF-8"'
            # The chat's framework shows what it finds under "detail".
            told = {"detail": words} if "/gradio_api/" in path else {}
            return JSONResponse({"error": words, **told}, status_code=status, headers=headers)
        if status == 401:
            query = connection.scope.get("query_string", b"").decode("latin-1")
            wanted = f"{quote(path)}?{query}" if query else quote(path)
            following = wanted if method in _HARMLESS else "/"
            return RedirectResponse(f"{SIGN_IN}?next={quote(following, safe='')}", status_code=303)
        page = render.message(self._site, said("Not here"), words)
        return HTMLResponse(page, status_code=status, headers=headers)


def is_call(path: str) -> bool:
    """Whether a program asks, and not somebody who looks at a page."""
    return path.startswith(("/api/", "/mcp")) or "/gradio_api/" in path


def _from(scope: Scope, proxies: Proxies, header: str | None) -> Scope:
    """The request as the asker made it, where a proxy that is trusted says so; else without a proxy's word on names."""
    peer = (scope.get("client") or ("", 0))[0]
    if not proxies.holds(peer):
        if header is None:
            return scope
        return {**scope, "headers": [one for one in scope["headers"] if one[0] != header.encode("latin-1")]}
    headers = Headers(scope=scope)
    scope = dict(scope)
    hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    if asker := next((hop for hop in reversed(hops) if not proxies.holds(hop)), None):
        scope["client"] = (asker, 0)
    scheme = headers.get("x-forwarded-proto", "").strip().lower()
    if scheme in ("http", "https") and scope["type"] == "http":
        scope["scheme"] = scheme
    return scope
