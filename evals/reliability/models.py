"""A model's server that comes and goes, and a model that forges: answers come, and nothing in them is forged."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from assistant.ask import Assistant
from assistant.model import Model
from assistant.write import Writer
from corpus.types import Document
from evals.model_server import Request, Says, claims, model_server, passages
from evals.reliability.forgeries import FORGED, not_genuine
from evals.reliability.promise import Faults, Plan
from evals.reliability.world import World, questions

# What one question may take of the model, and what is beyond the limit for all that is not the model's.
_SECONDS = 2.0
_SPARE = 10.0
_SHORT = 60


@dataclass(slots=True)
class _Brain:
    """Replies as it is told to for the next question."""

    reply: Callable[[Request], Says]

    def __call__(self, request: Request) -> Says:
        return self.reply(request)


def flapping(plan: Plan) -> Faults:
    """Each question meets another state of the server: up, gone, busy, silent, slow, cut off, rubbish."""
    return _trials(plan, lambda number, _: _STATES[number % len(_STATES)])


def forging(plan: Plan) -> Faults:
    """A model that quotes what is not there, under keys that it was given or not: shown is none of it."""
    return _trials(plan, lambda _, drawn: ("forges", partial(_forged, drawn)))


def _trials(plan: Plan, state: Callable[[int, random.Random], tuple[str, Callable[[Request], Says]]]) -> Faults:
    """A question for each trial, which meets the server in a state: its name, and how it replies."""
    world = World(plan.folder / "world")
    world.build()
    with _asking(world) as (assistant, brain):
        documents = [document for one in assistant.documents if (document := assistant.document(one.id))]
        plain = assistant.without_model()
        for number in range(plan.trials):
            drawn = plan.generator(number)
            name, brain.reply = state(number, drawn)
            question = drawn.choice(questions())
            yield _fault(f"the server {name}, {question!r}", assistant, plain, question, documents)


@contextmanager
def _asking(world: World) -> Iterator[tuple[Assistant, _Brain]]:
    """An assistant whose model's server has a brain that can be changed."""
    brain = _Brain(lambda _: Says())
    with model_server(brain) as server, world.opened() as assistant:
        model = Model.open("openai:scripted", server.address, seconds=_SECONDS, tokens=300)
        yield replace(assistant, writer=Writer(model, seconds=_SECONDS, calls=2)), brain


def _fault(what: str, assistant: Assistant, plain: Assistant, question: str, documents: Sequence[Document]) -> str:
    started = time.monotonic()
    try:
        answer = assistant.ask(question)
    except Exception as error:  # noqa: BLE001 - whatever a question raises is what is looked for
        return f"{what}: {type(error).__name__}: {error}"
    taken = time.monotonic() - started
    faults = [*not_genuine(answer.as_dict(), documents)]
    if FORGED in answer.text:
        faults.append(f"it says {answer.text!r}")
    if taken > _SECONDS + _SPARE:
        faults.append(f"it took {taken:.1f} s")
    if answer.mode != "model" and answer.text != plain.ask(question).text:
        faults.append("it is not the answer without a model")
    return f"{what}: {'; '.join(faults)}" if faults else ""


def _honest(request: Request) -> Says:
    """The first sentence of the first passage."""
    found = passages(request)
    if not found:
        return Says("?")
    key, text = next(iter(found.items()))
    sentence = text.split(".")[0].strip() + "."
    return Says(claims((sentence, [(key, sentence)])))


def _forged(drawn: random.Random, request: Request) -> Says:
    found = passages(request)
    if not found:
        return Says(FORGED)
    key, text = drawn.choice(list(found.items()))
    other = drawn.choice(list(found))
    start = drawn.randrange(max(1, len(text) - _SHORT))
    genuine = text[start : start + _SHORT]
    altered = genuine.replace(" ", " not ", 1)
    return Says(
        drawn.choice(
            [
                claims((FORGED, [(key, FORGED)])), claims((FORGED, [(key, genuine)])), claims((FORGED, [])),
                claims((FORGED, [("zz", genuine)])), claims((f"{FORGED}.", [(key, genuine), (other, FORGED)])),
                claims((genuine, [(key, genuine)]), (FORGED, [(key, genuine)])),
                claims((f"{genuine} {FORGED}", [(key, genuine)])),
                claims((altered + FORGED, [(key, altered)])), f"{FORGED} [{key}]", f"{FORGED} [1] [2] [99]",
                f'{{"found": true, "claims": [{{"text": "{FORGED}", "cites": "{key}"}}]}}',
            ]
        )
    )  # fmt: skip


_STATES: tuple[tuple[str, Callable[[Request], Says]], ...] = (
    ("is up", _honest),
    ("says 503", lambda _: Says(status=503)),
    ("is up", _honest),
    ("ends the line at once", lambda _: Says(raw=b"")),
    ("says 429", lambda _: Says(status=429)),
    ("is silent", lambda _: Says("x", silence=_SECONDS + 1)),
    ("is up", _honest),
    ("breaks off", lambda request: replace(_honest(request), piece=10, cut=2)),
    ("sends rubbish", lambda _: Says(raw=b"data: {\x00\xff]\n\n")),
    ("says 500", lambda _: Says(status=500)),
    ("only keeps the line", lambda request: replace(_honest(request), cut=0, pings=8, pause=0.5)),
    ("talks nonsense", lambda _: Says("lalala " * 50)),
    ("says 401", lambda _: Says(status=401)),
)
