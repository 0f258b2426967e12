"""What the product's own search returns over invented collections: `python -m evals.mine_collections --help`.

evals/reading/collections holds documents of organisations, and questions with every sentence that answers them, or none
(README there). Each question is asked of an index of its own collection, and the windows that the product would show
the reader are written, as JSON Lines of {"question", "text", "answers"}: a window answers where it holds a sentence
that does. Where the search loses that sentence, the window round it is written all the same.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant import extract
from assistant.ask import Assistant
from assistant.calibration import Ranker, load_calibration
from corpus.spans import sentences
from corpus.types import Document
from evals.train_reader import rows_in
from index.build import build_index
from index.encode import SHIPPED_MODEL, open_encoder
from index.search import Snapshot

COLLECTIONS = Path(__file__).parent / "reading" / "collections"


def main() -> None:
    """Build an index of each collection, ask it, write what comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="where the indexes are made")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    encoder = open_encoder(SHIPPED_MODEL, arguments.work / "encoders")
    ranker = load_calibration().ranker
    with arguments.out.open("w", encoding="utf-8") as file:
        for asked in sorted(COLLECTIONS.glob("*.jsonl")):
            index = arguments.work / asked.stem
            build_index(asked.with_suffix(""), index, encoder)
            assistant = Assistant.over(Snapshot.current(index, encoder))
            found = [window for row in rows_in(asked) for window in _windows(row, assistant, ranker)]
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in found)
            print(
                f"{asked.stem}: {len(found)} windows, {sum(one['answers'] for one in found)} of them answers",
                flush=True,
            )


def _windows(row: dict[str, Any], assistant: Assistant, ranker: Ranker) -> Iterator[dict[str, Any]]:
    """The windows shown with a question, and those round the sentences that answer it."""
    snapshot = assistant.snapshot
    named = {Path(one.path).stem: one.id for one in assistant.documents}
    gold: dict[str, list[tuple[int, int]]] = {}
    for one in row["answers"]:
        document = snapshot.document(named[one["document"]])
        start = document.text.index(one["quote"])
        gold.setdefault(document.id, []).append((start, start + len(one["quote"])))
    evidence = extract.gather(snapshot, row["q"], "en", (), ranker)
    shown = [(one.document, one.window) for one in extract.shown(evidence.candidates) if one.window]
    missed = [
        (document, extract.window(document, _sentence(document, place[0])))
        for document in map(snapshot.document, gold)
        for place in gold[document.id]
        if not any(other.id == document.id and _meets(span, place) for other, span in shown)
    ]
    for document, span in {(one.id, span): (one, span) for one, span in [*shown, *missed]}.values():
        answers = any(_meets(span, place) for place in gold.get(document.id, ()))
        yield {"question": row["q"], "text": document.text[slice(*span)], "answers": answers}


def _sentence(document: Document, at: int) -> tuple[int, int]:
    section = document.section_at(at)
    return next(span for span in sentences(document.text, section.start, section.end) if span[0] <= at < span[1])


def _meets(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


if __name__ == "__main__":
    main()
