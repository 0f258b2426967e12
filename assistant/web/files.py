"""What a document's page fetches: the file itself, pictures of its pages, the citation of a selected span.

Nothing that a file holds may run here: a web page goes out as the text of its source.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote as percent_encode

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response

from assistant.citations import cite, page_name
from assistant.originals import Original
from assistant.web import cards, render
from assistant.web.shelf import HERE
from assistant.web.site import Answerer, Site
from assistant.web.speech import said
from corpus.drawing import WIDTHS, Drawing, drawn_by
from corpus.errors import UserError
from corpus.spans import trim
from corpus.types import Document

LONGEST_QUOTE = 20_000
_LARGEST_LOOK = 50_000_000
_PLAIN = "text/plain"
_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def router(site: Site, drawing: Drawing) -> APIRouter:
    routes = APIRouter()

    @routes.get(HERE + "/{document_id:path}/original")
    def original(document_id: str, now: str = "") -> Response:
        found = _find(site, document_id)
        return found if isinstance(found, Response) else _original(site, *found, as_it_is=bool(now))

    @routes.get(HERE + "/{document_id:path}/pages/{number:int}.png")
    def page_picture(request: Request, document_id: str, number: int, width: int = WIDTHS[0]) -> Response:
        found = _find(site, document_id)
        if isinstance(found, Response):
            return found
        return _picture(drawing, *found, number, width, request.headers.get("if-none-match", ""))

    @routes.get(HERE + "/{document_id:path}/span")
    def span(document_id: str, start: int = -1, end: int = -1) -> Response:
        found = _find(site, document_id)
        return found if isinstance(found, Response) else _span(found[1], start, end)

    return routes


def original_address(document_id: str, page: int | None = None) -> str:
    """The address of a document's file; programs that show PDF open it at `page`."""
    return f"{HERE}/{percent_encode(document_id)}/original" + (f"#page={page}" if page else "")


def picture_address(document_id: str, number: int, width: int) -> str:
    """The address of the picture of a page, counted from 1."""
    return f"{HERE}/{percent_encode(document_id)}/pages/{number}.png?width={width}"


def span_address(document_id: str) -> str:
    """The address that gives the citation of a span."""
    return f"{HERE}/{percent_encode(document_id)}/span"


def _find(site: Site, document_id: str) -> tuple[Answerer, Document] | Response:
    answerer = site.get()
    if answerer is None:
        return PlainTextResponse(site.obstacle, status_code=503, headers={"Retry-After": "5"})
    document = answerer.document(document_id)
    if document is None:
        return PlainTextResponse(said("There is no document “{name}” here.", name=document_id), status_code=404)
    return answerer, document


def _original(site: Site, answerer: Answerer, document: Document, *, as_it_is: bool) -> Response:
    try:
        found = answerer.original(document.info)
    except UserError as error:
        page = render.message(site, said("The file cannot be opened"), str(error))
        return HTMLResponse(page, status_code=404)
    if found.is_changed and not as_it_is:
        address = f"{original_address(document.id)}?now=1"
        page = render.page(site, "changed.html", HERE, document=document, address=address)
        return HTMLResponse(page, status_code=409)
    return _handed_out(found, document)


def _handed_out(found: Original, document: Document) -> Response:
    suffix = found.path.suffix.lower()
    kind = _TYPES.get(suffix) or f"{_PLAIN}; charset={_charset(found.path, document.language)}"
    return FileResponse(
        found.path,
        media_type=kind,
        # A name that is no Unicode cannot stand in a header.
        filename=found.path.name.encode("utf-8", "replace").decode(),
        content_disposition_type="attachment" if suffix == ".docx" else "inline",
        headers={"Cache-Control": "private, no-cache", "ETag": f'"{found.sha256[:32]}"'},
    )


def _charset(path: Path, language: str) -> str:
    """How a browser is to read a text: what is no UTF-8 is what the reader of such files takes it for."""
    with path.open("rb") as file:
        data = file.read(_LARGEST_LOOK)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030" if language == "zh" else "windows-1252"
    return "utf-8"


def _picture(drawing: Drawing, answerer: Answerer, document: Document, number: int, width: int, known: str) -> Response:
    width = min(WIDTHS, key=lambda one: abs(one - width))
    try:
        found = answerer.original(document.info)
        if found.path.suffix.lower() != ".pdf":
            raise UserError(f"“{document.title}” is no PDF file, so its pages have no pictures.")
        if found.is_changed:
            raise UserError("The file has changed since the index was built.")
        tag = f'"{found.sha256[:24]}-{number}-{width}-{drawn_by()}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if tag in known:
            return Response(status_code=304, headers=headers)
        data = drawing.image(found.path, found.sha256, number, width)
    except UserError as error:
        return PlainTextResponse(str(error), status_code=404)
    return Response(data, media_type="image/png", headers=headers)


def _span(document: Document, start: int, end: int) -> Response:
    if not 0 <= start < end <= len(document.text):
        held = len(document.text)
        sentence = said(
            "Found the span {start} to {end}, expected one inside 0 to {held}.", start=start, end=end, held=held
        )
        return JSONResponse({"error": sentence}, status_code=400)
    start, end = trim(document.text, start, end)
    if start >= end or end - start > LONGEST_QUOTE:
        sentence = said("Select from 1 to {most} characters of text.", most=LONGEST_QUOTE)
        return JSONResponse({"error": sentence}, status_code=400)
    citation = cite(1, document, start, end)
    received = said("received {day}", day=cards.day(document.date)) if document.date else ""
    page = page_name(citation.page, citation.page_label)
    source = ", ".join(part for part in (document.title, citation.section, page, received) if part)
    return JSONResponse(
        {
            "id": citation.id,
            "address": f"/c/{citation.id}",
            "quote": citation.quote,
            "text": f"“{citation.quote}”\n— {source}",
        }
    )
