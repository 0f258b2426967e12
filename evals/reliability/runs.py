"""An evaluation run that is killed: what it said was asked is in its folder, and it can be taken up and finished."""

from __future__ import annotations

import multiprocessing
import signal
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from evals.questions import QuestionSet, read_set
from evals.records import read_records
from evals.reliability.promise import Faults, Plan
from evals.reliability.world import SET, World
from evals.run import run_set
from evals.systems import Local

_QUESTIONS = 12
# A question takes so long at least: the kill is to come in between, and inside.
_A_QUESTION = 0.02
_PATIENCE = 120.0


def killed(plan: Plan) -> Faults:
    """`kill -9` at a random question, the next run takes it up."""
    world = World(plan.folder / "world")
    world.build()
    for number in range(plan.trials):
        folder = plan.folder / f"run-{number}"
        drawn = plan.generator(number)
        after, wait = drawn.randrange(_QUESTIONS), drawn.uniform(0, 2 * _A_QUESTION)
        said = _run_until_killed(world, folder, after, wait)
        fault = _fault(world, folder, said)
        yield f"run {number + 1}, killed {wait:.3f} s after {after} questions: {fault}" if fault else ""


def _run_until_killed(world: World, folder: Path, after: int, wait: float) -> int:
    """How many questions a run said that it had asked when it was killed."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(world, folder, sending))
    process.start()
    sending.close()
    said = 0
    with suppress(EOFError):
        while said < after and receiving.poll(_PATIENCE):
            said = receiving.recv()
        # Also before the first question, and while the run ends.
        time.sleep(wait)
        process.kill()
        process.join()
        while receiving.poll(0):
            said = receiving.recv()
    process.join()
    receiving.close()
    return said


def _run(world: World, folder: Path, sending: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def tell(done: int, total: int) -> None:  # noqa: ARG001 - the total is known
        sending.send(done)
        time.sleep(_A_QUESTION)

    with world.opened() as assistant:
        run_set(_some(), Local(assistant), assistant, folder, progress=tell)


def _some() -> QuestionSet:
    found = read_set(str(SET))
    return replace(found, questions=found.questions[:_QUESTIONS])


def _fault(world: World, folder: Path, said: int) -> str:
    kept = [record.id for record in read_records(folder)] if folder.exists() else []
    wanted = [question.id for question in _some().questions]
    if kept != wanted[: len(kept)] or len(kept) < said:
        return f"{said} questions were said to be asked, kept are {kept}"
    with world.opened() as assistant:
        run, records = run_set(_some(), Local(assistant), assistant, folder)
    if not run.finished or [record.id for record in records] != wanted:
        return f"taken up, it has {[record.id for record in records]}"
    return ""
