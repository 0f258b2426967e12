"""The reader's choice of a language for the interface, kept in a cookie."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from assistant.web import speech

_YEAR = 365 * 24 * 3600


def router() -> APIRouter:
    routes = APIRouter()

    @routes.get("/language/{code}")
    def choose(code: str, request: Request, back: str = "/") -> RedirectResponse:
        answer = RedirectResponse(_here(request) or local(back), status_code=303)
        if code in speech.LANGUAGES:
            answer.set_cookie(speech.COOKIE, code, max_age=_YEAR, samesite="lax", httponly=True)
        return answer

    return routes


def _here(request: Request) -> str | None:
    """The page that was open, where the browser tells it and it is ours."""
    page = urlsplit(request.headers.get("referer", ""))
    if page.netloc != request.headers.get("host") or not page.path:
        return None
    return local(f"{page.path}?{page.query}" if page.query else page.path)


def local(address: str) -> str:
    """An address of this site; "/" for any other.

    >>> local("/documents?q=1"), local("//elsewhere.example"), local("https://elsewhere.example"), local("/\\\\x")
    ('/documents?q=1', '/', '/', '/')
    """
    fit = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if fit else "/"
