"""Train the reader's adapter: `python -m evals.train_reader --data FOLDER --mined FILE --out reader.safetensors`.

`FOLDER` holds questions with the passages that answer them and passages that do not, as JSON Lines in
xz (docs/reader.md names them, with their licences); `FILE` what the product's own search returns for some of
them (`python -m evals.mine_negatives`); and evals/reading are exercises written for this project, with
questions that a passage only seems to answer. Nothing of the sets that the product is judged with is
among them. A text that the reader is shown is a sentence with its neighbours, as in the product; what does
not answer is another window of the same passage, the most alike, or a passage of the same article.

Low-rank adaptation (Hu et al. 2021) of the encoder's model, learning rate by warm-up and cosine; with `--start`
from an adapter that was trained before.
Reproducible from its seed on one machine; taken up again from a checkpoint that is written every five
minutes. On two cores with bfloat16 about 28 examples a second.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import os
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from assistant.extract import WINDOW_WORDS, with_neighbours
from corpus.spans import Span, sentences
from index.encode import SHIPPED_MODEL, digest_of, find_model
from index.reader_net import LONGEST, ReaderNet

SEED = 20261125
# How many questions of each set are used; None for all.
SPANS = {
    "nq_oracle": None, "qed": None, "qed_train": None, "squadshifts_new_wiki": None, "fairytaleqa": 2500,
    "covid_qa": 900, "tatqa": None, "doc2dial": None, "qamr": 2500,
}  # fmt: skip
SELECTIONS = ("selqa", "qed_select", "qed_train_select")
PAIRS = {"or_sharc_pairs": None, "medquad_pairs": 800}
EXERCISES = Path(__file__).with_name("reading")
# Of the exercises every eighth passage is kept for `python -m evals.bench_reader`.
KEPT = 8
_LONGEST_ANSWER = 25
_BATCH = 32
_SORTED_TOGETHER = 50
_WARM_UP = 150
_PLACE_WEIGHT = 0.25
_SAVE_EVERY = 300.0
_SHOWN_EVERY = 50


@dataclass(frozen=True, slots=True)
class Example:
    """A question, a text, whether the text answers it, and where; None where that is not known."""

    question: str
    text: str
    answers: bool
    place: Span | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """An example as the network takes it; first and last token of the answer are -1 where they are not known."""

    ids: list[int]
    types: list[int]
    answers: bool
    first: int
    last: int


def main() -> None:
    """Train, and write the adapter and its SHA-256."""
    arguments = _arguments()
    torch.manual_seed(SEED)
    net = ReaderNet(find_model(SHIPPED_MODEL))
    if arguments.start:
        net.take(load_file(arguments.start))
    examples = tokenised(net, read_examples(arguments))
    print(f"{len(examples)} examples, {sum(one.answers for one in examples)} of them answers", flush=True)
    train(net, batches(examples), arguments.out.with_suffix(".checkpoint"), arguments.steps, arguments.rate)
    save_file(net.adapter(), arguments.out)
    print(f"{arguments.out}: {digest_of(arguments.out)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("reader.safetensors"))
    parser.add_argument(
        "--mined", type=Path, nargs="*", default=[], help="what evals.mine_… wrote, each as often as named"
    )
    parser.add_argument("--public", type=float, default=1.0, help="the share of the public examples that is read")
    parser.add_argument("--searched", type=float, default=1.0, help="the share of what is in the files of --mined")
    parser.add_argument("--times", type=int, default=3, help="how often the exercises are read")
    parser.add_argument("--often", nargs="*", metavar="FILE", help="only these exercises so often, the others once")
    parser.add_argument("--unread", nargs="*", default=[], metavar="FILE", help="exercises that are left alone")
    parser.add_argument("--start", type=Path, help="an adapter to go on from")
    parser.add_argument("--steps", type=int, default=3000, help="batches of 32")
    parser.add_argument("--rate", type=float, default=7e-4, help="the highest learning rate")
    return parser.parse_args()


def read_examples(arguments: argparse.Namespace) -> list[Example]:
    """Every example that is asked for, in an order drawn by the seed."""
    chooser = random.Random(SEED)
    folder = arguments.data
    public = [
        *(example for name, most in SPANS.items() for example in _of_spans(folder, name, most, chooser)),
        *(example for name in SELECTIONS for example in _of_selection(folder, name, chooser)),
        *(example for name, most in PAIRS.items() for example in _of_pairs(folder, name, most, chooser)),
    ]
    searched = [_mined(row) for path in arguments.mined for row in rows_in(path)]
    written = [
        example
        for time_read in range(arguments.times)
        for name, rows in exercises_by_file(kept=False).items()
        if name not in arguments.unread and (time_read == 0 or arguments.often is None or name in arguments.often)
        for row in rows
        for example in _of_exercise(row, chooser)
    ]
    found = [
        *chooser.sample(public, round(len(public) * arguments.public)),
        *chooser.sample(searched, round(len(searched) * arguments.searched)),
        *written,
    ]
    chooser.shuffle(found)
    return found


def exercises(*, kept: bool) -> list[dict[str, Any]]:
    """The passages of evals/reading that are kept apart, or the others, as evals/reading/README.md describes them."""
    return [row for rows in exercises_by_file(kept=kept).values() for row in rows]


def exercises_by_file(*, kept: bool) -> dict[str, list[dict[str, Any]]]:
    """The same by the name of their file."""
    return {
        path.stem: [row for number, row in enumerate(rows_in(path)) if (number % KEPT == KEPT - 1) is kept]
        for path in sorted(EXERCISES.glob("*.jsonl"))
    }


def rows_in(path: Path) -> list[dict[str, Any]]:
    """The rows of a file in JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _mined(row: dict[str, Any]) -> Example:
    start, end = row.get("place", (0, 0))
    known = 0 < len(row["text"][start:end].split()) <= _LONGEST_ANSWER
    return Example(row["question"], row["text"], row["answers"], (start, end) if known else None)


