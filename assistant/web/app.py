"""The web application in one place: our own pages first, the chat under everything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from assistant.accounts import Person
from assistant.records.types import Records
from assistant.web import accounts as sign_in
from assistant.web import (
    answers,
    api,
    api_page,
    chat,
    definitions,
    documents,
    downloads,
    health,
    languages,
    render,
    reviews,
)
from assistant.web.access import Visitor, visiting
from assistant.web.accounts import Accounts
from assistant.web.door import Door, Proxies, is_call
from assistant.web.first import First
from assistant.web.lasting import Lasting
from assistant.web.metrics import Built, Metrics
from assistant.web.render import STATIC
from assistant.web.shell import Shell
from assistant.web.site import Answerer, Site
from assistant.web.speech import said
from assistant.web.traced import Traced
from assistant.web.turnstile import Bounds, Turnstile
from corpus.errors import UserError

__all__ = ["Answerer", "create_app"]

STAFF_PAGES = (("Evaluation", "/evaluation/"), ("Review", reviews.PATH), ("Index", "/index"))
"""The pages of the staff, each with its path; Review is there where answers are kept."""


def _no_failure() -> str | None:
    return None


def _not_known() -> None:
    return None


def _problem(site: Site) -> Callable[[Request, Exception], Response]:
    """What is answered where a page or a call cannot be served, such as without the records' database."""

    def answer(request: Request, error: Exception) -> Response:
        if is_call(request.url.path):
            return JSONResponse({"error": str(error)}, status_code=503)
        return HTMLResponse(render.message(site, said("Not ready yet"), str(error)), status_code=503)

    return answer


def create_app(
    get: Callable[[], Answerer | None],
    *,
    failure: Callable[[], str | None] = _no_failure,
    title: str = "Ask the association",
    contact: str | None = None,
    staff: Callable[[FastAPI, Site], None] | None = None,
    records: Records | None = None,
    accounts: Accounts | None = None,
    proxies: Proxies | None = None,
    bounds: Bounds | None = None,
    metrics: Metrics | None = None,
    built: Built = _not_known,
) -> FastAPI:
    """The application around `get`, which returns None while the index is being loaded.

    It answers at once: pages and `/healthz` need no index, `/readyz` says when there is one. `staff`
    mounts the pages of the staff, which the bar then names. With `accounts` people sign in; `proxies` are
    believed about whom they pass on. `bounds` say how often and for how long somebody may ask; with
    `metrics` requests are counted, and `/metrics` shows all figures.
    """
    site = Site(get, failure, title, contact, records=records)
    if staff is not None:
        site = replace(site, pages=(*site.pages, *(one for one in STAFF_PAGES if records or one[1] != reviews.PATH)))
    # FastAPI's own documentation pages fetch their scripts from another host.
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(health.router(site))
    if metrics is not None:
        app.include_router(health.figures(site, metrics, built, accounts))
    # Before the pages of answers, whose addresses are those of their files without an ending.
    app.include_router(downloads.router(site))
    app.include_router(documents.router(site))
    app.include_router(definitions.router(site))
    app.include_router(api.router(site))
    app.include_router(answers.router(site))
    app.include_router(languages.router())
    if accounts is not None:
        app.include_router(sign_in.router(site, accounts))
    if staff is not None and records is not None:
        app.include_router(reviews.router(site, records))
    app.mount("/site", StaticFiles(directory=STATIC))
    app.include_router(api_page.router(site))
    # What is made once shows what every member may see; it is made anew for each who opens it.
    with visiting(Visitor(Person("", "member"), signs_in=accounts is not None)):
        if staff is not None:
            staff(app, site)
        app.include_router(api.unknown_calls())
        # The chat is mounted last: at "/" it would swallow every route that comes after it.
        chat.mount(app, site)
    app.add_exception_handler(UserError, _problem(site))
    # The one that is added last is asked first.
    app.add_middleware(First, view=lambda: render.first(site))
    app.add_middleware(Lasting)
    app.add_middleware(Turnstile, site=site, bounds=bounds or Bounds())
    app.add_middleware(Door, site=site, accounts=accounts, proxies=proxies or Proxies())
    app.add_middleware(Shell)
    app.add_middleware(Traced, proxies=proxies or Proxies(), metrics=metrics)
    return app
