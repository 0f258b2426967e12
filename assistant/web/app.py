"""The web application in one place: our own pages first, the chat under everything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from assistant.records.types import Records
from assistant.web import answers, api, api_page, chat, definitions, documents, health, languages
from assistant.web.render import STATIC
from assistant.web.shell import Shell
from assistant.web.site import Answerer, Site

__all__ = ["Answerer", "create_app"]


def _no_failure() -> str | None:
    return None


def create_app(
    get: Callable[[], Answerer | None],
    *,
    failure: Callable[[], str | None] = _no_failure,
    title: str = "Ask the association",
    contact: str | None = None,
    staff: Callable[[FastAPI, Site], None] | None = None,
    records: Records | None = None,
) -> FastAPI:
    """The application around `get`, which returns None while the index is being loaded.

    It answers at once: pages and `/healthz` need no index, `/readyz` says when there is one. `staff`
    mounts the pages of the staff, which the bar then names.
    """
    site = Site(get, failure, title, contact, records=records)
    if staff is not None:
        site = replace(site, pages=(*site.pages, ("Index", "/index"), ("Evaluation", "/evaluation/")))
    # FastAPI's own documentation pages fetch their scripts from another host.
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(health.router(site))
    app.include_router(documents.router(site))
    app.include_router(definitions.router(site))
    app.include_router(api.router(site))
    app.include_router(answers.router(site))
    app.include_router(languages.router())
    app.mount("/site", StaticFiles(directory=STATIC))
    if staff is not None:
        staff(app, site)
    app.include_router(api_page.router(site))
    app.include_router(api.unknown_calls())
    # The chat is mounted last: at "/" it would swallow every route that comes after it.
    chat.mount(app, site)
    app.add_middleware(Shell)
    return app
