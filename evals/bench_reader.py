"""How well the reader tells a passage that answers from one that does not: `python -m evals.bench_reader --help`.

The passage is given; its score is that of its best window, a sentence with its neighbours as in the product.
Printed are the area under the ROC curve and how many questions it comes from, for the exercises of evals/reading
that were kept apart, for all of those files of it that no training has read and `--unread` names, and for SQuAD
2.0 in its JSON format where a file is named.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score

from assistant.extract import with_neighbours
from corpus.spans import sentences
from evals.train_reader import EXERCISES, SEED, exercises, rows_in
from index.encode import SHIPPED_MODEL, find_model
from index.reader import ADAPTER
from index.reader_net import LONGEST, ReaderNet

_SAMPLE = 1200
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the passage that it is asked of, and whether that answers it."""

    question: str
    passage: str
    answerable: bool


def main() -> None:
    """Print the table of docs/reader.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squad", type=Path, help="dev-v2.0.json")
    parser.add_argument("--unread", nargs="*", default=(), metavar="NAME", help="files of evals/reading, such as r")
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    arguments = parser.parse_args()
    net = ReaderNet(find_model(SHIPPED_MODEL))
    net.take(load_file(arguments.adapter))
    net.merge()
    net.eval()
    print("| questions of | n | AUROC |\n| --- | --- | --- |")
    sets = {"exercises kept apart": list(of_exercises(exercises(kept=True)))}
    sets |= {f"exercises {name}": list(of_exercises(rows_in(EXERCISES / f"{name}.jsonl"))) for name in arguments.unread}
    if arguments.squad:
        sets["SQuAD 2.0"] = of_squad(arguments.squad)
    for name, asked in sets.items():
        found = roc_auc_score([one.answerable for one in asked], scores(net, asked))
        print(f"| {name} | {len(asked)} | {found:.3f} |", flush=True)


def of_exercises(rows: Sequence[Mapping[str, Any]]) -> Iterator[Asked]:
    """The questions of passages of the exercises."""
    for row in rows:
        yield from (Asked(one["q"], row["text"], answerable=True) for one in row["asked"])
        yield from (Asked(question, row["text"], answerable=False) for question in row["near"])


def of_squad(path: Path) -> list[Asked]:
    """So many questions of SQuAD 2.0, drawn by the seed."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    found = [
        Asked(one["question"], paragraph["context"], not one["is_impossible"])
        for article in articles
        for paragraph in article["paragraphs"]
        for one in paragraph["qas"]
    ]
    return random.Random(SEED).sample(found, min(_SAMPLE, len(found)))


def scores(net: ReaderNet, asked: Sequence[Asked]) -> list[float]:
    """For each question the logit of the best window of its passage."""
    pairs = [(at, one.question, text) for at, one in enumerate(asked) for text in windows(one.passage)]
    pairs.sort(key=lambda pair: len(pair[2]))
    best = [float("-inf")] * len(asked)
    for start in range(0, len(pairs), _BATCH):
        some = pairs[start : start + _BATCH]
        taken = net.tokenizer(
            [question for _, question, _ in some], [text for _, _, text in some],
            padding=True, truncation="longest_first", max_length=LONGEST, return_tensors="pt",
        )  # fmt: skip
        with torch.inference_mode():
            answers, _ = net(taken["input_ids"], taken["attention_mask"], taken["token_type_ids"])
        for (at, _, _), logit in zip(some, answers.tolist(), strict=True):
            best[at] = max(best[at], logit)
    return best


def windows(passage: str) -> list[str]:
    """Each sentence of a passage with its neighbours, as far as they are short enough."""
    spans = sentences(passage)
    found = [passage[slice(*with_neighbours(passage, spans, at))] for at in range(len(spans))]
    return list(dict.fromkeys(found)) or [passage]


if __name__ == "__main__":
    main()
