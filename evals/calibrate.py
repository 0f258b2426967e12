"""Fit ranking and gate on labelled questions: `python -m evals.calibrate --help`.

Four logistic regressions (assistant/calibration.py), each set with its own weight whatever its number of
questions, both classes of equal weight. The sets that ship are always used; others, with their
documents beside them as `assistant evals import` writes them, where they are named. Nothing of their
text enters the project: coefficients alone are written, with the names of the sets.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant import extract, gate
from assistant.ask import Assistant
from assistant.calibration import SHIPPED, Calibration, Gate, Logistic, Ranker
from assistant.extract import Candidate, Evidence, ranked
from assistant.question import understand
from corpus.catalogue import SHIPPED_DOCUMENTS
from corpus.errors import UserError
from evals.evidence import Evidence as Places
from evals.evidence import locate
from evals.questions import SETS, Question, QuestionSet, read_questions
from index.build import build_index
from index.encode import SHIPPED_MODEL, Encoder, open_encoder
from index.reader import SHIPPED_READER, Reader, open_reader
from index.search import Snapshot

Rows = npt.NDArray[np.float64]
_SEED = 20261125
_SAMPLE = 400
# The association's kind counts most, whatever the number of questions.
SHIPPED_SETS: Mapping[str, float] = {
    "start": 0.1, "members": 0.2, "visitors": 0.2, "callers": 0.2, "collection": 0.1, "gardens": 0.1, "workshops": 0.1,
    "filmschools": 0.1, "fisheries": 0.1, "adversarial": 0.05,
}  # fmt: skip
_ASSOCIATION = ("start", "members", "visitors", "callers")
_OTHERS = 0.2
_LEAST = 20
HEADER = ("set", "questions", "calibration", "evidence first", "AUROC", "wrongly answered", "wrongly refused")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that comes to the gate: whether the documents answer it, what was found, which of the sentences hold
    its evidence, and how the reader is asked, in English, None where that is not known."""

    answerable: bool
    question: str
    evidence: Evidence
    places: Places
    english: str | None = None

    def holds(self, candidate: Candidate) -> bool:
        """Whether a sentence shares characters with the question's evidence."""
        return any(place.shared(candidate.document.id, *candidate.span) for places in self.places for place in places)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A set's questions that come to the gate, the weight of the set, and how many questions to answer and to
    refuse it has in all: what the registry and the tables decide counts as decided rightly."""

    name: str
    weight: float
    asked: Sequence[Asked]
    to_answer: int
    to_refuse: int


def main() -> None:
    """Fit on the sets that ship and on those that are named, print the figures, write `assistant/calibration.toml`."""
    arguments = _arguments()
    encoder = open_encoder(SHIPPED_MODEL, arguments.work / "encoders")
    reader = open_reader(arguments.reader, arguments.work / "encoders")
    if reader:
        reader.prepare()
    weights = {SETS / f"{name}.jsonl": weight for name, weight in SHIPPED_SETS.items()}
    weights |= {path: _OTHERS / len(arguments.sets) for path in arguments.sets}
    sets = [labelled(path, weight, encoder, arguments.work) for path, weight in weights.items()]
    sets = read(sets, reader) if reader else sets
    print_figures(sets)
    write(SHIPPED, fit(sets, encoder.name), sets)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path, help="more sets, each with its documents in a folder of its name")
    parser.add_argument("--reader", default="shipped", help="shipped or off")
    parser.add_argument("--work", type=Path, default=Path(".assistant/fit"), help="where indexes are made")
    return parser.parse_args()


def labelled(path: Path, weight: float, encoder: Encoder, work: Path) -> Labelled:
    """A set's questions with what is found for each. Raises UserError where the set or its documents cannot be read."""
    folder = path.with_suffix("") if path.with_suffix("").is_dir() else SHIPPED_DOCUMENTS
    index = work / f"{folder.name}-index"
    build_index(folder, index, encoder)
    assistant = Assistant.over(Snapshot.current(index, encoder))
    questions = _sample(read_questions(path))
    return _labelled(path.stem, weight, questions, list(_found(questions, assistant)))


def _labelled(name: str, weight: float, questions: Sequence[Question], asked: Sequence[Asked]) -> Labelled:
    to_answer = sum(question.answerable for question in questions)
    return Labelled(name, weight, asked, to_answer, len(questions) - to_answer)