def _of_exercise(row: dict[str, Any], chooser: random.Random) -> Iterator[Example]:
    """A window round each answer and one without it; for what the passage only seems to answer the most alike, or
    any other."""
    for one in row["asked"]:
        start = row["text"].index(one["a"])
        answers = [{"text": one["a"], "start": start}]
        yield from _of_passage({"question": one["q"], "context": row["text"], "answers": answers}, chooser)
    spans = sentences(row["text"])
    windows = [_window(row["text"], spans, at, chooser) for at in range(len(spans))]
    for question in row["near"]:
        asked = {"question": question, "context": row["text"]}
        yield Example(question, _most_alike(asked, windows, chooser, 0.5), answers=False)


def _of_spans(folder: Path, name: str, most: int | None, chooser: random.Random) -> Iterator[Example]:
    """Windows round answers, the most alike window of the same passage without one, and passages without any."""
    rows = [row for row in rows_of(folder, name) if row["answers"]]
    chooser.shuffle(rows)
    for row in rows[:most]:
        yield from _of_passage(row, chooser)
    other = folder / f"{name}.neg.jsonl.xz"
    if other.exists():
        rest = rows_of(folder, f"{name}.neg")
        chooser.shuffle(rest)
        share = 0.95 if name.startswith("squadshifts") else 0.75
        for row in rest[: int(len(rows[:most]) * share)]:
            spans = sentences(row["context"])
            if spans:
                windows = [_window(row["context"], spans, at, chooser) for at in range(len(spans))]
                yield Example(row["question"], _most_alike(row, windows, chooser, 0.1), answers=False)


