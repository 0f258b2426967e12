"""Whether the program runs, whether it can answer, and what it has counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from assistant.web.accounts import Accounts, ThrottledError
from assistant.web.limits import is_here
from assistant.web.metrics import CONTENT_TYPE, Built, Metrics
from assistant.web.site import Answerer, Site
from assistant.web.speech import said

_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-real-ip")


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


def figures(site: Site, metrics: Metrics, built: Built, accounts: Accounts | None) -> APIRouter:
    """What was counted, for programs of this machine and for staff."""
    routes = APIRouter()

    @routes.get("/metrics")
    def show(request: Request) -> Response:
        if not (_is_from_here(request) or _is_staff(request, accounts)):
            words = said("The figures are for this machine's own programs and for the staff.")
            return JSONResponse({"error": words}, status_code=403)
        return Response(metrics.page(site.get(), built(), datetime.now(UTC)), media_type=CONTENT_TYPE)

    return routes


def _is_from_here(request: Request) -> bool:
    # Behind a proxy of this machine everybody seems to be here.
    is_passed_on = any(name in request.headers for name in _PASSED_ON)
    return request.client is not None and is_here(request.client.host) and not is_passed_on


def _is_staff(request: Request, accounts: Accounts | None) -> bool:
    try:
        person = accounts.visitor(request).person if accounts else None
    except ThrottledError:
        return False
    return person is not None and person.is_staff


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