def labelled_of(questions: QuestionSet, assistant: Assistant, weight: float) -> Labelled:
    """A set's questions with what an assistant finds for each. Raises UserError where there is too little to fit."""
    some = _sample(questions.questions)
    found = _labelled(questions.name, weight, some, list(_found(some, assistant)))
    kinds = [asked.answerable for asked in found.asked]
    least = min(sum(kinds), len(kinds) - sum(kinds))
    if least < _LEAST:
        raise UserError(
            f"{questions.path} has {sum(kinds)} questions to answer and {len(kinds) - sum(kinds)} to refuse that come "
            f"to the gate, expected {_LEAST} of each at the least: add some."
        )
    return found


def before_and_after(sets: Sequence[Labelled], before: Calibration, after: Calibration) -> list[tuple[str, ...]]:
    """The figures of each set before a calibration and after, each a row under `HEADER`."""
    return [
        (part.name, str(len(part.asked)), name, *_cells(part, found, read=found.read is not None))
        for part in sets
        for name, found in (("before", before), ("after", after))
    ]


def _found(questions: Sequence[Question], assistant: Assistant) -> Iterable[Asked]:
    places = locate(questions, assistant)
    for question in questions:
        query = understand(question.question, question.history, assistant.registry, assistant.snapshot)
        # What the registry and the tables decide never comes to the gate.
        if query.kind == "question":
            evidence = extract.gather(assistant.snapshot, query.standalone, query.language, query.forms)
            if evidence.candidates and evidence.content:
                english = extract.in_english(query.standalone, query.language, query.forms)
                yield Asked(question.answerable, query.standalone, evidence, places[question.id], english)


def read(sets: Sequence[Labelled], reader: Reader) -> list[Labelled]:
    """The same with what a reader makes of the sentences that a ranking fitted on the sets shows it."""
    first = Ranker(_sentences(sets, read=False))

    def as_read(asked: Asked) -> Asked:
        if asked.english is None:
            return asked
        return replace(asked, evidence=extract.read(ranked(asked.evidence, first), reader, asked.english))

    return [replace(part, asked=[as_read(asked) for asked in part.asked]) for part in sets]


def fit(sets: Sequence[Labelled], encoder: str, reader: str = SHIPPED_READER) -> Calibration:
    """Everything that the sets tell: first how sentences are ranked, then the gate over the best of them."""
    ranker = Ranker(_sentences(sets, read=False), _sentences(sets, read=True) if _is_read(sets) else None)
    plain = _questions(sets, Ranker(ranker.plain))
    read = _questions(sets, ranker) if ranker.read else None
    return Calibration(encoder, reader if read else None, ranker, plain, read)


def _is_read(sets: Sequence[Labelled]) -> bool:
    return any(one.reading for part in sets for asked in part.asked for one in asked.evidence.candidates)


def _sentences(sets: Sequence[Labelled], *, read: bool) -> Logistic:
    """How probable it is that a sentence holds evidence, from questions of which some sentence does."""
    rows, labels, weights = [], [], []
    for part in sets:
        groups = [group for asked in part.asked if (group := _group(asked, read=read))]
        for asked, candidates in groups:
            held = [asked.holds(one) for one in candidates]
            if any(held):
                rows += [one.features() for one in candidates]
                labels += held
                weights += [part.weight / len(groups) / len(candidates)] * len(candidates)
    return _logistic(rows, labels, weights, balanced=False)


def _group(asked: Asked, *, read: bool) -> tuple[Asked, list[Candidate]] | None:
    """A question to answer with its sentences: those that were read, or all of them as if none was."""
    candidates = list(asked.evidence.candidates)
    some = [one for one in candidates if one.reading] if read else [replace(one, reading=None) for one in candidates]
    return (asked, some) if asked.answerable and some else None


def _questions(sets: Sequence[Labelled], ranker: Ranker) -> Gate:
    """How probable it is that the documents answer, and the threshold where the two kinds of error are nearest."""
    rows, labels, weights, counts = [], [], [], []
    for part in sets:
        for asked in part.asked:
            evidence = ranked(asked.evidence, ranker)
            if evidence.read == (ranker.read is not None):
                rows.append(gate.features(evidence))
                labels.append(asked.answerable)
                weights.append(part.weight / len(part.asked))
                # Thresholds do not transfer between authors: the association's kind of question decides.
                own = part.name in _ASSOCIATION or not any(one.name in _ASSOCIATION for one in sets)
                counts.append(part.weight / (part.to_answer if asked.answerable else part.to_refuse) * own)
    model = _logistic(rows, labels, weights, balanced=True)
    scores = np.array([model.probability(row) for row in rows])
    return Gate(_threshold(scores, np.array(labels), np.array(counts)), model)


