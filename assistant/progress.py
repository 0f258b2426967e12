"""A progress bar on standard error, and only on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import Progress as Bar

from index.build import WAITING, Progress


@contextmanager
def progress_on_terminal() -> Iterator[Progress]:
    """A callback for (step, done, total). A total of 0 is not known."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield partial(_say_what_is_waited_for, console)
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("Building the index", total=None)

        def report(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total or None)

        yield report


@contextmanager
def counting_on_terminal(what: str) -> Iterator[Callable[[int, int], None]]:
    """A callback for (done, total)."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None  # noqa: ARG005 - nobody watches
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _say_what_is_waited_for(console: Console, step: str, done: int, total: int) -> None:  # noqa: ARG001 - a Progress
    # Where nobody watches, steps are not worth a line, but a wait is.
    if step == WAITING:
        console.print(step, soft_wrap=True)
