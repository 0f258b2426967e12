"""How long an audit takes, and what it finds: `python -m evals.bench_audit FOLDER [--pages 1000]`.

The PDF files of FOLDER are copied until they have that many pages. Beside them lie letters, each with one
canonical wording of the shipped corpus in it: whole, with a word left out, and cut after its first half.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from assistant.audit import audit
from assistant.check import wordings
from corpus.catalogue import SHIPPED_DOCUMENTS
from corpus.sandbox import sandbox
from evals.checks import Shelf

_LETTER = "Dear members,\n\nplease find below what was decided.\n\n{wording}\n\nWe meet again in May.\n"


def main() -> None:
    """Print the table of `docs/measurements.md`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    shelf = Shelf.of(SHIPPED_DOCUMENTS)
    with tempfile.TemporaryDirectory() as scratch:
        count = _fill(Path(scratch), given.folder, given.pages)
        planted = _plant(Path(scratch), [one.text for one in wordings(shelf)])
        seconds = []
        for _ in range(given.runs):
            began = time.perf_counter()
            found = audit([Path(scratch)], wordings(shelf))
            seconds.append(time.perf_counter() - began)
    verdicts = {Path(one.document).name: one.check.verdict for one in found.findings}
    right = sum(verdicts.get(name) == verdict for name, verdict in planted.items())
    print("| pages | files | s, median of runs | slowest | planted | found with their verdict | other findings |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(
        f"| {found.pages:,} | {count + len(planted)} | {statistics.median(seconds):.1f} | {max(seconds):.1f} "
        f"| {len(planted)} | {right} | {len(found.findings) - right} |"
    )


def _fill(target: Path, folder: Path, pages: int) -> int:
    """Copy PDF files until they have so many pages; the number of files."""
    sources = sorted(folder.rglob("*.pdf"))
    if not sources:
        raise SystemExit(f"{folder} holds no PDF files: name a folder that does.")
    have = 0
    lengths = dict(_lengths(sources))
    if not any(lengths.values()):
        raise SystemExit(f"No PDF file of {folder} has a page that can be read.")
    for number, path in enumerate(cycle(sources)):
        if have >= pages:
            return number
        shutil.copyfile(path, target / f"{number:04}.pdf")
        have += lengths[path]
    return 0


def _lengths(sources: list[Path]) -> Iterator[tuple[Path, int]]:
    with sandbox() as reader:
        for path in sources:
            yield path, len(reader.read(path).pages)


def _plant(target: Path, texts: list[str]) -> dict[str, str]:
    """Letters with wordings in them, and the verdict that each should get."""
    planted = {}
    for number, text in enumerate(texts):
        words = text.split(" ")
        half = len(words) // 2
        forms = {
            "exact": text,
            "altered": " ".join([*words[:half], *words[half + 1 :]]),
            "truncated": " ".join(words[:half]),
        }
        for verdict, form in forms.items():
            name = f"letter-{number}-{verdict}.txt"
            (target / name).write_text(_LETTER.format(wording=form), encoding="utf-8")
            planted[name] = verdict
    return planted


if __name__ == "__main__":
    main()
