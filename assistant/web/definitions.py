"""The canonical definitions: the list, each with its wordings, and the check of a text against them."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote as percent_encode
from urllib.parse import urlencode

from fastapi import APIRouter, Form, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.audit import audit
from assistant.check import check_wording, unknown_term, wordings
from assistant.citations import citation_id
from assistant.messages import verdict_in_words
from assistant.sources import with_source
from assistant.web import render, review, speech
from assistant.web.cards import clip_end, document_address
from assistant.web.site import Answerer, Site
from assistant.web.speech import counted, said
from corpus.check import LONGEST, Check
from corpus.differences import differences
from corpus.errors import UserError
from corpus.types import Definition, Document
from corpus.wording import folded

HERE = "/definitions"
CHECK = "/definitions/check"
DAMAGED = "This address is cut short or damaged: paste the text again."
_LONGEST_ADDRESS = 6000
_LARGEST_FILE = 50_000_000
_LONGEST_NAME = 80
_FORMS = (("with its source", "plain"), ("as Markdown", "markdown"), ("as HTML", "html"), ("as BibTeX", "bibtex"))


@dataclass(frozen=True, slots=True)
class Entry:
    """A term as the list shows it."""

    definition: Definition
    address: str
    title: str
    language: str
    opening: str
    words: str
    others: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A wording with its source, and with it in the forms to copy."""

    definition: Definition
    document: Document
    text: str
    source: str
    anchor: str
    forms: tuple[tuple[str, str], ...]


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get(HERE)
    def list_definitions() -> Response:
        answerer = site.get()
        return _not_yet(site) if answerer is None else _list(site, answerer)

    @routes.get(CHECK)
    def show_check(term: str = "", t: str = "") -> Response:
        answerer = site.get()
        return _not_yet(site) if answerer is None else _check(site, answerer, term, t)

    @routes.post(CHECK)
    def check(term: str = Form(""), text: str = Form(""), file: UploadFile | None = None) -> Response:
        answerer = site.get()
        if answerer is None:
            return _not_yet(site)
        if file is not None and file.filename:
            return _audited(site, answerer, term, file)
        packed = _packed(text)
        if text.strip() and len(packed) <= _LONGEST_ADDRESS:
            return RedirectResponse(_address(term, packed), status_code=303)
        return _checked(site, answerer, term, text, None)

    @routes.get(HERE + "/{term:path}")
    def show_definition(term: str) -> Response:
        answerer = site.get()
        return _not_yet(site) if answerer is None else _definition(site, answerer, term)

    return routes


def definition_address(term: str) -> str:
    """The page of a term."""
    return f"{HERE}/{percent_encode(term, safe='')}"


def _list(site: Site, answerer: Answerer) -> Response:
    shelf = [_entry(answerer, definition) for definition in answerer.registry.definitions]
    values = {"shelf": shelf, "drifted": answerer.drifted, **_empty_form(answerer)}
    return HTMLResponse(render.page(site, "definitions.html", HERE, **values))


def _entry(answerer: Answerer, definition: Definition) -> Entry:
    document = _document(answerer, definition)
    names = (definition.term, *definition.acronyms, *definition.names)
    translated = [name for some in definition.translations.values() for name in some]
    return Entry(
        definition=definition,
        address=definition_address(definition.term),
        title=document.title,
        language=document.language,
        opening=clip_end(" ".join(document.text[definition.start : definition.end].split()), 180),
        words=" ".join((*names, *translated)).lower(),
        others=len(answerer.registry.versions(definition.term)) - 1,
    )


def _definition(site: Site, answerer: Answerer, term: str) -> Response:
    found = answerer.registry.find(term)
    if found is None:
        words = unknown_term(answerer, term)
        return HTMLResponse(render.message(site, said("No such definition"), words), status_code=404)
    first, *rest = answerer.registry.versions(found.definition.term)
    others = [_shown(answerer, one) for one in rest if one.body != first.body and one.status == first.status]
    values = {
        "shown": _shown(answerer, first),
        "names": first.names,
        "translations": sorted(first.translations.items()),
        "others": others,
        "earlier": _earlier(answerer, first.term),
    }
    return HTMLResponse(render.page(site, "definition.html", HERE, **values))


def _shown(answerer: Answerer, definition: Definition) -> Shown:
    document = _document(answerer, definition)
    identifier = citation_id(document, definition.start, definition.end)
    return Shown(
        definition=definition,
        document=document,
        text=document.text[definition.start : definition.end],
        source=document_address(document.id, identifier),
        anchor=identifier,
        forms=tuple((name, with_source(form, definition, document)) for name, form in _FORMS),
    )


