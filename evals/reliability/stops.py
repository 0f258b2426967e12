"""The program is asked to stop, or its index is built anew, while people ask: no running answer is dropped."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from itertools import count

from evals.reliability.program import Program, Reply, call, running
from evals.reliability.promise import Faults, Plan
from evals.reliability.world import World, questions

_RUNNING = 3
_SLOW = 1.5
_TAKEN_IN = 0.5
_PATIENCE = 60.0
_ASKERS = 2


def graceful(plan: Plan) -> Faults:
    """SIGTERM while some answers are under way: these come, a new question gets 503 and when to come again."""
    world = World(plan.folder / "world")
    world.build()
    for number in range(plan.trials):
        with running(world, slow=_SLOW) as program, ThreadPoolExecutor(_RUNNING) as pool:
            under_way = [pool.submit(_ask, program, question) for question in questions()[:_RUNNING]]
            time.sleep(_TAKEN_IN)
            os.kill(program.process.pid or 0, signal.SIGTERM)
            faults = [*_turned_away(program), *_answered(under_way), *_ended(program)]
        yield f"stop {number + 1}: {'; '.join(faults)}" if faults else ""


def _ask(program: Program, question: str) -> Reply:
    body = json.dumps({"question": question}).encode()
    return call(program.address, "POST", "/api/ask", body, {"Content-Type": "application/json"})


def _turned_away(program: Program) -> Iterator[str]:
    until = time.monotonic() + _SLOW - _TAKEN_IN
    while time.monotonic() < until:
        # The signal is noticed at the server's next tick; then nothing new is answered.
        time.sleep(0.2)
        reply = call(program.address, "GET", "/readyz")
        if reply.status == 503:
            break
    reply = _ask(program, questions()[0])
    if reply.status != 503 or not reply.headers.get("retry-after", "").isdigit():
        yield f"a new question got {reply.status}, to come again after {reply.headers.get('retry-after')}"


def _answered(under_way: Sequence[Future[Reply]]) -> Iterator[str]:
    for one in under_way:
        try:
            reply = one.result(timeout=_PATIENCE)
        except (OSError, HTTPException) as error:
            yield f"a running answer was dropped ({type(error).__name__})"
        else:
            if reply.status != 200 or json.loads(reply.text)["outcome"] not in ("answered", "partial", "not_found"):
                yield f"a running answer ended with {reply.status}"


def _ended(program: Program) -> Iterator[str]:
    program.process.join(_PATIENCE)
    if program.process.exitcode != 0:
        yield f"the program's exit code is {program.process.exitcode}"
    if "Traceback" in program.log.read_text(encoding="utf-8", errors="replace"):
        yield "it printed a traceback"


def rebuilds(plan: Plan) -> Faults:
    """Questions over HTTP without pause while one index after the other is built and published; each is a trial."""
    world = World(plan.folder / "world")
    world.build()
    with running(world) as program, _building(world), ThreadPoolExecutor(_ASKERS) as pool:
        asked = questions()
        at = 0
        while at < plan.trials:
            some = range(at, min(at + _ASKERS, plan.trials))
            waiting = [pool.submit(_ask, program, asked[number % len(asked)]) for number in some]
            for number, one in zip(some, waiting, strict=True):
                faults = list(_answered([one]))
                yield f"question {number + 1}: {'; '.join(faults)}" if faults else ""
            at += _ASKERS


@contextmanager
def _building(world: World) -> Iterator[None]:
    """One build after the other, by turns of a change and of everything, until the block ends."""
    ended = threading.Event()

    def build() -> None:
        for number in count():
            if ended.is_set():
                return
            world.write(
                "changing.md", f"# Notes of day {number}\n\nThe tide table of day {number} hangs at the pier.\n"
            )
            world.build(rebuild=number % 4 == 3)

    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(build)
        try:
            yield
        finally:
            ended.set()
            building.result()
