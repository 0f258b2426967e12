"""A folder of documents, watched: one turn for each change, once it has come to rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from corpus.catalogue import CATALOGUE, corpus_files, definitions_path

# A look at 10,000 files takes about 0.1 s; more than a tenth of the time is never spent on looking.
_EVERY = 0.5
_SHARE = 10


def changes(folder: Path, every: float = _EVERY) -> Iterator[None]:
    """One turn at once, then one after each change of a file's name, size or times; never ends by itself.

    A change is reported when nothing more has changed for `every` seconds, so that a file that is
    being copied is read whole.
    """
    seen: object = None
    while True:
        state, seconds = _look(folder)
        if state != seen:
            while (later := _look_after(folder, max(every, seconds * _SHARE) if seen is not None else 0.0)) != state:
                state = later
            seen = state
            yield
        else:
            time.sleep(max(every, seconds * _SHARE))


def _look_after(folder: Path, seconds: float) -> object:
    time.sleep(seconds)
    return _look(folder)[0]


def _look(folder: Path) -> tuple[object, float]:
    """The names, sizes and times of what a corpus is read from, and how long looking took."""
    started = time.perf_counter()
    paths = [folder / CATALOGUE, definitions_path(folder), *corpus_files(folder)]
    return tuple(_state(path) for path in paths), time.perf_counter() - started


def _state(path: Path) -> tuple[str, int, int, int]:
    try:
        state = path.stat()
    except OSError:
        # A link to nothing, or gone since the folder was listed: that is a state too.
        return str(path), 0, 0, 0
    return str(path), state.st_size, state.st_mtime_ns, state.st_ctime_ns
