"""Answers made by several processes: a question goes to one that is free, everything else stays with who serves.

Each opens the same index, whose files are mapped into memory and so are there once, and follows it by itself. One
process goes on serving pages, conversations, records, limits and figures: none of these has to be shared.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any, cast

from assistant import logs
from assistant.service import Service
from assistant.settings import Settings
from assistant.types import Answer, Done, Event, Turn
from assistant.write import counted_together
from corpus.errors import UserError
from index.graph import cores, use_threads
from index.tracing import carried, set_up, span

if TYPE_CHECKING:
    from assistant.ask import Assistant

log = logging.getLogger(__name__)
_PATIENCE = 20.0
# A language model is waited for without a core: so many of its answers may be under way in one process.
_LANES_WITH_MODEL = 8


class WorkerLostError(UserError):
    """A process ended while it answered, and the one that was asked after it too."""


class BrokenAnswerError(RuntimeError):
    """A question could not be answered for a fault of ours, which that process has logged."""


@dataclass(frozen=True, slots=True)
class Job:
    """A question for another process; where it does not `stream`, only the last event comes back.

    `request` is the id of the request, for the log, `trace` the span that it belongs to.
    """

    question: str
    history: tuple[Turn, ...]
    id: str | int | None
    literally: bool
    with_model: bool
    streams: bool
    request: str | None
    trace: Mapping[str, str]


class _Worker:
    """A process with some lanes to it, on each of which one question is answered at a time."""

    def __init__(self, settings: Settings, lanes: int, threads: int) -> None:
        self._arguments = (settings, threads)
        self._count = lanes
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._lanes: list[Connection] = []

    def start(self) -> None:
        with self._lock:
            self._start()

    def lane(self, number: int) -> Connection:
        """One of its lanes; where the process has died, to a fresh one."""
        with self._lock:
            if self._process is None or not self._process.is_alive():
                log.warning("A process that answers has ended; another one takes its place.")
                self._start()
            return self._lanes[number]

    def lost(self) -> None:
        """A lane has closed: its process is ending."""
        with self._lock:
            if self._process is not None:
                self._process.join(_PATIENCE)

    def close(self) -> None:
        with self._lock:
            for lane in self._lanes:
                lane.close()
            if self._process is not None:
                self._process.join(_PATIENCE)
                if self._process.is_alive():
                    self._process.kill()
                    self._process.join()

    def _start(self) -> None:
        for lane in self._lanes:
            lane.close()
        context = multiprocessing.get_context("spawn")
        pairs = [context.Pipe() for _ in range(self._count)]
        theirs = [other for _, other in pairs]
        self._process = context.Process(target=_work, args=(*self._arguments, theirs), name="answers")
        self._process.start()
        for other in theirs:
            other.close()
        self._lanes = [own for own, _ in pairs]


class Workers:
    """So many processes that answer. A question waits for one that is free, the first that came first."""

    def __init__(self, settings: Settings) -> None:
        lanes = _LANES_WITH_MODEL if settings.model else 1
        threads = max(1, cores() // settings.workers)
        self._workers = [_Worker(settings, lanes, threads) for _ in range(settings.workers)]
        self._free: queue.Queue[tuple[_Worker, int]] = queue.Queue()
        for lane in range(lanes):
            for worker in self._workers:
                self._free.put((worker, lane))
        # What each process, by its number, has told of the language model; who asked it last is at the end.
        self._models: dict[int, Mapping[str, Any]] = {}
        self._telling = threading.Lock()

    def start(self) -> None:
        """Start the processes; each is ready after a second or two, and questions wait for it."""
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        """End them; what they answer is finished first, for some seconds."""
        for worker in self._workers:
            worker.close()

    def model(self, own: Mapping[str, Any]) -> Mapping[str, Any]:
        """How the language model does that the processes ask; `own` is its state where it serves."""
        with self._telling:
            return counted_together(own, list(self._models.values()))

    def _told(self, process: int, model: Mapping[str, Any] | None) -> None:
        with self._telling:
            if model and self._models.get(process) != model:
                self._models.pop(process, None)
                self._models[process] = model

    def run(self, job: Job) -> Iterator[Event]:
        """The events of an answer. Closing the iterator stops the work.

        Raises UserError as the answering does, WorkerLostError where two processes in a row died of it.
        """
        for last in (False, True):
            begun = False
            try:
                for event in self._run_once(job):
                    begun = True
                    yield event
                return
            except (EOFError, OSError) as error:
                if begun or last:
                    raise WorkerLostError("The process that answered ended before it was done: ask again.") from error

    def _run_once(self, job: Job) -> Iterator[Event]:
        worker, number = self._free.get()
        lane, ended = worker.lane(number), False
        try:
            lane.send(job)
            while True:
                kind, value = lane.recv()
                if kind != "event":
                    ended = True
                    _raise(kind, value)
                    self._told(*value)
                    return
                yield value
        except (EOFError, OSError):
            ended = True
            worker.lost()
            raise
        finally:
            if not ended:
                _stop(lane)
            self._free.put((worker, number))


def _raise(kind: str, value: str) -> None:
    if kind == "wrong":
        raise UserError(value)
    if kind == "fault":
        raise BrokenAnswerError(value)


def _stop(lane: Connection) -> None:
    """Tell the process to stop, and read what it had sent before it did."""
    try:
        lane.send(None)
        while lane.recv()[0] == "event":
            pass
    except (EOFError, OSError):
        log.warning("A process that answers ended while it was told to stop.")


class Spread:
    """An assistant whose questions are answered by other processes; everything else it does itself."""

    def __init__(self, assistant: Assistant, workers: Workers, *, with_model: bool = True) -> None:
        self._assistant = assistant
        self._workers = workers
        self._with_model = with_model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._assistant, name)

    @property
    def model(self) -> Mapping[str, Any] | None:
        """As `Assistant.model`, of all processes together."""
        own = self._assistant.model
        return self._workers.model(own) if own else None

    def ask(
        self, question: str, history: Sequence[Turn] = (), id: str | int | None = None, *, literally: bool = False
    ) -> Answer:
        """As `Assistant.ask`."""
        done = list(self._workers.run(self._job(question, history, id, literally=literally, streams=False)))[-1]
        assert isinstance(done, Done)  # noqa: S101 - the last event, always
        return done.answer

    def stream(
        self, question: str, history: Sequence[Turn] = (), id: str | int | None = None, *, literally: bool = False
    ) -> Iterator[Event]:
        """As `Assistant.stream`."""
        return self._workers.run(self._job(question, history, id, literally=literally, streams=True))

    def without_model(self) -> Spread:
        """The same, which asks no language model."""
        return Spread(self._assistant.without_model(), self._workers, with_model=False)

    def _job(
        self, question: str, history: Sequence[Turn], id: str | int | None, *, literally: bool, streams: bool
    ) -> Job:
        return Job(question, tuple(history), id, literally, self._with_model, streams, logs.request_id(), carried())


def spreading(get: Callable[[], Assistant | None], workers: Workers) -> Callable[[], Assistant | None]:
    """`get`, whose assistant's questions are answered by workers."""

    def spread() -> Assistant | None:
        assistant = get()
        return cast("Assistant", Spread(assistant, workers)) if assistant else None

    return spread


