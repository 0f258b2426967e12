"""A Chroma server that is killed while an index is built on it, and started again over what it had written."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus.errors import UserError
from evals.bench_crashes import Builder, DamagedError, chroma, free_port, served
from evals.made_up import Documents
from evals.reliability.promise import Faults, Plan

_DOCUMENTS = 12
_CHANGED = 3
_PATIENCE = 120.0
_NAMED = "The Chroma server at "


def killed(plan: Plan) -> Faults:
    """A new base is built and the server killed meanwhile: the old index or the new one serves once it is back."""
    documents = Documents(plan.folder / "documents", _DOCUMENTS, random.Random(plan.seed))
    (plan.folder / "temporary").mkdir()
    port, index = free_port(), plan.folder / "index"
    with _builder(documents, plan.folder, port) as builder:
        with chroma(plan.folder / "chroma", port):
            seconds = _build(builder)
        for number in range(plan.trials):
            old = dict(documents.texts)
            documents.change(_CHANGED)
            after = plan.generator(number).uniform(0, seconds)
            with chroma(plan.folder / "chroma", port):
                builder.begin("", True)
                time.sleep(after)
            said = builder.reply(_PATIENCE)
            with chroma(plan.folder / "chroma", port):
                fault = _fault(said) or _looked(index, {"old": old, "new": documents.texts}) or _again(builder)
                fault = fault or _looked(index, {"new": documents.texts})
            yield f"kill {number + 1}, {after:.2f} s after the build's start: {fault}" if fault else ""


@contextmanager
def _builder(documents: Documents, folder: Path, port: int) -> Iterator[Builder]:
    builder = Builder(documents.folder, folder / "index", f"http://127.0.0.1:{port}", folder / "temporary")
    try:
        yield builder
    finally:
        builder.end()


def _build(builder: Builder) -> float:
    """The seconds of a build that nobody disturbs."""
    builder.begin("", True)
    taken = builder.reply(_PATIENCE)
    if not isinstance(taken, float):
        raise RuntimeError(f"a build that nobody disturbed failed: {taken}")
    return taken


def _fault(said: float | str | None) -> str:
    """A build whose server is gone says so in one sentence, or was done before."""
    if isinstance(said, float) or (said or "").startswith(_NAMED):
        return ""
    return f"the build ended with {said!r}"


def _again(builder: Builder) -> str:
    builder.begin()
    said = builder.reply(_PATIENCE)
    return "" if isinstance(said, float) else f"the next build failed: {said}"


def _looked(index: Path, versions: dict[str, dict[str, str]]) -> str:
    try:
        served(index, versions)
    except (DamagedError, UserError) as error:
        return f"what serves is no whole index: {error}"
    return ""
