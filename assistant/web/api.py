"""Questions and definitions over HTTP, for programs: JSON in the shapes of the batch files in, their records out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from assistant.batch import question_in
from assistant.check import checked, definition_record
from assistant.types import Answer
from assistant.web.site import Answerer, Site
from corpus.errors import UserError

LONGEST = 200_000
"""Bytes of a request: a long conversation, and no more."""
LONGEST_TEXT = 4_000_000
"""Bytes of a request with a text to check."""


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.post("/api/ask")
    async def ask(request: Request) -> JSONResponse:
        answerer = site.get()
        if answerer is None:
            return _problem(503, site.obstacle)
        try:
            answer = await run_in_threadpool(_asked, answerer, await _body(request))
        except UserError as error:
            return _problem(400, str(error))
        return JSONResponse(answer)

    @routes.get("/api/definitions")
    def definitions() -> JSONResponse:
        answerer = site.get()
        if answerer is None:
            return _problem(503, site.obstacle)
        return JSONResponse([definition_record(answerer, one) for one in answerer.registry.wordings])

    @routes.post("/api/definitions/check")
    async def check(request: Request) -> JSONResponse:
        answerer = site.get()
        if answerer is None:
            return _problem(503, site.obstacle)
        try:
            record = await run_in_threadpool(checked, answerer, await _body(request, LONGEST_TEXT))
        except UserError as error:
            return _problem(400, str(error))
        return JSONResponse(record)

    return routes


async def _body(request: Request, longest: int = LONGEST) -> str:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > longest:
            raise UserError(f"Found a request of more than {longest:,} bytes: send less.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"Found a request that is not UTF-8 (byte {error.start}), expected JSON in UTF-8.") from error


def _asked(answerer: Answerer, body: str) -> dict[str, Any]:
    question, history, identifier = question_in(body)
    answer: Answer = answerer.ask(question, history)
    return {**answer.as_dict(), "id": identifier}


def _problem(status: int, words: str) -> JSONResponse:
    return JSONResponse({"error": words}, status_code=status)
