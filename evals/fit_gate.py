"""Fit the gate's coefficients on labelled questions: `python -m evals.fit_gate --help`.

The set shipped with the project is always used. SQuAD 2.0 (Rajpurkar, Jia and Liang 2018) and
CLAPNQ (Rosenthal et al. 2024) are used where a folder with them is given: their paragraphs become
a corpus of their own, and none of their text enters the project.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from assistant.ask import Assistant
from assistant.extract import gather
from assistant.gate import FEATURES, features
from assistant.question import understand
from corpus.catalogue import SHIPPED_DOCUMENTS
from evals.questions import SETS, Question, read_questions
from index.build import build_index
from index.encode import SHIPPED_MODEL, open_encoder
from index.search import Snapshot

GATE = Path(__file__).parents[1] / "assistant" / "gate.toml"
_SEED = 20261122
_SAMPLE = 400
# The association's kind counts most, whatever the number of questions.
_WEIGHTS = {"start": 0.4, "squad": 0.2, "clapnq": 0.4}


@dataclass(frozen=True, slots=True)
class Labelled:
    """The features of a data set's questions, a row each, and whether the documents answer them."""

    name: str
    rows: np.ndarray
    labels: np.ndarray


def main() -> None:
    """Fit, print the figures of each data set, and write `assistant/gate.toml`."""
    arguments = _arguments()
    data = [_labelled("start", SHIPPED_DOCUMENTS, read_questions(SETS / "start.jsonl"), arguments.work)]
    if arguments.data:
        data += [
            _labelled(name, folder, questions, arguments.work)
            for name, folder, questions in _outside(arguments.data, arguments.work)
        ]
    rows, labels = np.concatenate([part.rows for part in data]), np.concatenate([part.labels for part in data])
    weights = np.concatenate([np.full(len(part.labels), _WEIGHTS[part.name] / len(part.labels)) for part in data])
    model = LogisticRegression(C=1.0, max_iter=2000)
    model.fit(rows, labels, sample_weight=weights * len(labels))
    _print_figures(data, model)
    _print_thresholds(data, model)
    _write(GATE, FEATURES, model, data, _threshold(data[0], model))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with squad2_dev_cs224n/ and clapnq/")
    parser.add_argument("--work", type=Path, default=Path(".assistant/fit"), help="where corpora and indexes are made")
    return parser.parse_args()


def _labelled(name: str, folder: Path, questions: Sequence[Question], work: Path) -> Labelled:
    index = work / f"{name}-index"
    encoder = open_encoder(SHIPPED_MODEL, work / "encoders")
    build_index(folder, index, encoder)
    assistant = Assistant.over(Snapshot.current(index, encoder))
    rows, labels = [], []
    for question in questions:
        query = understand(question.question, question.history, assistant.registry, assistant.snapshot)
        # What the registry and the tables decide never comes to the gate.
        if query.kind != "question":
            continue
        evidence = gather(assistant.snapshot, query.standalone, query.language)
        rows.append(list(features(evidence).values()))
        labels.append(question.answerable)
    return Labelled(name, np.array(rows), np.array(labels, dtype=int))


def _outside(data: Path, work: Path) -> Iterable[tuple[str, Path, list[Question]]]:
    yield "squad", *_squad(data / "squad2_dev_cs224n" / "dev-v2.0.json", work / "squad")
    yield "clapnq", *_clapnq(data / "clapnq", work / "clapnq")


def _squad(path: Path, folder: Path) -> tuple[Path, list[Question]]:
    folder.mkdir(parents=True, exist_ok=True)
    questions: list[Question] = []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        text = "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
        (folder / f"{article['title']}.txt").write_text(text, encoding="utf-8")
        for paragraph in article["paragraphs"]:
            for row in paragraph["qas"]:
                questions.append(_question(row["id"], row["question"], not row["is_impossible"]))
    return folder, _sample(questions)


def _clapnq(source: Path, folder: Path) -> tuple[Path, list[Question]]:
    folder.mkdir(parents=True, exist_ok=True)
    questions: list[Question] = []
    for answerable in (True, False):
        name = "answerable" if answerable else "unanswerable"
        for line in (source / f"clapnq_dev_{name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            passage = row["passages"][0]
            (folder / f"{name}-{row['id']}.txt").write_text(
                f"{passage['title']}\n\n{passage['text']}", encoding="utf-8"
            )
            questions.append(_question(row["id"], row["input"], answerable))
    return folder, questions


def _question(identifier: str, text: str, answerable: bool) -> Question:
    return Question(identifier, text, "answer" if answerable else "abstain", "")


def _sample(questions: list[Question]) -> list[Question]:
    chooser = random.Random(_SEED)
    return [
        question
        for answerable in (True, False)
        for question in chooser.sample([q for q in questions if q.answerable is answerable], _SAMPLE)
    ]


def _print_figures(data: Sequence[Labelled], model: LogisticRegression) -> None:
    folds = StratifiedKFold(10, shuffle=True, random_state=_SEED)
    print("| data | n | AUROC fitted | AUROC 10-fold, this data alone | wrongly answered | wrongly refused |")
    print("| --- | --- | --- | --- | --- | --- |")
    for part in data:
        fitted = model.predict_proba(part.rows)[:, 1]
        alone = cross_val_predict(
            LogisticRegression(max_iter=2000), part.rows, part.labels, cv=folds, method="predict_proba"
        )
        wrong = (fitted[part.labels == 0] >= 0.5).mean()
        refused = (fitted[part.labels == 1] < 0.5).mean()
        print(
            f"| {part.name} | {len(part.labels)} | {roc_auc_score(part.labels, fitted):.3f} "
            f"| {roc_auc_score(part.labels, alone[:, 1]):.3f} | {wrong:.2f} | {refused:.2f} |"
        )


def _print_thresholds(data: Sequence[Labelled], model: LogisticRegression) -> None:
    print("\n| threshold | " + " | ".join(f"{part.name}: wrongly answered, refused" for part in data) + " |")
    print("| --- " * (len(data) + 1) + "|")
    for threshold in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6):
        cells = []
        for part in data:
            answered = model.predict_proba(part.rows)[:, 1] >= threshold
            cells.append(f"{answered[part.labels == 0].mean():.2f}, {1 - answered[part.labels == 1].mean():.2f}")
        print(f"| {threshold} | " + " | ".join(cells) + " |")


def _threshold(part: Labelled, model: LogisticRegression) -> float:
    """Where wrong answers and wrong refusals, on the association's kind of question, come nearest to each other."""
    fitted = model.predict_proba(part.rows)[:, 1]

    def worse(threshold: float) -> float:
        answered = fitted >= threshold
        return float(max(answered[part.labels == 0].mean(), 1 - answered[part.labels == 1].mean()))

    return min((round(step / 100, 2) for step in range(20, 71)), key=worse)


def _write(
    path: Path, names: Sequence[str], model: LogisticRegression, data: Sequence[Labelled], threshold: float
) -> None:
    sources = ", ".join(f"{part.name} ({len(part.labels)} questions)" for part in data)
    lines = [
        "# Written by `python -m evals.fit_gate`. Logistic regression; encoder all-MiniLM-L6-v2.",
        f"# Fitted on: {sources}; weights {_WEIGHTS}.",
        f"threshold = {threshold}",
        f"intercept = {model.intercept_[0]:.4f}",
        "",
        "[coefficients]",
        *(f"{name} = {weight:.4f}" for name, weight in zip(names, model.coef_[0], strict=True)),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
