"""The layer behind the door: how often, for how long, under which name, and whether anything is answered still."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web import render
from assistant.web.access import person_in
from assistant.web.limits import Kind, Limits, is_here, source_of
from assistant.web.site import Site
from assistant.web.speech import said
from assistant.web.stopping import Stopping

COSTS: tuple[tuple[str, str, Kind], ...] = (
    ("POST", "/definitions/check", "upload"),
    ("POST", "/api/index/documents", "upload"),
    ("PUT", "*", "upload"),
    ("POST", "*/gradio_api/queue/join", "question"),
    ("POST", "*/gradio_api/call/*", "question"),
    ("POST", "/api/*", "question"),
    ("GET", "/api/search", "question"),
    # To set the pages of a PDF takes longer than to answer.
    ("GET", "/a/*.pdf", "question"),
    ("GET", "/conversations/*.pdf", "question"),
)
"""What counts as asking, and what as sending a file; the first that fits."""

# The streams in which the chat gets the answers that were under way.
_ANSWERS = ("*/gradio_api/queue/data", "*/gradio_api/call/*", "*/gradio_api/cancel", "*/gradio_api/heartbeat/*")
# Even while the program stops: that it is alive, and what the page that says so looks like.
_ALWAYS = ("/healthz", "/site/*")
_STAYING = ("*/gradio_api/heartbeat/*",)
_HERE = ("localhost", "127.0.0.1", "[::1]")
_BODY_SECONDS = 300.0
_AGAIN = 10
_SOON = 2


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the turnstile holds to.

    `seconds` is how long a request may take until its answer begins, None for as long as it takes. `only_here`
    answers nobody who calls this program by a name that is not this machine's own. `at_once` is how many answers may
    be under way before further questions are turned away, 0 for any number.
    """

    limits: Limits | None = None
    stopping: Stopping = field(default_factory=Stopping)
    at_once: int = 0
    seconds: float | None = None
    only_here: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is turned away; `wait` in seconds, 0 where waiting does not help."""

    status: int
    words: str
    wait: int = 0


class Turnstile:
    """Lets requests through one by one; it stands behind the door, which says who asks and from where."""

    def __init__(self, app: ASGIApp, site: Site, bounds: Bounds) -> None:
        self.app = app
        self._site = site
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kind = cost(scope["method"], scope["path"])
        refusal = self._closed(scope) or self._full(kind) or await self._too_often(scope, kind)
        if refusal is not None:
            await turned_away(self._site, scope, refusal)(scope, receive, send)
        elif _is_answer(scope, kind):
            with self._bounds.stopping.answering():
                await self._in_time(scope, receive, send)
        else:
            await self._in_time(scope, receive, send)

    def _closed(self, scope: Scope) -> Refusal | None:
        if self._bounds.only_here and not _is_called_by_own_name(scope):
            # A page elsewhere can give its own name this machine's address, and then read what is here.
            words = said("This program answers only on its own machine: open it there, or start it with --open.")
            return Refusal(421, words)
        path = scope["path"]
        if not self._bounds.stopping.has_begun or _fits(path, (*_ALWAYS, *_ANSWERS)):
            return None
        return Refusal(503, said("The program is being restarted: try again in a moment."), _AGAIN)

    def _full(self, kind: Kind | None) -> Refusal | None:
        """Who would wait longer than anybody waits is told so at once, and those who wait already are answered."""
        most = self._bounds.at_once
        if kind != "question" or not most or self._bounds.stopping.running < most:
            return None
        words = said("Very many questions are being answered right now: ask again in {seconds} seconds.", seconds=_SOON)
        return Refusal(503, words, _SOON)

    async def _too_often(self, scope: Scope, kind: Kind | None) -> Refusal | None:
        limits = self._bounds.limits
        who = _who(scope)
        if kind is None or limits is None or who is None:
            return None
        wait = await run_in_threadpool(limits.wait, kind, who)
        return Refusal(429, too_often(kind, wait), wait) if wait else None

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds = self._bounds.seconds
        if seconds is None or _fits(scope["path"], _STAYING):
            await self.app(scope, receive, send)
            return
        # What a long body takes is limited where it is received.
        more = 0.0 if scope["method"] in ("GET", "HEAD") else _BODY_SECONDS
        begun = await begins(self.app, scope, receive, send, seconds + more)
        if begun:
            return
        words = said("This took longer than {seconds} seconds and was given up: ask for less.", seconds=round(seconds))
        await turned_away(self._site, scope, Refusal(503, words, _AGAIN))(scope, receive, send)


async def begins(app: ASGIApp, scope: Scope, receive: Receive, send: Send, seconds: float) -> bool:
    """Run an application; False where it has not begun to answer in time. What it sends later goes nowhere."""
    begun, given_up = asyncio.Event(), False

    async def send_in_time(message: Message) -> None:
        if not given_up:
            begun.set()
            await send(message)

    running = asyncio.ensure_future(app(scope, receive, send_in_time))
    waiting = asyncio.ensure_future(begun.wait())
    try:
        await asyncio.wait({running, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        given_up = not begun.is_set() and not running.done()
        if not given_up:
            await running
        return not given_up
    finally:
        waiting.cancel()
        if not running.done():
            # A thread that works for it cannot be stopped; nobody waits for it.
            running.cancel()


def cost(method: str, path: str) -> Kind | None:
    """
    >>> cost("POST", "/gradio_api/queue/join"), cost("POST", "/api/index/documents"), cost("GET", "/documents")
    ('question', 'upload', None)
    """
    return next((kind for verb, pattern, kind in COSTS if verb == method and fnmatchcase(path, pattern)), None)


def too_often(kind: Kind, wait: int) -> str:
    if kind == "upload":
        return said("Too many files were sent from here: wait {seconds} seconds.", seconds=wait)
    return said("Too many questions were asked from here: wait {seconds} seconds.", seconds=wait)


def turned_away(site: Site, scope: Scope, refusal: Refusal) -> Response:
    """A refusal as who asked can read it: a page for a browser that opens one, JSON for everybody else."""
    headers = {"Retry-After": str(refusal.wait)} if refusal.wait else None
    if "text/html" in HTTPConnection(scope).headers.get("accept", ""):
        page = render.message(site, said("Not now"), refusal.words)
        return HTMLResponse(page, status_code=refusal.status, headers=headers)
    # The chat's framework shows what stands under "detail".
    return JSONResponse({"error": refusal.words, "detail": refusal.words}, refusal.status, headers)


def _who(scope: Scope) -> str | None:
    """Whose turn it is; None for this machine's own programs, which may ask as fast as they are answered."""
    if person := person_in(HTTPConnection(scope)):
        return f"user {person.name}"
    address = (scope.get("client") or ("", 0))[0]
    return None if is_here(address) else f"address {source_of(address)}"


def _is_called_by_own_name(scope: Scope) -> bool:
    host = HTTPConnection(scope).headers.get("host", "")
    name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return name.lower() in _HERE


def _is_answer(scope: Scope, kind: Kind | None) -> bool:
    return kind is not None or (_fits(scope["path"], _ANSWERS) and not _fits(scope["path"], _STAYING))


def _fits(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