def _of_passage(row: dict[str, Any], chooser: random.Random) -> Iterator[Example]:
    text, answer = row["context"], row["answers"][0]
    start, end = answer["start"], answer["start"] + len(answer["text"])
    spans = sentences(text)
    at = next((number for number, span in enumerate(spans) if span[0] <= start < span[1]), None)
    if at is None:
        return
    window = _window(text, spans, at, chooser)
    if window[0] <= start and end <= window[1]:
        known = len(answer["text"].split()) <= _LONGEST_ANSWER
        place = (start - window[0], end - window[0]) if known else None
        yield Example(row["question"], text[slice(*window)], answers=True, place=place)
    gold = [one["text"].lower() for one in row["answers"]]
    others = [_window(text, spans, number, chooser) for number in range(len(spans))]
    others = [
        other
        for other in others
        if not (other[0] < end and start < other[1]) and not any(one in text[slice(*other)].lower() for one in gold)
    ]
    if others and chooser.random() < 0.8:
        yield Example(row["question"], _most_alike(row, others, chooser, 0.15), answers=False)


def _of_selection(folder: Path, name: str, chooser: random.Random) -> Iterator[Example]:
    """A sentence that people chose, and the most alike of those that they did not."""
    for row in rows_of(folder, name):
        lines, labels = row["sentences"], row["labels"]
        chosen = [at for at, label in enumerate(labels) if label]
        if name != "selqa" and chooser.random() < 0.4:
            continue
        if chosen:
            yield Example(row["question"], _lines(lines, chooser.choice(chosen), chooser, ()), answers=True)
        others = [at for at, label in enumerate(labels) if not label]
        if others:
            best = max(others, key=lambda at: _overlap(row["question"], lines[at]) + 0.2 * chooser.random())
            yield Example(row["question"], _lines(lines, best, chooser, chosen), answers=False)


