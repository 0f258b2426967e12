"""The chat as a program: a port, the index loaded behind the first page, the server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI

from assistant import logs
from assistant.accounts import Users
from assistant.ask import Assistant
from assistant.exposure import check_exposure
from assistant.records.store import Store
from assistant.records.types import Records, Sessions
from assistant.service import Service
from assistant.settings import Settings
from assistant.web.accounts import Accounts
from assistant.web.app import create_app
from assistant.web.door import Proxies
from assistant.web.limits import Limits
from assistant.web.metrics import Metrics
from assistant.web.serve import bind, serve
from assistant.web.site import Site
from assistant.web.turnstile import Bounds
from assistant.web.watched import watching
from assistant.workers import Workers, spreading
from corpus.errors import UserError
from index.tracing import set_up

log = logging.getLogger(__name__)
_DAY = 86_400.0
# So many seconds a clock may be put right at once.
_JUMP = 3_600.0


class Loading:
    """The assistant as pages see it: absent while it loads, with a sentence when it cannot be had."""

    def __init__(self, settings: Settings) -> None:
        self._service = Service(settings)
        self._tried = threading.Event()
        self._failure: str | None = None

    def load(self) -> None:
        """Open the index and load the model; what stops that is kept as a sentence."""
        try:
            self._service.assistant()
            self._service.warm_up()
            self._service.follow()
        except UserError as error:
            self._failure = str(error)
        except Exception:
            log.exception("the index could not be loaded")
            self._failure = "The index could not be loaded because of a fault; the server's log has the details."
        self._tried.set()

    def get(self) -> Assistant | None:
        """The assistant over the newest index; None before it is loaded, or while it cannot be."""
        if not self._tried.is_set():
            return None
        try:
            assistant = self._service.assistant()
            if self._failure is not None:
                # Whatever stopped it may have been put right meanwhile, the model included.
                self._service.warm_up()
                self._service.follow()
        except UserError as error:
            self._failure = str(error)
            return None
        self._failure = None
        return assistant

    def built(self) -> datetime | None:
        """When the index that serves was built."""
        assistant = self.get()
        return datetime.fromisoformat(assistant.snapshot.manifest.built) if assistant else None

    def close(self) -> None:
        """Look for new indexes no longer."""
        self._service.close()

    def failure(self) -> str | None:
        return self._failure


def accounts_of(settings: Settings, sessions: Sessions) -> Accounts | None:
    """How people are known, as the settings say; None where nobody is asked who they are.

    Raises UserError where the users file cannot be read.
    """
    if not settings.asks_who:
        return None
    users = Users(settings.users) if settings.users else None
    if users is not None:
        users.accounts()
    return Accounts(sessions, users=users, header=settings.trust_header, staff=settings.staff)


def bounds_of(settings: Settings) -> Bounds:
    """What the settings hold requests to. Raises UserError where they name no place to count in."""
    return Bounds(
        Limits(
            settings.limits,
            questions_a_minute=settings.questions_a_minute,
            uploads_an_hour=settings.uploads_an_hour,
        ),
        at_once=settings.answers_at_once,
        seconds=settings.request_seconds,
        only_here=not (settings.open or settings.asks_who),
    )


class Sweep:
    """Removes what is too old, unless the clock has jumped ahead since the last time: it may be wrong.

    By the next time the clock is either put right, or right.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._last = self._clocks()

    def once(self) -> None:
        """Remove what is too old. A failure is logged, and tried again the next time."""
        (wall, steady), now = self._last, self._clocks()
        self._last = now
        if abs((now[0] - wall) - (now[1] - steady)) > _JUMP:
            log.warning("the clock has jumped: what is too old is removed the next time")
            return
        try:
            if count := self._records.expire(datetime.now(UTC)):
                log.info("removed %d answers that were too old", count)
        except UserError as error:
            log.warning("old records could not be removed: %s", error)

    @staticmethod
    def _clocks() -> tuple[float, float]:
        """The clock of the wall, and the one that nobody sets, which goes on while the machine sleeps."""
        return time.time(), time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def expire_daily(records: Records, every: float = _DAY) -> None:
    """Remove what is too old, now and once `every` so many seconds, for good."""
    sweep = Sweep(records)
    while True:
        sweep.once()
        time.sleep(every)


def run(
    settings: Settings, announce: Callable[[str], None], staff: Callable[[FastAPI, Site], None] | None = None
) -> None:
    """Serve until Ctrl-C, with the staff's pages where `staff` mounts them.

    Raises UserError where the port or the model's folder cannot be had.
    """
    logs.set_up(settings.log)
    check_exposure(settings)
    end_tracing = set_up()
    bounds = bounds_of(settings)
    sock = bind(settings.host, settings.port)
    records = Store(settings.records, settings.keep_days)
    accounts, proxies = accounts_of(settings, records), Proxies(settings.proxies)
    loading = Loading(settings)
    threading.Thread(target=loading.load, name="load the index", daemon=True).start()
    threading.Thread(target=expire_daily, args=(records,), name="remove old records", daemon=True).start()
    metrics = Metrics()
    workers = Workers(settings) if settings.workers > 1 else None
    if workers is not None:
        workers.start()
    get = spreading(loading.get, workers) if workers else loading.get
    app = create_app(
        watching(get, metrics, log_questions=settings.log_questions), failure=loading.failure,
        title=settings.title, contact=settings.contact, staff=staff, records=records if settings.keep_days else None,
        accounts=accounts, proxies=proxies, bounds=bounds, metrics=metrics, built=loading.built,
    )  # fmt: skip
    host, port = sock.getsockname()[:2]
    announce(f"{settings.title}: http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C stops it)")
    try:
        serve(app, sock, bounds.stopping)
    finally:
        if workers is not None:
            workers.close()
        records.close()
        end_tracing()