def _work(settings: Settings, threads: int, lanes: Sequence[Connection]) -> None:
    """In the process: answer what comes until the other side has gone."""
    # A terminal and a service manager tell every process; what is under way is finished, the one that serves ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logs.set_up(settings.log)
    use_threads(threads)
    end_tracing = set_up()
    service = Service(settings)
    try:
        service.assistant()
        service.warm_up()
        service.follow()
    except UserError as error:
        # It is told to who asks, and tried again then.
        log.warning("The index could not be opened: %s", error)
    threads_of_lanes = [threading.Thread(target=_serve, args=(service, lane)) for lane in lanes]
    for one in threads_of_lanes:
        one.start()
    for one in threads_of_lanes:
        one.join()
    service.close()
    end_tracing()


def _serve(service: Service, lane: Connection) -> None:
    while True:
        try:
            job = lane.recv()
            # Who stopped an answer that had just ended means none that comes after it.
            if job is not None:
                with logs.about(job.request), span("answer", job.trace):
                    _answer(service, lane, job)
        except (EOFError, OSError):
            return


def _answer(service: Service, lane: Connection, job: Job) -> None:
    try:
        assistant = service.assistant() if job.with_model else service.assistant().without_model()
        with closing(cast(Any, assistant.stream(job.question, job.history, job.id, literally=job.literally))) as events:
            for event in events:
                if wait([lane], 0):
                    # Nothing but a stop, or the other side's end, comes while something is answered.
                    lane.recv()
                    break
                if job.streams or isinstance(event, Done):
                    lane.send(("event", event))
    except UserError as error:
        lane.send(("wrong", str(error)))
    except (EOFError, OSError):
        raise
    except Exception:
        log.exception("a question could not be answered")
        lane.send(("fault", "a question could not be answered; the log of the process that answered says why"))
    else:
        lane.send(("end", (os.getpid(), assistant.model)))
