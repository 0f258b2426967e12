"""The staff's page "Review": what was refused or did not help, put together by what was asked, and what to do about it.

Every action is a POST, whose origin is looked at before (`door.py`), and is written into the staff's log.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.question import content_words
from assistant.records.grouping import BEHAVIOURS, as_csv, as_json_line, csv_of, grouped, question_row
from assistant.records.types import Kept, Records, Resolution
from assistant.registry import Registry
from assistant.web import render
from assistant.web.access import user_in
from assistant.web.site import Site
from assistant.web.speech import said
from corpus.errors import UserError
from corpus.types import Definition

PATH = "/review"
GROUPS = 20
"""Groups on a page."""
_LONGEST = 2_000

Identifiers = Annotated[list[str], Form(alias="answer")]
Identifier = Annotated[str, Query(alias="answer")]


def router(site: Site, records: Records) -> APIRouter:
    """The page and its actions; `records` are the site's."""
    routes = APIRouter()

    @routes.get(PATH)
    def page(page: int = 1, closed: bool = False, done: int | None = None) -> Response:
        return HTMLResponse(_page(site, records, page, closed=closed, done=done))

    @routes.post(f"{PATH}/close")
    def close(
        request: Request,
        answer: Identifiers,
        resolution: Annotated[str, Form()] = "note",
        note: Annotated[str, Form()] = "",
    ) -> Response:
        note = note.strip()
        if resolution == "note" and not note:
            return _problem(site, said("A note says why it is closed: write one, then press “Close with the note”."))
        chosen = _RESOLUTIONS.get(resolution)
        if chosen is None:
            return _problem(site, said("Found the action {name}, expected one of the page's.", name=resolution))
        try:
            count = records.resolve(answer, chosen, note, user_in(request))
        except UserError as error:
            return _problem(site, str(error))
        return RedirectResponse(f"{PATH}?done={count}", status_code=303)

    @routes.post(f"{PATH}/export")
    def export(request: Request, closed: Annotated[bool, Form()] = False) -> Response:
        found = records.to_review(resolved=closed)
        records.log("review: export", f"{len(found)} answers, {'closed' if closed else 'open'}", user_in(request))
        return _file(csv_of(found), "review.csv", "text/csv")

    @routes.get(f"{PATH}/question")
    def question(answer: Identifier) -> Response:
        kept = records.answer(answer)
        if kept is None:
            return _gone(site)
        return HTMLResponse(render.page(site, "review_question.html", PATH, kept=kept, **_draft(kept)))

    @routes.post(f"{PATH}/question")
    def add_question(
        request: Request,
        answer: Annotated[str, Form()],
        question: Annotated[str, Form()] = "",
        behaviour: Annotated[str, Form()] = "",
        evidence: Annotated[str, Form()] = "",
        form: Annotated[str, Form(alias="as")] = "jsonl",
    ) -> Response:
        kept = records.answer(answer)
        if kept is None:
            return _gone(site)
        if not question.strip() or behaviour not in BEHAVIOURS:
            return _problem(site, said("Found no question, or no behaviour of the list: fill in both."))
        row = _row(kept, question.strip()[:_LONGEST], behaviour, evidence)
        records.resolve(_same(records, answer), "question_set", f"{row['id']}: {row['behaviour']}", user_in(request))
        if form == "csv":
            return _file(as_csv(row), f"{row['id']}.csv", "text/csv")
        return _file(as_json_line(row), f"{row['id']}.jsonl", "application/jsonl")

    @routes.get(f"{PATH}/alias")
    def alias(answer: Identifier, term: str = "", alias: str = "") -> Response:
        kept, answerer = records.answer(answer), site.get()
        if kept is None:
            return _gone(site)
        if answerer is None:
            return _problem(site, site.obstacle, 503)
        values = _alias(answerer.registry, kept, term, alias[:_LONGEST].strip())
        same = _same(records, answer)
        return HTMLResponse(render.page(site, "review_alias.html", PATH, kept=kept, same=same, **values))

    return routes


_RESOLUTIONS: dict[str, Resolution] = {"note": "note", "document_missing": "document_missing", "alias": "alias"}


def _page(site: Site, records: Records, number: int, *, closed: bool, done: int | None) -> str:
    groups = grouped(records.to_review(resolved=closed))
    pages = max(1, -(-len(groups) // GROUPS))
    number = min(max(number, 1), pages)
    values = {
        "groups": groups[(number - 1) * GROUPS : number * GROUPS],
        "total": sum(len(group.reviews) for group in groups),
        "group_count": len(groups),
        "number": number,
        "last": pages,
        "closed": closed,
        "done": done,
    }
    return render.page(site, "reviews.html", PATH, **values)


def _same(records: Records, identifier: str) -> list[str]:
    """The open answers of the group in which an answer is; itself alone where it is closed already."""
    groups = (group.identifiers for group in grouped(records.to_review()))
    return list(next((some for some in groups if identifier in some), (identifier,)))


def _draft(kept: Kept) -> dict[str, Any]:
    """A question of a set as it may be meant: staff see it before it is one."""
    answer = kept.answer
    return {
        "question": answer.standalone_question,
        "behaviour": "answer" if answer.citations or kept.verdict == "missing" else "abstain",
        "behaviours": BEHAVIOURS,
        "evidence": "\n\n".join(citation.quote for citation in answer.citations),
    }


def _row(kept: Kept, question: str, behaviour: str, evidence: str) -> dict[str, Any]:
    """The question with its evidence: what was cited, where it still stands there, and what staff put between."""
    cited = {one.quote.replace("\r\n", "\n").strip(): one for one in kept.answer.citations}
    rest = evidence.replace("\r\n", "\n")
    quotes, documents = [], {}
    for shown, citation in cited.items():
        if shown in rest:
            rest = rest.replace(shown, "\n\n", 1)
            quotes.append(citation.quote)
            documents[citation.quote] = citation.document_id
    quotes += [quote.strip() for quote in rest.split("\n\n") if quote.strip()]
    return question_row(f"review-{kept.id[2:10]}", question, behaviour, quotes, documents)


def _alias(registry: Registry, kept: Kept, term: str, alias: str) -> dict[str, Any]:
    """The lines for the entry of a definition; the registry's file is the owner's of the documents."""
    asked = kept.answer.standalone_question
    alias = alias or " ".join(content_words(asked, "en")) or asked
    near = registry.near(alias, most=1)
    versions = registry.versions(term or (near[0] if near else ""))
    taken = registry.as_typed().find(alias)
    return {
        "alias": alias,
        "terms": [one.term for one in registry.definitions],
        "term": versions[0].term if versions else "",
        "lines": _lines(versions[0], alias) if versions else "",
        "taken": taken.definition.term if taken else "",
    }


def _lines(definition: Definition, alias: str) -> str:
    names = ", ".join(_toml(name) for name in (*definition.names, alias))
    return f"term = {_toml(definition.term)}\nnames = [{names}]"


def _toml(text: str) -> str:
    # A basic string of TOML is one of JSON, but for this control character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _file(text: str, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode("utf-8", "replace"), media_type=f"{kind}; charset=utf-8", headers=headers)


def _problem(site: Site, words: str, status: int = 400) -> Response:
    return HTMLResponse(render.message(site, said("Not done"), words), status_code=status)


def _gone(site: Site) -> Response:
    sentence = said("There is no answer at this address: it may have been removed, or was never kept.")
    return HTMLResponse(render.message(site, said("No such answer"), sentence), status_code=404)
