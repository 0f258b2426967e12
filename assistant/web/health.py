"""Whether the program runs, and whether it can answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from assistant.web.site import Answerer, Site


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    def readyz() -> JSONResponse:
        answerer = site.get()
        if answerer is not None:
            return JSONResponse(_ready(answerer))
        return JSONResponse(_unready(site.failure()), status_code=503)

    return routes


def _ready(answerer: Answerer) -> dict[str, Any]:
    return {
        "status": "ready",
        "notice": answerer.notice,
        "model": answerer.model,
        "index_version": answerer.index_version,
        "documents": len(answerer.documents),
        "passages": answerer.passage_count,
        "refused": [{"path": file.path, "reason": file.reason} for file in answerer.refused],
    }


def _unready(failure: str | None) -> dict[str, str]:
    return {"status": "loading"} if failure is None else {"status": "failed", "reason": failure}
