"""The documents themselves: the list, each one's whole text, and a citation's permanent address."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.citations import resolve
from assistant.web import render
from assistant.web.cards import document_address
from assistant.web.site import Answerer, Site


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/documents")
    def list_documents() -> Response:
        answerer = site.get()
        return _not_yet(site) if answerer is None else HTMLResponse(render.documents(site, answerer))

    @routes.get("/documents/{document_id:path}")
    def read_document(document_id: str, cite: str = "") -> Response:
        answerer = site.get()
        return _not_yet(site) if answerer is None else _document(site, answerer, document_id, cite)

    @routes.get("/c/{citation_id}")
    def open_citation(citation_id: str) -> Response:
        answerer = site.get()
        return _not_yet(site) if answerer is None else _citation(site, answerer, citation_id)

    return routes


def _document(site: Site, answerer: Answerer, document_id: str, cite: str) -> Response:
    document = answerer.document(document_id)
    if document is None:
        return _missing(site, "No such document", f"There is no document “{document_id}” here.")
    if not cite:
        return HTMLResponse(render.document(site, document, None, ""))
    place = resolve(cite, [document.info])
    if place is None:
        return _missing(site, "No such citation", _gone(cite))
    return HTMLResponse(render.document(site, document, place[1:], cite))


def _citation(site: Site, answerer: Answerer, citation_id: str) -> Response:
    place = resolve(citation_id, answerer.documents)
    if place is None:
        return _missing(site, "No such citation", _gone(citation_id))
    return RedirectResponse(document_address(place[0].id, citation_id))


def _gone(citation_id: str) -> str:
    return f"The citation “{citation_id}” belongs to no text that is here now: it may have been replaced."


def _missing(site: Site, heading: str, sentence: str) -> Response:
    return HTMLResponse(render.message(site, heading, sentence), status_code=404)


def _not_yet(site: Site) -> Response:
    page = render.message(site, "Not ready yet", site.obstacle)
    return HTMLResponse(page, status_code=503, headers={"Retry-After": "5"})