def _earlier(answerer: Answerer, term: str) -> list[tuple[Shown, review.Review]]:
    """Each superseded wording of a term beside the one that came after it, the latest first."""
    found = []
    for body in dict.fromkeys(one.body for one in answerer.registry.versions(term)):
        line = [_shown(answerer, one) for one in answerer.registry.versions(term) if one.body == body]
        for newer, older in pairwise(line):
            changes = differences(older.text, newer.text)
            found.append((older, review.versions_review(older.text, newer.text, changes)))
    return found


def _check(site: Site, answerer: Answerer, term: str, packed: str) -> Response:
    if not packed:
        return _form(site, answerer, term)
    try:
        text = _unpacked(packed)
    except UserError as error:
        return _form(site, answerer, term, problem=str(error), status=400)
    return _checked(site, answerer, term, text, _address(term, packed))


def _checked(site: Site, answerer: Answerer, term: str, text: str, address: str | None) -> Response:
    try:
        found = check_wording(answerer, text, term or None)
    except UserError as error:
        return _form(site, answerer, term, given=text if len(text) <= LONGEST else "", problem=str(error), status=400)
    return _form(site, answerer, term, given=text, found=found, address=address)


def _audited(site: Site, answerer: Answerer, term: str, file: UploadFile) -> Response:
    """The places of an uploaded file that quote a definition."""
    name = _safe(file.filename or "")
    data = file.file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        problem = (
            f"{name} has more than {_LARGEST_FILE // 1_000_000} MB: split it, or use `assistant definitions audit`."
        )
        return _form(site, answerer, term, problem=problem, status=400)
    wanted = [one for one in wordings(answerer) if not term or folded(one.definition.term) == folded(term)]
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(data)
            found = audit([path], wanted)
    except UserError as error:
        return _form(site, answerer, term, problem=str(error), status=400)
    if found.refused:
        return _form(site, answerer, term, problem=f"{name} cannot be read: {found.refused[0].reason}.", status=400)
    one, many = "{count} place in it quotes a definition.", "{count} places in it quote a definition."
    places = counted(one, many, len(found.findings))
    shown = [render.findings_shown(one) for one in found.findings]
    return _form(site, answerer, term, audit={"name": name, "places": places, "findings": shown})


def _safe(filename: str) -> str:
    """A file's name as one that can be written here; its ending tells the reader what it is."""
    return re.sub(r"[^\w.() -]", "_", Path(filename).name)[-_LONGEST_NAME:].strip(". ") or "file"


def _form(
    site: Site,
    answerer: Answerer,
    term: str,
    *,
    given: str = "",
    problem: str | None = None,
    found: Check | None = None,
    address: str | None = None,
    audit: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    """The page of the check: the form, and above it the result where there is one."""
    named = answerer.registry.find(term) if term else None
    values: dict[str, Any] = {
        **_empty_form(answerer), "asked": named.definition.term if named else "", "given": given, "problem": problem,
        "found": found, "address": address, "audit": audit,
    }  # fmt: skip
    if found is not None:
        values |= _result(answerer, found)
    return HTMLResponse(render.page(site, "check.html", HERE, **values), status_code=status)


def _empty_form(answerer: Answerer) -> dict[str, Any]:
    terms: Sequence[str] = [one.term for one in answerer.registry.definitions]
    return {"terms": terms, "asked": "", "given": "", "longest": LONGEST}


def _result(answerer: Answerer, found: Check) -> dict[str, Any]:
    compared = found.definition
    return {
        "verdict": review.name(found.verdict),
        "sign": review.sign(found.verdict),
        "tone": review.tone(found.verdict),
        "sentence": verdict_in_words(found, speech.language()),
        "sides": review.review(found),
        "canonical_name": said("Canonical wording: {term} ({body})", term=compared.term, body=compared.body),
        "language": _document(answerer, compared).language,
        "term_address": definition_address((found.match or compared).term),
    }


def _document(answerer: Answerer, definition: Definition) -> Document:
    document = answerer.document(definition.document_id)
    assert document is not None  # noqa: S101 - a definition was resolved in a document of the index
    return document


def _address(term: str, packed: str) -> str:
    return f"{CHECK}?{urlencode({'term': term, 't': packed} if term else {'t': packed})}"


def _packed(text: str) -> str:
    """A text as a part of an address."""
    return base64.urlsafe_b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode().rstrip("=")


def _unpacked(packed: str) -> str:
    """The text of an address. Raises UserError where it holds none."""
    unpacker = zlib.decompressobj()
    try:
        data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        text = unpacker.decompress(data, 4 * LONGEST).decode("utf-8")
    except (binascii.Error, zlib.error, UnicodeDecodeError, ValueError) as error:
        raise UserError(said(DAMAGED)) from error
    if not unpacker.eof:
        raise UserError(said(DAMAGED))
    return text


def _not_yet(site: Site) -> Response:
    page = render.message(site, said("Not ready yet"), said(site.obstacle))
    return HTMLResponse(page, status_code=503, headers={"Retry-After": "5"})
