"""An answer at its permanent address: as it was given, without being asked again."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from assistant.web import render
from assistant.web.site import Site
from assistant.web.speech import said


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/a/{identifier}")
    def kept_answer(identifier: str) -> Response:
        kept = site.records.answer(identifier) if site.records else None
        if kept is None:
            sentence = said("There is no answer at this address: it may have been removed, or was never kept.")
            return HTMLResponse(render.message(site, said("No such answer"), sentence), status_code=404)
        return HTMLResponse(render.answer_page(site, kept))

    return routes
