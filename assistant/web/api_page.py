"""The API for people: every call with its parameters and a real example, to be tried from the browser."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from assistant.web import render
from assistant.web.openapi import CALLS, Call, Example, document, examples
from assistant.web.site import Site

HERE = "/api"


@dataclass(frozen=True, slots=True)
class Shown:
    """A call as the page shows it."""

    call: Call
    example: Example
    curl: str
    body: str
    answer: str

    def value(self, name: str) -> str:
        """What the example gives for a parameter."""
        return self.example.path.get(name) or self.example.query.get(name, "")


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/openapi.json")
    def openapi() -> JSONResponse:
        return JSONResponse(document(site.title))

    @routes.get(HERE)
    def page(request: Request) -> HTMLResponse:
        base = str(request.base_url).rstrip("/")
        calls = [_shown(call, examples()[call.name], base) for call in CALLS]
        return HTMLResponse(render.page(site, "api.html", HERE, calls=calls))

    return routes


def _shown(call: Call, example: Example, base: str) -> Shown:
    answer = example.answer if isinstance(example.answer, str) else _written(example.answer)
    body = "" if example.body is None else _written(example.body)
    return Shown(call, example, _curl(call, example, base), body, answer)


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _curl(call: Call, example: Example, base: str) -> str:
    """A line for a shell that makes the example's call."""
    address = shlex.quote(base + example.address(call))
    if example.body is None:
        return f"curl {address}"
    body = shlex.quote(json.dumps(example.body, ensure_ascii=False))
    return f"curl {address} \\\n  -H 'Content-Type: application/json' \\\n  -d {body}"
