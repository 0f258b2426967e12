"""The build that a running program makes: one at a time, watched by whoever looks, and kept until the next.

It runs as the command line's does (`index/build.py`), in a thread of its own; the index before serves meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from assistant.service import build
from assistant.settings import Settings
from corpus.errors import UserError
from index.build import BuildReport, Progress
from index.generation import is_being_built

log = logging.getLogger(__name__)
State = Literal["none", "running", "done", "failed"]
UNDER_WAY = "A build is under way already: wait until it is done, then build again if there is something new."
ELSEWHERE = "Another program builds this index now: wait until it is done."
FAULT = "The build met a fault of the program; the server's log has the details."


class BusyError(UserError):
    """A build is under way, and an index has one writer."""


class Run(Protocol):
    """How an index is built: `assistant.service.build`, or what a test puts in its place."""

    def __call__(self, settings: Settings, *, rebuild: bool, progress: Progress) -> BuildReport: ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a build, by the name that the build gives it; `total` is 0 where nothing is counted."""

    name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Build:
    """A build as it is at a moment. Times are seconds since 1970; `problem` is why it failed."""

    number: int = 0
    state: State = "none"
    rebuild: bool = False
    started: float = 0.0
    ended: float | None = None
    stages: tuple[Stage, ...] = ()
    report: BuildReport | None = None
    problem: str = ""

    @property
    def seconds(self) -> float:
        return round((self.ended or time.time()) - self.started, 1) if self.state != "none" else 0.0

    def at(self, stage: Stage) -> Build:
        """The build at a stage: the one that it is at already, further on, or the next one."""
        earlier = self.stages[:-1] if self.stages and self.stages[-1].name == stage.name else self.stages
        return replace(self, stages=(*earlier, stage))


class Builder:
    """Starts builds and tells how the last one is getting on. What it tells is a value: compare it to see news."""

    def __init__(self, settings: Settings, run: Run = build) -> None:
        self._settings = settings
        self._run = run
        self._build = Build()
        self._lock = threading.Lock()

    @property
    def now(self) -> Build:
        return self._build

    def is_busy_elsewhere(self) -> bool:
        """Whether a program other than this one builds the index now."""
        return self._build.state != "running" and is_being_built(self._settings.index_folder)

    def start(self, *, rebuild: bool = False) -> Build:
        """Begin a build. Raises BusyError where one is under way: an index has one writer."""
        with self._lock:
            if self._build.state == "running":
                raise BusyError(UNDER_WAY)
            if self.is_busy_elsewhere():
                raise BusyError(ELSEWHERE)
            self._build = Build(self._build.number + 1, "running", rebuild, time.time())
        threading.Thread(target=self._work, args=(rebuild,), name="build the index", daemon=True).start()
        return self._build

    def _work(self, rebuild: bool) -> None:
        try:
            report = self._run(self._settings, rebuild=rebuild, progress=self._tell)
        except UserError as error:
            self._end("failed", problem=str(error))
        except Exception:
            log.exception("a build met a fault")
            self._end("failed", problem=FAULT)
        else:
            self._end("done", report=report)

    def _tell(self, name: str, done: int, total: int) -> None:
        self._build = self._build.at(Stage(name, done, total))

    def _end(self, state: State, *, report: BuildReport | None = None, problem: str = "") -> None:
        self._build = replace(self._build, state=state, ended=time.time(), report=report, problem=problem)
