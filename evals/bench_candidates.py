"""How much is lost before the reader: `python -m evals.bench_candidates SET…`, names of shipped sets.

Of the questions to answer that come to the gate, the share of which some evidence is among the first sentences of
the plain ranking, in the windows round the first of them (a window is read once, whoever of its sentences is
looked for), and anywhere in the passages found.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from assistant.calibration import Ranker, load_calibration
from assistant.extract import ranked, shown
from evals.calibrate import Asked, labelled
from evals.questions import SETS
from index.encode import SHIPPED_MODEL, open_encoder

_SENTENCES = (1, 5, 8, 10)
_WINDOWS = (6, 8)


def main() -> None:
    """Print the table of docs/answers.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="SET")
    parser.add_argument("--work", type=Path, default=Path(".assistant/fit"), help="where indexes are made")
    arguments = parser.parse_args()
    encoder = open_encoder(SHIPPED_MODEL, arguments.work / "encoders")
    plain = Ranker(load_calibration().ranker.plain)
    heads = (*(f"first {most}" for most in _SENTENCES), *(f"{most} windows" for most in _WINDOWS), "passages")
    print("| set | n | " + " | ".join(heads) + " |\n" + "| --- " * (2 + len(heads)) + "|")
    for name in arguments.sets:
        asked = labelled(SETS / f"{name}.jsonl", 1.0, encoder, arguments.work).asked
        found = [_held(one, plain) for one in asked if one.answerable and any(one.places)]
        shares = " | ".join(f"{sum(column) / len(found):.2f}" for column in zip(*found, strict=True))
        print(f"| {name} | {len(found)} | {shares} |", flush=True)


def _held(asked: Asked, ranker: Ranker) -> list[bool]:
    """Whether each of the columns holds evidence."""
    first = [one for one in ranked(asked.evidence, ranker).candidates if not one.is_heading]
    passages = [hit.passage for hit in asked.evidence.hits]
    return [
        *(any(map(asked.holds, first[:most])) for most in _SENTENCES),
        *(any(map(asked.holds, shown(first, most))) for most in _WINDOWS),
        any(
            place.shared(passage.document_id, passage.start, passage.end)
            for passage in passages
            for places in asked.places
            for place in places
        ),
    ]


if __name__ == "__main__":
    main()
