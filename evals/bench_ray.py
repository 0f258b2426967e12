"""The local engine and Ray with one and two workers, over the same documents: `python -m evals.bench_ray`.

Each builds an index anew with the shipped encoder; afterwards the indexes must hold the same passages, ids and
vectors. The local engine has all cores of the machine for its threads, a worker of Ray has one.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from assistant.settings import load_settings
from corpus.errors import UserError
from evals.made_up import document, sentence, vocabulary
from index import generation
from index.build import GRAPHS, build_index
from index.encode import open_encoder
from index.engine import Engine, LocalEngine
from index.generation import BASE
from index.ray_engine import RayEngine, is_installed
from index.segment import CONTENT

_SENTENCES = 24
_STORED = (
    "SELECT id, start, end, heading_path FROM passages ORDER BY position",
    "SELECT vector FROM passages ORDER BY position",
)


def main() -> None:
    """Print the table; exit code 1 where the indexes differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=1000)
    given = parser.parse_args()
    if not is_installed():
        raise UserError("Ray is not installed: python -m pip install -c constraints.txt 'association-assistant[scale]'")
    engines: list[tuple[str, Engine]] = [("local", LocalEngine())]
    engines += [(f"ray, {count} workers", RayEngine(workers=count)) for count in (1, 2)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write(folder / "documents", given.documents)
        encoder = open_encoder(load_settings().encoder, folder / GRAPHS)
        encoder.prepare()
        print("| engine | passages | s | passages a second | beside local | passages and ids, vectors |")
        print("| --- | --- | --- | --- | --- | --- |")
        local, same = 0.0, True
        digests: tuple[str, ...] = ()
        for name, engine in engines:
            started = time.perf_counter()
            report = build_index(folder / "documents", folder / name, encoder, engine=engine)
            seconds = time.perf_counter() - started
            found = _digests(folder / name)
            local, digests = local or seconds, digests or found
            same &= found[0] == digests[0]
            told = ", ".join("same" if one == other else "differ" for one, other in zip(found, digests, strict=True))
            count = report.manifest.passages
            print(f"| {name} | {count} | {seconds:.1f} | {count / seconds:.0f} | {seconds - local:+.1f} s | {told} |")
    if not same:
        sys.exit("The engines made different passages.")


def _write(folder: Path, count: int) -> None:
    folder.mkdir()
    chance, known = random.Random(1), vocabulary()
    for number in range(count):
        sentences = [sentence(chance, known) for _ in range(_SENTENCES)]
        (folder / f"{number:06}.md").write_text(document("Note", sentences, f"number{number}"), encoding="utf-8")


def _digests(index: Path) -> tuple[str, ...]:
    """One of the passages with their ids, one of the vectors."""
    path = generation.current(index) / BASE / CONTENT
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as database:
        return tuple(sha256(repr(database.execute(one).fetchall()).encode()).hexdigest() for one in _STORED)


if __name__ == "__main__":
    main()
