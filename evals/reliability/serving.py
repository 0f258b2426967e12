"""In the program's own process: the real program, but for the tiny encoder; with `talks`, readers inside it.

A reader does what the chat does at a click, and tells of each answer and each verdict once it is acknowledged.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from assistant import service
from assistant.ask import Assistant
from assistant.settings import Settings
from assistant.types import Event
from assistant.web import indexing
from assistant.web.conversation import Conversation
from assistant.web.main import run
from assistant.web.site import Site
from assistant.web.talking import Talker, act
from evals.made_up import HashingEncoder
from evals.reliability.world import World, questions
from index.encode import Encoder

_READERS = 2
_TURNS = 3


def serve(world: World, sending: Connection, *, talks: bool, slow: float, log: Path) -> None:
    """Serve until told to stop. What is sent: the address, then ("kept", …) and ("judged", …)."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    service.encoder_of = _encoder
    if slow:
        _slow_down(slow)
    settings = world.settings()
    announced = threading.Event()

    def staff(app: FastAPI, site: Site) -> None:
        indexing.mount(app, site, settings)
        if talks:
            lock = threading.Lock()
            for number in range(_READERS):
                given = site, sending, lock, f"reader {number}", announced
                threading.Thread(target=_read, args=given, daemon=True).start()

    def announce(words: str) -> None:
        sending.send(words.partition(": ")[2].partition(" ")[0])
        announced.set()

    run(settings, announce, staff)


def _encoder(settings: Settings) -> Encoder:  # noqa: ARG001 - the name is that of what it stands for
    return HashingEncoder()


def _slow_down(seconds: float) -> None:
    quick = Assistant.stream

    def stream(self: Assistant, *given: Any, **more: Any) -> Any:
        time.sleep(seconds)
        events: Sequence[Event] = list(quick(self, *given, **more))
        yield from events

    Assistant.stream = stream  # type: ignore[method-assign]


def _read(site: Site, sending: Connection, lock: threading.Lock, name: str, announced: threading.Event) -> None:
    """One conversation after the other, and a verdict on each answer."""
    # The address is the first that is told.
    announced.wait()
    while site.get() is None:
        time.sleep(0.01)

    def tell(*words: object) -> None:
        with lock:
            sending.send(words)

    asked = questions()
    by = Talker(name)
    for number in count():
        if number % _TURNS == 0:
            talk = Conversation()
        question = asked[number % len(asked)]
        for step in act(site, talk, {"act": "ask", "question": question}, by):
            talk = step.talk
        last = talk.exchanges[-1]
        if last.kept is None:
            tell("lost", question, last.problem)
            continue
        tell("kept", last.kept, talk.id, name, question)
        verdict = "down" if number % 2 else "up"
        turn = {"turn": str(len(talk.exchanges)), "act": "judge", "verdict": verdict}
        for step in act(site, talk, turn, by):
            talk = step.talk
        tell("judged", last.kept, verdict)