def _logistic(
    rows: Sequence[Mapping[str, float]], labels: Sequence[bool], weights: Sequence[float], *, balanced: bool
) -> Logistic:
    names = list(rows[0])
    table = np.array([[row[name] for name in names] for row in rows])
    truth, weight = np.array(labels), np.array(weights)
    if balanced:
        for side in (True, False):
            weight[truth == side] /= weight[truth == side].sum()
    weight *= len(weight) / weight.sum()
    mean, spread = table.mean(0), table.std(0) + 1e-9
    model = LogisticRegression(C=0.3, max_iter=5000).fit((table - mean) / spread, truth, sample_weight=weight)
    coefficients = model.coef_[0] / spread
    intercept = float(model.intercept_[0] - (coefficients * mean).sum())
    return Logistic(intercept, dict(zip(names, map(float, coefficients), strict=True)))


def _threshold(scores: Rows, truth: npt.NDArray[np.bool_], counts: Rows) -> float:
    """Where what is wrongly answered and what is wrongly refused, of all questions of the sets, are nearest."""

    def worse(threshold: float) -> float:
        answered = scores >= threshold
        return max(float(counts[answered & ~truth].sum()), float(counts[~answered & truth].sum()))

    return min((round(step / 100, 2) for step in range(5, 96)), key=worse)


def print_figures(sets: Sequence[Labelled]) -> None:
    """Each set's figures, fitted on all sets, and on all others."""
    everything = fit(sets, "")
    print(f"| {' | '.join((*HEADER[:2], 'fitted on', 'reader', *HEADER[3:]))} |")
    print("| --- " * 8 + "|")
    for part in sets:
        others = [one for one in sets if one is not part]
        for name, found in (("all", everything), *((("others", fit(others, "")),) if others else ())):
            for read in (False, True) if found.read else (False,):
                cells = (part.name, len(part.asked), name, "yes" if read else "no", *_cells(part, found, read=read))
                print(f"| {' | '.join(map(str, cells))} |", flush=True)


def _cells(part: Labelled, found: Calibration, *, read: bool) -> tuple[str, ...]:
    ranker = found.ranker if read else Ranker(found.ranker.plain)
    evidence = [ranked(asked.evidence, ranker) for asked in part.asked]
    used = [found.gate(read=one.read) for one in evidence]
    scores = np.array([one.model.probability(gate.features(it)) for one, it in zip(used, evidence, strict=True)])
    answered = np.array([score >= one.threshold for score, one in zip(scores, used, strict=True)])
    truth = np.array([asked.answerable for asked in part.asked])
    first = [asked.holds(it.candidates[0]) for asked, it in zip(part.asked, evidence, strict=True) if asked.answerable]
    both = truth.any() and not truth.all()
    auroc = f"{roc_auc_score(truth, scores):.3f}" if both else "–"
    wrong = f"{answered[~truth].mean():.2f}" if (~truth).any() else "–"
    refused = f"{(~answered[truth]).mean():.2f}" if truth.any() else "–"
    return f"{np.mean(first):.3f}", auroc, wrong, refused


def write(path: Path, found: Calibration, sets: Sequence[Labelled]) -> None:
    """A calibration as a file that a person can read."""
    sources = ", ".join(f"{part.name} ({len(part.asked)} questions, weight {part.weight:.2f})" for part in sets)
    lines = [
        "# Written by `assistant evals calibrate` or `python -m evals.calibrate`: logistic regressions.",
        f"# Fitted on: {sources}; only questions that come to the gate.",
        f'encoder = "{found.encoder}"',
        *([f'reader = "{found.reader}"'] if found.reader else []),
        f'date = "{datetime.now(UTC).date().isoformat()}"',
    ]
    for name, model in (("sentences", found.ranker.plain), ("sentences_read", found.ranker.read)):
        if model:
            lines += _table(name, model)
    for name, one in (("questions", found.plain), ("questions_read", found.read)):
        if one:
            lines += _table(name, one.model, f"threshold = {one.threshold}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _table(name: str, model: Logistic, *more: str) -> list[str]:
    return [
        "",
        f"[{name}]",
        *more,
        f"intercept = {model.intercept:.4f}",
        f"[{name}.coefficients]",
        *(f"{feature} = {weight:.4f}" for feature, weight in model.coefficients.items()),
    ]


def _sample(questions: Sequence[Question]) -> list[Question]:
    """At most so many questions, half of them to be answered, drawn by a seed."""
    if len(questions) <= _SAMPLE:
        return list(questions)
    chooser = random.Random(_SEED)

    def drawn(answerable: bool) -> list[Question]:
        some = [question for question in questions if question.answerable is answerable]
        return chooser.sample(some, min(len(some), _SAMPLE // 2))

    return [*drawn(True), *drawn(False)]


if __name__ == "__main__":
    main()
