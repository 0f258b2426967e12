"""What the product's own search returns for public questions: `python -m evals.mine_negatives --help`.

A reader sees what the search returns, so it learns from that: the passages of the named sets become documents of
an index, each question is asked of it, and the windows that the product would show the reader are written, as JSON
Lines of {"question", "text", "answers", "place"}. A window with the answer's words, of the question's own passage,
answers; one without any of its answers does not; what holds them elsewhere is left out, since nobody has judged it.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from assistant import extract
from assistant.ask import Assistant
from assistant.calibration import Ranker, load_calibration
from evals.train_reader import rows_of
from index.build import build_index
from index.encode import SHIPPED_MODEL, open_encoder
from index.search import Snapshot

SEED = 20261126
# How many questions of each set are asked.
SETS = {"squadshifts_new_wiki": 4000, "qed_train": 3500, "nq_oracle": 1500, "doc2dial": 600, "qed": 300}
_PASSAGES_A_FILE = 25
_NEGATIVES = 3
_PROCESSES = 2


def main() -> None:
    """Build the index, ask it, write what comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="where documents and index are made")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rows = {name: [row for row in rows_of(arguments.data, name) if row["answers"]] for name in SETS}
    _write_documents(rows, arguments.work / "documents")
    encoder = open_encoder(SHIPPED_MODEL, arguments.work / "encoders")
    build_index(arguments.work / "documents", arguments.work / "index", encoder)
    asked = _drawn(rows)
    parts = [(arguments.work, asked[at::_PROCESSES]) for at in range(_PROCESSES)]
    with ProcessPoolExecutor(_PROCESSES) as pool, arguments.out.open("w", encoding="utf-8") as file:
        count = 0
        for found in pool.map(_mined, parts):
            for one in found:
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
                count += 1
    print(f"{len(asked)} questions asked, {count} windows written to {arguments.out}")


def _write_documents(rows: dict[str, list[dict[str, Any]]], folder: Path) -> None:
    """Each passage once, as a paragraph of a document; blanks are made single."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, some in rows.items():
        passages = list(dict.fromkeys(_plain(row["context"]) for row in some))
        for at in range(0, len(passages), _PASSAGES_A_FILE):
            text = "\n\n".join(passages[at : at + _PASSAGES_A_FILE])
            (folder / f"{name}-{at:05}.txt").write_text(f"{text}\n", encoding="utf-8")


def _drawn(rows: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    chooser = random.Random(SEED)
    found = [
        {
            "question": row["question"],
            "passage": _plain(row["context"]),
            "gold": [_plain(one["text"]) for one in row["answers"]],
        }
        for name, some in rows.items()
        for row in chooser.sample(some, min(len(some), SETS[name]))
    ]
    chooser.shuffle(found)
    return found


def _plain(text: str) -> str:
    return " ".join(text.split())


@cache
def _assistant(work: Path) -> Assistant:
    encoder = open_encoder(SHIPPED_MODEL, work / "encoders")
    return Assistant.over(Snapshot.current(work / "index", encoder))


def _mined(part: tuple[Path, Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    assistant = _assistant(part[0])
    ranker = load_calibration().ranker
    chooser = random.Random(SEED)
    return [one for row in part[1] for one in _windows(row, assistant.snapshot, ranker, chooser)]


def _windows(
    row: dict[str, Any], snapshot: Snapshot, ranker: Ranker, chooser: random.Random
) -> Iterator[dict[str, Any]]:
    evidence = extract.gather(snapshot, row["question"], "en", (), ranker)
    negatives: list[str] = []
    positives: dict[str, tuple[int, int]] = {}
    for candidate in extract.shown(evidence.candidates):
        assert candidate.window is not None  # noqa: S101 - given by `shown`
        text = candidate.document.text[slice(*candidate.window)]
        held = [gold for gold in row["gold"] if gold.lower() in text.lower()]
        if not held:
            negatives.append(text)
        elif _plain(candidate.text) in row["passage"]:
            at = text.find(row["gold"][0])
            if at >= 0:
                positives[text] = (at, at + len(row["gold"][0]))
    if positives:
        text = chooser.choice(list(positives))
        yield {"question": row["question"], "text": text, "answers": True, "place": positives[text]}
    for text in list(dict.fromkeys(negatives))[:_NEGATIVES]:
        yield {"question": row["question"], "text": text, "answers": False}


if __name__ == "__main__":
    main()
