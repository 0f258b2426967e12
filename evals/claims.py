"""How well the checks of a model's sentences tell: `python -m evals.claims`.

Claims over invented passages, each with the quotations that it rests on: adversarial ones, labelled by
their trap, of which none may come out verbatim or supported, and honest paraphrases, of which at least
80 % must be supported. `held_out.jsonl` was written before the checks and never looked at while they
were made. Ends with exit code 1 where either does not hold.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.verify.grounds import Cite, Grounds, verified

SETS = Path(__file__).parent / "sets" / "claims"
LEAST_SUPPORTED = 0.8


@dataclass(frozen=True, slots=True)
class Outcome:
    """A claim with what came of it."""

    id: str
    label: str
    kind: str
    claim: str
    support: str
    reason: str

    @property
    def right(self) -> bool:
        return (self.support == "unsupported") == (self.label == "refuse")


def outcomes(claims: Path, passages: Path) -> list[Outcome]:
    """Every claim of a file with what came of it."""
    texts = {row["key"]: row["text"] for row in _rows(passages)}
    return [_outcome(row, texts) for row in _rows(claims)]


def shipped() -> dict[str, list[Outcome]]:
    """The development claims and the held-out ones."""
    return {
        "development": outcomes(SETS / "claims.jsonl", SETS / "passages.jsonl"),
        "held out": outcomes(SETS / "held_out.jsonl", SETS / "held_out_passages.jsonl"),
    }


def problems(found: Sequence[Outcome]) -> list[str]:
    """What does not hold, in words."""
    passed = [one for one in found if one.label == "refuse" and not one.right]
    honest = [one for one in found if one.label == "support"]
    share = sum(one.right for one in honest) / len(honest)
    said = [f"{one.id} ({one.kind}) came out {one.support}: {one.claim}" for one in passed]
    return said + ([f"{share:.2f} of the honest claims are supported"] if share < LEAST_SUPPORTED else [])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.claims")
    parser.add_argument("--set", choices=["development", "held out"], help="only this one")
    parser.add_argument("--all", action="store_true", help="name every honest claim that is not supported too")
    given = parser.parse_args()
    found = {name: some for name, some in shipped().items() if given.set in (None, name)}
    print("| set | adversarial | passed | honest | supported |\n| --- | --- | --- | --- | --- |")
    for name, some in found.items():
        traps = [one for one in some if one.label == "refuse"]
        honest = [one for one in some if one.label == "support"]
        right = sum(one.right for one in honest)
        passed = sum(not one.right for one in traps)
        print(f"| {name} | {len(traps)} | {passed} | {len(honest)} | {right} ({right / len(honest):.2f}) |")
    for some in found.values():
        for one in some if given.all else ():
            if not one.right and one.label == "support":
                print(f"{one.id} ({one.kind}): {one.reason}: {one.claim}")
    wrong = [said for some in found.values() for said in problems(some)]
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


def _outcome(row: Mapping[str, Any], texts: Mapping[str, str]) -> Outcome:
    cites = [Cite(one["key"], one["quote"]) for one in row["cites"]]
    found = verified(row["claim"], cites, Grounds.of_texts(texts))
    return Outcome(row["id"], row["label"], row["kind"], row["claim"], found.support, found.reason)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
