"""The documents themselves: the list, each one's text in parts, and a citation's permanent address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.citations import resolve
from assistant.web import files, render
from assistant.web.cards import document_address
from assistant.web.leaf import leaf_of
from assistant.web.reader import Wish, address, view
from assistant.web.shelf import HERE, Wanted, shelf
from assistant.web.site import Answerer, Site
from assistant.web.speech import language_name, said
from corpus.drawing import Drawing
from corpus.types import Document

_MOST_CITED = 100
_LONGEST_SEARCH = 200


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    drawing = Drawing()

    @routes.get(HERE)
    def list_documents(q: str = "", kind: str = "", language: str = "", sort: str = "", page: str = "") -> Response:
        answerer = site.get()
        if answerer is None:
            return not_yet(site)
        wanted = Wanted(q[:_LONGEST_SEARCH], kind, language, sort or "title", _number(page) or 1)
        return HTMLResponse(render.page(site, "documents.html", HERE, shelf=shelf(answerer, wanted)))

    # Before the documents, whose ids may hold slashes.
    routes.include_router(files.router(site, drawing))

    @routes.get(HERE + "/{document_id:path}")
    def read_document(
        document_id: str,
        cite: Annotated[tuple[str, ...], Query()] = (),
        find: str = "",
        at: str = "",
        part: str = "",
        page: str = "",
        section: str = "",
    ) -> Response:
        answerer = site.get()
        if answerer is None:
            return not_yet(site)
        document = answerer.document(document_id)
        if document is None:
            return missing_document(site, document_id)
        cited = tuple(one for one in dict.fromkeys(cite) if one)[:_MOST_CITED]
        places = {one: place[1:] for one in cited if (place := resolve(one, [document.info]))}
        if cited and not places:
            return _missing(site, said("No such citation"), _gone(cited[0]))
        words = " ".join(find[:_LONGEST_SEARCH].split())
        wish = Wish(places, _number(at), _number(part), _number(page), _number(section), words)
        return _document(site, answerer, drawing, document, wish, len(cited) - len(places))

    @routes.get("/c/{citation_id}")
    def open_citation(citation_id: str) -> Response:
        answerer = site.get()
        return not_yet(site) if answerer is None else _citation(site, answerer, citation_id)

    return routes


def not_yet(site: Site) -> Response:
    """The page while there is no index."""
    page = render.message(site, said("Not ready yet"), site.obstacle)
    return HTMLResponse(page, status_code=503, headers={"Retry-After": "5"})


def missing_document(site: Site, document_id: str) -> Response:
    """The page for an id that no document has."""
    return _missing(site, said("No such document"), said("There is no document “{name}” here.", name=document_id))


def _document(site: Site, answerer: Answerer, drawing: Drawing, document: Document, wish: Wish, lost: int) -> Response:
    shown = view(document, wish)
    leaf, notice = leaf_of(answerer, drawing, document, wish, shown)
    page = render.page(
        site,
        "document.html",
        HERE,
        document=document,
        language_name=language_name(document.language),
        linked=document.url is not None and document.url.startswith(("https://", "http://")),
        view=shown,
        wish=wish,
        leaf=leaf,
        notice=notice,
        lost=lost,
        plain=address(document.id),
        cleared=address(document.id, Wish(wish.cited)),
        original="" if notice else files.original_address(document.id),
        span=files.span_address(document.id),
        section_address=lambda number: address(document.id, Wish({}, section=number), f"s-{number}"),
    )
    return HTMLResponse(page)


def _citation(site: Site, answerer: Answerer, citation_id: str) -> Response:
    place = resolve(citation_id, answerer.documents)
    if place is None:
        return _missing(site, said("No such citation"), _gone(citation_id))
    return RedirectResponse(document_address(place[0].id, citation_id))


def _gone(citation_id: str) -> str:
    return said(
        "The citation “{name}” belongs to no text that is here now: it may have been replaced.", name=citation_id
    )


def _missing(site: Site, heading: str, sentence: str) -> Response:
    return HTMLResponse(render.message(site, heading, sentence), status_code=404)


def _number(text: str) -> int:
    """A number of an address; 0 for what is none, since an address that somebody cut short still opens."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
