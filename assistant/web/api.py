"""Questions, searches, documents and definitions over HTTP, for programs: JSON in the contract's shapes.

Every error is `{"error": "one plain sentence"}` with a fitting status.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from assistant.batch import question_in
from assistant.check import checked, definition_record
from assistant.listing import (
    FOUND,
    UnknownError,
    cited,
    definition_answer,
    document_details,
    document_record,
    found_passages,
    known_document,
    text_of,
)
from assistant.question import check_question
from assistant.types import Answer
from assistant.web.conversation import BUG
from assistant.web.events import event_stream
from assistant.web.site import Answerer, Site
from assistant.workers import WorkerLostError
from corpus.errors import UserError

LONGEST = 200_000
"""Bytes of a request: a long conversation, and no more."""
LONGEST_TEXT = 4_000_000
"""Bytes of a request with a text to check."""
_ASKED = ("id", "question", "history", "stream")
_CHECKED = ("id", "term", "pasted_text")

log = logging.getLogger(__name__)


class NotReadyError(UserError):
    """There is no index to answer from yet."""


class TooLargeError(UserError):
    """A request of more bytes than are read."""


_STATUS = {NotReadyError: 503, WorkerLostError: 503, TooLargeError: 413, UnknownError: 404}


class Told(APIRoute):
    """A call whose every failure is told as JSON, in one sentence."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The call's handler; a fault of ours is logged, and told without its details."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except ClientDisconnect:
                raise
            except UserError as error:
                return problem(_STATUS.get(type(error), 400), str(error))
            except Exception:
                log.exception("a call of the API failed")
                return problem(500, BUG)

        return told


def router(site: Site) -> APIRouter:
    routes = APIRouter(prefix="/api", route_class=Told)
    _ask_and_search(routes, site)
    _documents(routes, site)
    _definitions(routes, site)
    return routes


def unknown_calls() -> APIRouter:
    """What any other address below /api says; it comes after every other router."""
    routes = APIRouter()

    @routes.api_route("/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def unknown(path: str, request: Request) -> JSONResponse:
        return problem(404, f"There is no call {request.method} /api/{path}; /openapi.json and the page /api name all.")

    return routes


def problem(status: int, words: str) -> JSONResponse:
    """An error as every call tells it."""
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse({"error": words}, status_code=status, headers=headers)


def _ask_and_search(routes: APIRouter, site: Site) -> None:
    @routes.post("/ask")
    async def ask(request: Request) -> Response:
        answerer = _ready(site)
        body = await _body(request)
        question, history, identifier = question_in(body)
        fields = _fields(body, _ASKED)
        check_question(question)
        if fields.get("stream") or "text/event-stream" in request.headers.get("accept", ""):
            return event_stream(lambda: answerer.stream(question, history, identifier))
        answer: Answer = await run_in_threadpool(answerer.ask, question, history)
        return JSONResponse({**answer.as_dict(), "id": identifier})

    @routes.get("/search")
    def search(request: Request) -> Response:
        _only(request, "q", "limit")
        limit = _number(request, "limit", FOUND)
        return JSONResponse(found_passages(_ready(site), request.query_params.get("q", ""), limit))

    @routes.get("/citations/{citation_id}")
    def citation(citation_id: str, request: Request) -> Response:
        _only(request)
        return JSONResponse(cited(_ready(site), citation_id).as_dict())


def _documents(routes: APIRouter, site: Site) -> None:
    @routes.get("/documents")
    def documents(request: Request) -> Response:
        _only(request)
        return JSONResponse([document_record(one) for one in _ready(site).documents])

    # An id may hold slashes: the longer address comes first.
    @routes.get("/documents/{document_id:path}/text")
    def text(document_id: str, request: Request) -> Response:
        _only(request, "start", "end")
        document = known_document(_ready(site), document_id)
        found = text_of(document, _number(request, "start", 0), _number(request, "end", len(document.text)))
        return Response(found.encode("utf-8", "surrogatepass"), media_type="text/plain")

    @routes.get("/documents/{document_id:path}")
    def document(document_id: str, request: Request) -> Response:
        _only(request)
        return JSONResponse(document_details(known_document(_ready(site), document_id)))


def _definitions(routes: APIRouter, site: Site) -> None:
    @routes.get("/definitions")
    def definitions(request: Request) -> Response:
        _only(request)
        answerer = _ready(site)
        return JSONResponse([definition_record(answerer, one) for one in answerer.registry.wordings])

    @routes.post("/definitions/check")
    async def check(request: Request) -> Response:
        answerer = _ready(site)
        body = await _body(request, LONGEST_TEXT)
        return JSONResponse(await run_in_threadpool(_checked, answerer, body))

    @routes.get("/definitions/{term:path}")
    def definition(term: str, request: Request) -> Response:
        _only(request, "as_of")
        return JSONResponse(definition_answer(_ready(site), term, request.query_params.get("as_of")))


def _ready(site: Site) -> Answerer:
    answerer = site.get()
    if answerer is None:
        raise NotReadyError(site.obstacle)
    return answerer


async def _body(request: Request, longest: int = LONGEST) -> str:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > longest:
            raise TooLargeError(f"Found a request of more than {longest:,} bytes: send less.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"Found a request that is not UTF-8 (byte {error.start}), expected JSON in UTF-8.") from error


def _checked(answerer: Answerer, body: str) -> Any:
    record = checked(answerer, body)
    _fields(body, _CHECKED)
    return record


def _fields(body: str, known: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a JSON object that was read before. Raises UserError for one that is not known."""
    fields: dict[str, Any] = json.loads(body)
    for name in fields:
        if name not in known:
            raise UserError(f"Found the field {name!r}, expected {', '.join(known)}: correct its name or leave it out.")
    if not isinstance(fields.get("stream", False), bool):
        raise UserError(f"Found stream = {fields['stream']!r}, expected true or false.")
    return fields


def _only(request: Request, *known: str) -> None:
    """Raises UserError for a parameter that a call does not know: a misspelt one would do nothing in silence."""
    for name in request.query_params:
        if name not in known:
            expected = f"expected {', '.join(known)}" if known else "this call takes none"
            raise UserError(f"Found the parameter {name!r}, {expected}: correct its name or leave it out.")


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise UserError(f"Found {name} = {value!r}, expected a whole number from 0 on.")
    return int(value)
