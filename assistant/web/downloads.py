"""An answer or a conversation that was kept, as a file to take away."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote as percent_encode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from assistant.exports import answer_as, as_record, conversation_as, title_of
from assistant.records.types import Kept
from assistant.registry import Registry
from assistant.web import render
from assistant.web.access import user_in
from assistant.web.site import Site
from assistant.web.speech import said

TYPES = {
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
}
"""The forms of a file by the ending of its name, each with its media type."""
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a file is made with: this site's address, whose wordings its sources are, and their languages."""

    base: str
    registry: Registry | None
    languages: Mapping[str, str]


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/a/{identifier}.{form}")
    def answer(identifier: str, form: str, request: Request) -> Response:
        if form not in _ANSWER:
            return _no_such_form(site, form, _ANSWER)
        kept = site.records.answer(identifier) if site.records else None
        if kept is None:
            sentence = said("There is no answer at this address: it may have been removed, or was never kept.")
            return _missing(site, said("No such answer"), sentence)
        return _file(_ANSWER[form](kept, _ground(site, request)), form, title_of([kept]))

    @routes.get("/conversations/{identifier}.{form}")
    def conversation(identifier: str, form: str, request: Request) -> Response:
        if form not in _CONVERSATION:
            return _no_such_form(site, form, _CONVERSATION)
        kept = site.records.conversation(identifier, user_in(request)) if site.records else ()
        if not kept:
            sentence = said("There is no conversation at this address: it may have been removed, or is not yours.")
            return _missing(site, said("No such conversation"), sentence)
        made = _conversation(_CONVERSATION[form], kept, _ground(site, request))
        return _file(made, form, title_of(kept))

    return routes


def _ground(site: Site, request: Request) -> _Ground:
    answerer = site.get()
    languages = {one.id: one.language for one in answerer.documents} if answerer else {}
    return _Ground(str(request.base_url).rstrip("/"), answerer.registry if answerer else None, languages)


def _conversation(form: str, kept: Sequence[Kept], ground: _Ground) -> str | bytes:
    return conversation_as(form, kept, ground.base, registry=ground.registry, languages=ground.languages)


def _page(kept: Kept, ground: _Ground) -> str | bytes:
    return _conversation("html", [kept], ground)


def _pdf(kept: Kept, ground: _Ground) -> str | bytes:
    return _conversation("pdf", [kept], ground)


def _text(kept: Kept, ground: _Ground, form: str = "text") -> str:
    return answer_as(
        form,
        kept.answer,
        ground.base,
        address=f"{ground.base}/a/{kept.id}",
        asked_at=kept.asked_at,
        registry=ground.registry,
        languages=ground.languages,
    )


def _markdown(kept: Kept, ground: _Ground) -> str:
    return _text(kept, ground, "markdown")


def _record(kept: Kept, ground: _Ground) -> str:
    return json.dumps(as_record(kept, ground.base), ensure_ascii=False, indent=2) + "\n"


_ANSWER: dict[str, Callable[[Kept, _Ground], str | bytes]] = {
    "txt": _text, "md": _markdown, "html": _page, "json": _record, "pdf": _pdf,
}  # fmt: skip
_CONVERSATION = {"md": "markdown", "html": "html", "json": "json", "pdf": "pdf"}


def _file(content: str | bytes, form: str, title: str) -> Response:
    headers = {"Content-Disposition": disposition(title, form)}
    return Response(content, media_type=TYPES[form], headers=headers)


def disposition(title: str, form: str) -> str:
    """The header that makes a browser save a file under a readable name, also in letters beyond ASCII (RFC 6266).

    >>> disposition("Qu'est-ce qu'un phare\\u202e/../x?", "pdf")
    'attachment; filename="Qu-est-ce-qu-un-phare-x.pdf"; filename*=UTF-8\\'\\'Qu-est-ce-qu-un-phare-x.pdf'
    """
    name = "-".join(re.findall(r"\w+", title))[:_LONGEST_NAME].strip("-_") or "answer"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").strip("-_") or "answer"
    return f"attachment; filename=\"{plain}.{form}\"; filename*=UTF-8''{percent_encode(f'{name}.{form}')}"


def _no_such_form(site: Site, form: str, forms: Iterable[str]) -> Response:
    sentence = said(
        "There is no file of the kind “{form}” here: expected one of {forms}.", form=form, forms=", ".join(forms)
    )
    return _missing(site, said("No such file"), sentence)


def _missing(site: Site, heading: str, sentence: str) -> Response:
    return HTMLResponse(render.message(site, heading, sentence), status_code=404)
