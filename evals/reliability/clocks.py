"""A clock that jumps, to and fro, by a second or by years: nothing is lost, mistaken or locked."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from unittest import mock

from assistant.records import store as records
from assistant.types import Answer
from assistant.web import main
from assistant.web.limits import Limits
from evals.reliability.promise import Faults, Plan
from evals.reliability.world import World, questions

_MINUTE, _DAY = 60.0, 86_400.0
_JUMPS = (
    -1.0,
    1.0,
    -_MINUTE,
    _MINUTE,
    -3600.0,
    3600.0,
    -_DAY,
    _DAY,
    -400 * _DAY,
    400 * _DAY,
    -20_000 * _DAY,
    4000 * _DAY,
)
_A_MINUTES_QUESTIONS = 5


class Clock:
    """The clock of the wall, as the program reads it: `ahead` seconds of the real one."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._read = time.time
        self._read_ns = time.time_ns

    def time(self) -> float:
        """As `time.time`."""
        return self._read() + self.ahead

    def time_ns(self) -> int:
        """As `time.time_ns`."""
        return self._read_ns() + int(self.ahead * 10**9)

    def now(self, zone: tzinfo | None = None) -> datetime:
        """As `datetime.now`."""
        return datetime.now(zone) + timedelta(seconds=self.ahead)


@contextmanager
def settable() -> Iterator[Clock]:
    """The clock of this process, to be set until the block ends."""
    clock = Clock()

    class Settable(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.now(tz)

    with (
        mock.patch("time.time", clock.time),
        mock.patch("time.time_ns", clock.time_ns),
        mock.patch.object(records, "datetime", Settable),
        mock.patch.object(main, "datetime", Settable),
    ):
        yield clock


def jumps(plan: Plan) -> Faults:
    """Each trial is a jump during one thing: a build, a conversation, verdicts, removing old answers, limits."""
    world = World(plan.folder / "world")
    world.build()
    with world.opened() as assistant:
        answer = assistant.ask(questions()[0])
    works: tuple[Callable[[World, Answer, Clock, float], str], ...] = (
        _build, _conversation, _verdicts, _kept, _limited,
    )  # fmt: skip
    for number in range(plan.trials):
        work = works[number % len(works)]
        by = _JUMPS[number // len(works) % len(_JUMPS)]
        with settable() as clock:
            fault = work(world, answer, clock, by)
        world.records.unlink(missing_ok=True)
        yield f"{work.__name__.strip('_')}, the clock jumps by {by:,.0f} s: {fault}" if fault else ""


def _build(world: World, answer: Answer, clock: Clock, by: float) -> str:  # noqa: ARG001 - works have one shape
    """What changes before a jump and after it is in the next index."""
    name, drawn = "clock.txt", random.Random(by)
    for ahead in (0.0, by, 0.0):
        clock.ahead = ahead
        text = f"The clock says {drawn.randrange(10**6):06} and no more.\n"
        world.write(name, text)
        world.build()
        with world.opened() as assistant:
            found = assistant.document(name)
            if found is None or found.text.strip() != text.strip():
                return "the change is not in the index"
    return ""


def _conversation(world: World, answer: Answer, clock: Clock, by: float) -> str:
    """Answers stay in the order in which they were given."""
    with world.store() as store:
        given = []
        for ahead in (0.0, by, 0.0):
            clock.ahead = ahead
            given.append(store.keep(answer, conversation="c", user="ana", configuration="x"))
        found = [one.id for one in store.conversation("c", "ana")]
        listed = [one.id for one in store.conversations("ana")]
    return "" if found == given and listed == ["c"] else f"given {given}, found {found} in {listed}"


def _verdicts(world: World, answer: Answer, clock: Clock, by: float) -> str:
    """A reader's later word stands in the place of the earlier one."""
    with world.store() as store:
        kept = store.keep(answer, conversation="c", user="ana", configuration="x") or ""
        store.judge(kept, "down", "no", "ana")
        clock.ahead = by
        store.judge(kept, "up", "yes after all", "ana")
        found = store.answer(kept)
    return "" if found and (found.verdict, found.comment) == ("up", "yes after all") else f"found {found}"


def _kept(world: World, answer: Answer, clock: Clock, by: float) -> str:
    """What is young stays, although the clock says for a while that it is old; what is old goes."""
    with world.store() as store:
        clock.ahead = -500 * _DAY
        old = store.keep(answer, conversation="c", user="ana", configuration="x") or ""
        clock.ahead = 0.0
        young = store.keep(answer, conversation="c", user="ana", configuration="x") or ""
        sweep = main.Sweep(store)
        clock.ahead = by
        sweep.once()
        lost = store.answer(young) is None
        clock.ahead = 0.0
        sweep.once()
        sweep.once()
        stays = store.answer(old) is not None
    return "; ".join(["a young answer was removed"] * lost + ["an old one was not"] * stays)


def _limited(world: World, answer: Answer, clock: Clock, by: float) -> str:  # noqa: ARG001
    """Who has asked too often waits for a minute at most, whatever the clock says."""
    limits = Limits(questions_a_minute=_A_MINUTES_QUESTIONS)
    for _ in range(_A_MINUTES_QUESTIONS):
        limits.wait("question", "ana")
    clock.ahead = by
    waits = [limits.wait("question", "ana") for _ in range(3 * _A_MINUTES_QUESTIONS)]
    return "" if max(waits) <= _MINUTE else f"to wait are {max(waits)} s"
