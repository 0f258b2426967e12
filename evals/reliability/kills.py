"""The program that serves is killed while it is talked to and sent files; what it acknowledged must be there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from assistant.records.store import Store
from evals.reliability.program import Program, call, running
from evals.reliability.promise import Faults, Plan
from evals.reliability.world import World

_LONGEST = 1.5
_A_LOOK = 0.01


@dataclass(slots=True)
class Acknowledged:
    """What readers and staff were told is kept: answers and verdicts, and files by name with their text."""

    told: list[tuple[Any, ...]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


def killed(plan: Plan) -> Faults:
    """`kill -9` at a random moment under two readers and one who adds documents, again and again on one folder."""
    world = World(plan.folder / "world")
    world.build()
    for number in range(plan.trials):
        with running(world, talks=True) as program:
            acknowledged = _until_killed(program, number, plan.generator(number).uniform(0.02, _LONGEST))
        missing = "; ".join(_missing(world, acknowledged))
        told = f"{len(acknowledged.told)} words and {len(acknowledged.files)} files acknowledged"
        yield f"kill {number + 1}, {told}: {missing}" if missing else ""


def _until_killed(program: Program, number: int, seconds: float) -> Acknowledged:
    found = Acknowledged()
    sending = threading.Thread(target=_send_files, args=(program.address, f"sent-{number}", found.files))
    sending.start()
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        # What nobody hears would hold up who tells it.
        found.told += program.heard()
        time.sleep(min(left, _A_LOOK))
    program.kill()
    sending.join()
    found.told += program.heard()
    return found


def _send_files(address: str, prefix: str, sent: dict[str, str]) -> None:
    """Add documents until nobody answers any more."""
    origin = {"Origin": f"http://{urlsplit(address).netloc}", "Content-Type": "application/octet-stream"}
    with suppress(OSError, HTTPException):
        for number in count():
            name, text = f"{prefix}-{number}.txt", f"Note {number} of {prefix}.\n" * 500
            reply = call(address, "POST", f"/api/index/documents?name={name}", text.encode(), origin)
            if reply.status != 201:
                raise RuntimeError(f"a file was not taken in: {reply.status} {reply.text}")
            sent[name] = text


def _missing(world: World, acknowledged: Acknowledged) -> Iterator[str]:
    with world.store() as store:
        for kind, *words in acknowledged.told:
            if kind == "lost":
                yield f"an answer was not kept ({words})"
            elif kind == "kept" and not _has(store, *words):
                yield f"the answer {words[0]} is not in its conversation"
            elif kind == "judged" and getattr(store.answer(words[0]), "verdict", None) != words[1]:
                yield f"the verdict on {words[0]} is lost"
    for name, text in acknowledged.files.items():
        path = world.corpus / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            yield f"the file {name} is not there as it was sent"
        path.unlink(missing_ok=True)


def _has(store: Store, identifier: str, conversation: str, user: str, question: str) -> bool:
    kept = store.answer(identifier)
    held = [one.id for one in store.conversation(conversation, user)]
    return kept is not None and kept.answer.question == question and identifier in held