def _of_pairs(folder: Path, name: str, most: int | None, chooser: random.Random) -> Iterator[Example]:
    for ending, answers in (("", True), (".neg", False)):
        rows = rows_of(folder, name + ending)
        chooser.shuffle(rows)
        for row in rows[:most]:
            yield Example(row["question"], " ".join(row["context"].split()[:WINDOW_WORDS]), answers)


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a set of questions with passages."""
    with lzma.open(folder / f"{name}.jsonl.xz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _window(text: str, spans: Sequence[Span], at: int, chooser: random.Random) -> Span:
    """A sentence with its neighbours, mostly both, as far as they are short enough."""
    before, after = chooser.choice(((0, 0), (1, 0), (0, 1), (1, 1), (1, 1), (1, 1)))
    return with_neighbours(text, spans, at, [side for side, wanted in ((-1, before), (1, after)) if wanted])


def _most_alike(row: dict[str, Any], windows: Sequence[Span], chooser: random.Random, noise: float) -> str:
    texts: list[str] = [row["context"][slice(*window)] for window in windows]
    return max(texts, key=lambda text: _overlap(row["question"], text) + noise * chooser.random())


def _lines(lines: Sequence[str], at: int, chooser: random.Random, without: Sequence[int]) -> str:
    near = [at - 1] if chooser.random() < 0.5 else []
    near += [at] + ([at + 1] if chooser.random() < 0.5 else [])
    return " ".join(lines[one] for one in near if 0 <= one < len(lines) and one not in without)


def _overlap(question: str, text: str) -> float:
    words = set(re.findall(r"\w+", question.lower()))
    return len(words & set(re.findall(r"\w+", text.lower()))) / max(1, len(words))


def tokenised(net: ReaderNet, examples: Sequence[Example]) -> list[Tokens]:
    """Examples as tokens, cut to what the network reads."""
    tokenizer = net.tokenizer.backend_tokenizer
    tokenizer.enable_truncation(LONGEST, strategy="longest_first")
    tokenizer.no_padding()
    encodings = tokenizer.encode_batch([(one.question, one.text) for one in examples])
    return [_tokens(one, encoding) for one, encoding in zip(examples, encodings, strict=True)]


def _tokens(example: Example, encoding: Any) -> Tokens:
    first = last = -1
    if example.place:
        for at, (offset, kind) in enumerate(zip(encoding.offsets, encoding.type_ids, strict=True)):
            if kind == 1 and offset[1] > offset[0]:
                first = at if offset[0] <= example.place[0] < offset[1] else first
                last = at if offset[0] < example.place[1] <= offset[1] else last
    if first < 0 or last < first:
        first = last = -1
    return Tokens(encoding.ids, encoding.type_ids, example.answers, first, last)


def batches(examples: Sequence[Tokens]) -> list[list[Tokens]]:
    """Batches of like length, in an order drawn by the seed: little is padded."""
    chooser = random.Random(SEED)
    found: list[list[Tokens]] = []
    for at in range(0, len(examples), _BATCH * _SORTED_TOGETHER):
        some = sorted(examples[at : at + _BATCH * _SORTED_TOGETHER], key=lambda one: len(one.ids))
        cut = [some[start : start + _BATCH] for start in range(0, len(some), _BATCH)]
        chooser.shuffle(cut)
        found += cut
    return found


def train(net: ReaderNet, cut: Sequence[Sequence[Tokens]], checkpoint: Path, steps: int, highest: float) -> None:
    """Train for so many batches, from the checkpoint on where there is one."""
    weights = {name: weight for name, weight in net.named_parameters() if weight.requires_grad}
    rates = (highest, highest / 5)
    groups = (
        [weight for name, weight in weights.items() if "LayerNorm" not in name],
        [weight for name, weight in weights.items() if "LayerNorm" in name],
    )
    optimiser = torch.optim.AdamW([{"params": group, "lr": rate} for group, rate in zip(groups, rates, strict=True)])
    step = _taken_up(net, optimiser, checkpoint)
    net.train()
    saved = time.monotonic()
    while step < steps:
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * _schedule(step, steps)
        loss = _loss(net, cut[step % len(cut)])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0)
        optimiser.step()
        step += 1
        if step % _SHOWN_EVERY == 0:
            print(f"{step} of {steps}: loss {loss.item():.3f}", flush=True)
        if time.monotonic() - saved > _SAVE_EVERY or step == steps:
            _save(net, optimiser, step, checkpoint)
            saved = time.monotonic()


def _schedule(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / _WARM_UP) * (0.5 * (1 + math.cos(math.pi * step / steps)) * 0.97 + 0.03)


def _loss(net: ReaderNet, batch: Sequence[Tokens]) -> torch.Tensor:
    """Whether the text answers, and where it does and that is known, its first and last token."""
    length = max(len(one.ids) for one in batch)
    ids = torch.tensor([[*one.ids, *[0] * (length - len(one.ids))] for one in batch])
    types = torch.tensor([[*one.types, *[0] * (length - len(one.types))] for one in batch])
    mask = torch.tensor([[1] * len(one.ids) + [0] * (length - len(one.ids)) for one in batch])
    with torch.autocast("cpu", torch.bfloat16):
        answers, places = net(ids, mask, types)
    truth = torch.tensor([float(one.answers) for one in batch])
    loss = functional.binary_cross_entropy_with_logits(answers.float(), truth)
    known = [row for row, one in enumerate(batch) if one.first >= 0]
    if known:
        for side, wanted in enumerate(([batch[row].first for row in known], [batch[row].last for row in known])):
            loss = loss + _PLACE_WEIGHT * functional.cross_entropy(places[known][:, :, side], torch.tensor(wanted))
    return loss


def _taken_up(net: ReaderNet, optimiser: torch.optim.Optimizer, checkpoint: Path) -> int:
    """The step that a checkpoint was written at, its weights put in; 0 where there is none."""
    if not checkpoint.exists():
        return 0
    held = torch.load(checkpoint, weights_only=True)
    net.load_state_dict(held["net"])
    optimiser.load_state_dict(held["optimiser"])
    return int(held["step"])


def _save(net: ReaderNet, optimiser: torch.optim.Optimizer, step: int, checkpoint: Path) -> None:
    draft = checkpoint.with_suffix(".draft")
    torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, draft)
    os.replace(draft, checkpoint)


if __name__ == "__main__":
    main()
