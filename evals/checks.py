"""How right the checks of wordings are: `python -m evals.checks [SET]`.

A set is JSON Lines of {"id", "term", "pasted_text", "verdict", "type"}, and where they are unambiguous
"differences" ({"operation", "canonical", "given"}) and "surroundings" (kinds). The definitions are those of
the shipped corpus. Ends with exit code 1 where a verdict, a difference or a surrounding is another one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.check import INTACT, check_wording
from assistant.registry import Registry
from assistant.types import Citation
from corpus.catalogue import SHIPPED_DOCUMENTS, load_corpus
from corpus.check import Check
from corpus.differences import same_words
from corpus.types import Corpus, Document

SHIPPED = Path(__file__).parent / "sets" / "checks" / "checks.jsonl"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The definitions of a corpus with its documents, without an index."""

    corpus: Corpus
    registry: Registry

    @classmethod
    def of(cls, folder: Path) -> Shelf:
        corpus = load_corpus(folder)
        return cls(corpus, Registry(corpus.definitions, lambda _: 0))

    def document(self, document_id: str) -> Document | None:
        return next((one for one in self.corpus.documents if one.id == document_id), None)

    def mentions(self, term: str) -> Sequence[Citation]:  # noqa: ARG002 - there is nothing to search
        return ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case with the check that it got; `problems` says in words what is not as expected."""

    case: dict[str, Any]
    found: Check
    problems: tuple[str, ...]


def run(path: Path, shelf: Shelf) -> list[Outcome]:
    """Every case of a set with what came of it."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [_outcome(row, check_wording(shelf, row["pasted_text"], row["term"])) for row in rows]


def _outcome(case: dict[str, Any], found: Check) -> Outcome:
    problems = []
    if found.verdict != case["verdict"]:
        problems.append(f"{found.verdict} instead of {case['verdict']}")
    elif "differences" in case and not _same_differences(case["differences"], found):
        given = [(one.operation, one.canonical, one.given) for one in found.differences]
        problems.append(f"differences {given}")
    kinds = {one.kind for one in found.surroundings}
    if found.verdict == case["verdict"] and not set(case.get("surroundings", ())) <= kinds:
        problems.append(f"surroundings {sorted(kinds)} instead of {case['surroundings']}")
    return Outcome(case, found, tuple(problems))


def _same_differences(expected: Sequence[dict[str, str]], found: Check) -> bool:
    if len(expected) != len(found.differences):
        return False
    return all(
        one["operation"] == other.operation
        and same_words(one["canonical"], other.canonical)
        and same_words(one["given"], other.given)
        for one, other in zip(expected, found.differences, strict=True)
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """How many of each verdict are right."""
    counts = Counter(one.case["verdict"] for one in outcomes)
    right = Counter(one.case["verdict"] for one in outcomes if not one.problems)
    rows = [*sorted(counts), "all"]
    counts["all"], right["all"] = len(outcomes), sum(right.values())
    lines = [f"| {verdict} | {counts[verdict]} | {right[verdict]} |" for verdict in rows]
    return "\n".join(["| expected verdict | n | right |", "| --- | --- | --- |", *lines])


def lenient(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Changed wordings that were called exact or a matter of form: there may be none."""
    return [one for one in outcomes if one.case["verdict"] not in INTACT and one.found.verdict in INTACT]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", nargs="?", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    outcomes = run(arguments.set, Shelf.of(SHIPPED_DOCUMENTS))
    print(table(outcomes))
    print(f"\nChanged wordings called exact or a matter of form: {len(lenient(outcomes))}")
    for one in outcomes:
        for problem in one.problems:
            print(f"{one.case['id']} ({one.case.get('type', '')}, {one.case['term']}): {problem}")
    return 1 if any(one.problems for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
