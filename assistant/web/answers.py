"""An answer at its permanent address, as it was given; and the earlier conversations of who is signed in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from assistant.web import render
from assistant.web.access import user_in
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

    @routes.get("/api/conversations")
    def conversations(request: Request) -> JSONResponse:
        """A person's conversations, newest first; null for somebody whom we do not know: their browser has the list."""
        user = user_in(request)
        if site.records is None or user is None:
            return JSONResponse(None)
        found = site.records.conversations(user)
        return JSONResponse([{"id": one.id, "title": one.title, "at": one.updated_at.isoformat()} for one in found])

    @routes.delete("/api/conversations/{identifier}")
    def remove(identifier: str, request: Request) -> JSONResponse:
        user = user_in(request)
        removed = bool(site.records and user and site.records.remove_conversation(identifier, user))
        return JSONResponse({"removed": removed}, status_code=200 if removed else 404)

    return routes
