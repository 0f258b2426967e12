"""The staff's page "Index": what it holds, a build that everybody watches, documents added and set aside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from assistant.building import Build, Builder, BusyError
from assistant.holdings import Held, Holdings, files, fixed_corpus, holdings, is_shipped
from assistant.settings import Settings
from assistant.web import render
from assistant.web.origin import check_origin
from assistant.web.received import LARGEST, TooLargeError, take_in
from assistant.web.site import Site
from assistant.web.speech import counted, said
from corpus.errors import UserError
from corpus.intake import Aside, NameTakenError, put_back, set_aside, set_aside_before
from corpus.readers import READERS
from index.generation import current

PATH = "/index"
API = "/api/index"
_LOOK_EVERY = 0.2
_ALIVE_EVERY = 15.0
_LONGEST_BODY = 10_000


@dataclass(frozen=True, slots=True)
class News:
    """All that a watcher is told of; the same value is not told twice."""

    build: Build
    elsewhere: bool
    generation: str


def mount(app: FastAPI, site: Site, settings: Settings, builder: Builder | None = None) -> None:
    """Put the page at `/index` and its calls under `/api/index`."""
    app.include_router(router(site, settings, builder or Builder(settings)))


def router(site: Site, settings: Settings, builder: Builder) -> APIRouter:
    routes = APIRouter()

    @routes.get(PATH)
    def page() -> Response:
        return HTMLResponse(render.page(site, "index.html", PATH, **_page(site, settings, builder)))

    @routes.get(API)
    def status() -> Response:
        try:
            found: dict[str, Any] | None = holdings(settings).as_dict()
            problem = None
        except UserError as error:
            found, problem = None, str(error)
        return JSONResponse({"index": found, "problem": problem, **_told(_news(settings, builder))})

    @routes.get(f"{API}/events")
    async def events() -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = _events(lambda: _news(settings, builder))
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    @routes.post(f"{API}/build")
    async def build(request: Request) -> Response:
        async def start() -> dict[str, Any]:
            rebuild = (await _body(request)).get("rebuild", False) is True
            return build_record(await run_in_threadpool(builder.start, rebuild=rebuild))

        return await _changed(request, start, 202)

    @routes.post(f"{API}/documents")
    async def add(request: Request, name: str = "", replace: bool = False) -> Response:
        async def put() -> dict[str, Any]:
            _check_changeable(settings)
            kept, added = await take_in(request, settings.corpus, name, replace=replace)
            return {"name": kept, "added": added, "said": _added_in_words(kept, added)}

        return await _changed(request, put, 201)

    @routes.post(f"{API}/documents/remove")
    async def remove(request: Request) -> Response:
        async def put_aside() -> dict[str, Any]:
            _check_changeable(settings)
            name = str((await _body(request)).get("name", ""))
            aside = await run_in_threadpool(set_aside, settings.corpus, name)
            return {
                "name": name,
                "place": aside.place,
                "said": said("{name} is removed; it can be put back.", name=name),
            }

        return await _changed(request, put_aside)

    @routes.post(f"{API}/documents/put-back")
    async def restore(request: Request) -> Response:
        async def back() -> dict[str, Any]:
            _check_changeable(settings)
            name = await run_in_threadpool(put_back, settings.corpus, str((await _body(request)).get("place", "")))
            return {"name": name, "said": said("{name} is back.", name=name)}

        return await _changed(request, back)

    return routes


# The page


def _page(site: Site, settings: Settings, builder: Builder) -> dict[str, Any]:
    found: Holdings | None = None
    shelf: list[Held] = []
    aside: list[Aside] = []
    problem = trouble = ""
    try:
        found = holdings(settings)
    except UserError as error:
        problem = str(error)
    try:
        shelf, aside = files(settings, found), set_aside_before(settings.corpus)
    except UserError as error:
        trouble = str(error)
    answerer = site.get()
    return {
        "found": found,
        "problem": problem,
        "facts": _facts(found, settings) if found else [],
        "notice": (answerer.notice if answerer else site.obstacle) or "",
        "behind": bool(found and answerer and answerer.index_version != found.version),
        "shelf": shelf,
        "aside": aside,
        "trouble": trouble,
        "fixed": fixed_corpus(settings),
        "accepted": ",".join(sorted(READERS)),
        "largest": LARGEST,
        **_progress(_news(settings, builder)),
    }


def _facts(found: Holdings, settings: Settings) -> list[tuple[str, str]]:
    """What the index is, by name, in the order of the page."""
    passages = counted("{count} passage", "{count} passages", found.passages)
    sentences = counted("{count} sentence", "{count} sentences", found.sentences)
    return [
        (said("Documents"), f"{len(found.documents):,}"),
        (said("Text"), f"{passages}, {sentences}"),
        (said("Definitions"), f"{found.definitions:,}"),
        (said("Version"), found.version),
        (said("Built"), f"{found.built:%Y-%m-%d %H:%M} UTC, {age(found.built)}"),
        (said("Encoder"), found.encoder),
        (said("Reader"), found.reader or said("off")),
        (
            said("Calibration"),
            said("fitted beside this index") if found.calibrated_here else said("the one that ships"),
        ),
        (said("Size on disk"), f"{found.size / 10**6:,.1f} MB"),
        (said("Index"), settings.index),
        (said("Folder of the documents"), said("the one that ships") if is_shipped(settings) else str(settings.corpus)),
    ]


def age(since: datetime, now: datetime | None = None) -> str:
    """How long ago something was, in the largest unit that fits."""
    minutes = int(((now or datetime.now(UTC)) - since).total_seconds() // 60)
    if minutes < 1:
        return said("just now")
    if minutes < 60:
        return counted("{count} minute ago", "{count} minutes ago", minutes)
    if minutes < 48 * 60:
        return counted("{count} hour ago", "{count} hours ago", minutes // 60)
    return counted("{count} day ago", "{count} days ago", minutes // (24 * 60))


# The build, as it is told


def build_record(build: Build) -> dict[str, Any]:
    """A build as plain values."""
    return {
        "number": build.number,
        "state": build.state,
        "rebuild": build.rebuild,
        "seconds": build.seconds,
        "stages": [{"name": one.name, "done": one.done, "total": one.total} for one in build.stages],
        "changed": build.report.changed if build.report else None,
        "problem": build.problem or None,
    }


def _news(settings: Settings, builder: Builder) -> News:
    try:
        generation = current(settings.index_folder).name
    except UserError:
        generation = ""
    return News(builder.now, builder.is_busy_elsewhere(), generation)


def _told(news: News) -> dict[str, Any]:
    return {"build": build_record(news.build), "elsewhere": news.elsewhere, "generation": news.generation}


def _progress(news: News) -> dict[str, Any]:
    """What the part of the page that shows the build is made from."""
    names = _stage_names()
    stages = [(names.get(one.name, one.name), one.done, one.total) for one in news.build.stages]
    return {
        "build": news.build, "stages": stages, "elsewhere": news.elsewhere, "generation": news.generation,
        "sentence": _in_words(news, stages),
    }  # fmt: skip


def _in_words(news: News, stages: list[tuple[str, int, int]]) -> str:
    """One sentence that says how far the build is, the same for as long as a stage lasts."""
    build = news.build
    if news.elsewhere:
        return said("Another program builds this index now.")
    if build.state == "running":
        return said("{stage} …", stage=stages[-1][0]) if stages else said("Starting …")
    if build.state == "failed":
        return said("The build failed: {reason}", reason=build.problem)
    return _result(build) if build.report else ""


def _result(build: Build) -> str:
    report = build.report
    assert report is not None  # noqa: S101 - asked for by the one caller
    version = report.manifest.version
    if not report.changed:
        return said("Nothing has changed: index {version} stays.", version=version)
    read = counted("{count} document read anew", "{count} documents read anew", report.read)
    return said("Built in {seconds} s: index {version}, {read}.", seconds=build.seconds, version=version, read=read)


def _stage_names() -> dict[str, str]:
    """The stages of a build by the names that `index/build.py` gives them."""
    return {
        "Waiting for another build of this index to end": said("Waiting for another build of this index to end"),
        "Looking for changes": said("Looking for changes"),
        "Checking the model": said("Checking the model"),
        "Reading documents": said("Reading documents"),
        "Encoding": said("Encoding"),
        "Writing the index": said("Writing the index"),
        "Checking the index": said("Checking the index"),
    }


async def _events(look: Callable[[], News]) -> AsyncIterator[str]:
    """The news as server-sent events: at once, then at every change, until the reader has gone."""
    told: News | None = None
    last = monotonic()
    yield "retry: 1000\n\n"
    while True:
        news = look()
        if news != told:
            told, last = news, monotonic()
            yield f"data: {json.dumps(_event(news))}\n\n"
        elif monotonic() - last > _ALIVE_EVERY:
            last = monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(_LOOK_EVERY)


def _event(news: News) -> dict[str, Any]:
    values = _progress(news)
    return {**_told(news), "said": values["sentence"], "html": render.part("index_build.html", **values)}


# Changes


async def _changed(request: Request, change: Callable[[], Any], status: int = 200) -> Response:
    """Do what a page of ours asks for; what stands in its way is a sentence with the status that fits."""
    try:
        check_origin(request)
    except UserError as error:
        return JSONResponse({"error": str(error)}, status_code=403)
    try:
        return JSONResponse(await change(), status_code=status)
    except UserError as error:
        return JSONResponse(
            {"error": str(error), "taken": isinstance(error, NameTakenError)}, status_code=_status_of(error)
        )


def _status_of(error: UserError) -> int:
    if isinstance(error, TooLargeError):
        return 413
    return 409 if isinstance(error, (NameTakenError, BusyError)) else 400


async def _body(request: Request) -> dict[str, Any]:
    """A small JSON object. Raises UserError for anything else."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > _LONGEST_BODY:
            raise UserError(f"Found a request of more than {_LONGEST_BODY:,} bytes: send less.")
    try:
        found = json.loads(data or b"{}")
    except ValueError as error:
        raise UserError("Found a request that is no JSON, expected an object.") from error
    if not isinstance(found, dict):
        raise UserError(f"Found a {type(found).__name__} in the request, expected an object.")
    return found


def _check_changeable(settings: Settings) -> None:
    if problem := fixed_corpus(settings):
        raise UserError(problem)


def _added_in_words(name: str, added: bool) -> str:
    if added:
        return said("{name} is added.", name=name)
    return said("{name} is there already, with the same content.", name=name)
