"""What a language model adds and cannot spoil: `python -m evals.bench_models [SET]`, by default members.

The set is asked without a model and with three models made of rules (`evals/scripted.py`): an oracle that
gives the evidence, a liar, and one that tells true things which were not asked. `--lowest` prints instead,
for the development sets, how many of the questions that the documents answer a threshold would keep from
the model, which is how `assistant.write.LOWEST` was chosen.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.ask import Assistant
from assistant.settings import load_settings
from assistant.types import Answer, Turn
from assistant.write import Writer
from corpus.types import Passage
from evals.command import Ground, prepare
from evals.figures import figure_of
from evals.questions import Question
from evals.records import Record
from evals.run import Options, run_set
from evals.scripted import Liar, Oracle, Scripted, Talker
from evals.systems import Local

_SHOWN = ("answered", "evidence_cited", "citation_precision", "nugget_recall", "abstained", "verbatim")
_DEVELOPMENT = ("start", "members", "visitors", "collection")
_STEPS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15)


@dataclass(frozen=True, slots=True)
class Written:
    """The assistant with a scripted model, which is told the question that is asked."""

    assistant: Assistant
    model: Scripted
    questions: dict[str, Question]

    @property
    def name(self) -> str:
        return self.model.name

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        self.model.current = self.questions.get(question)
        return self.assistant.ask(question, history)

    def retrieve(self, answer: Answer) -> list[Passage] | None:
        return Local(self.assistant).retrieve(answer)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.bench_models")
    parser.add_argument("set", nargs="?")
    parser.add_argument("--lowest", action="store_true", help="the lower threshold instead")
    given = parser.parse_args()
    if given.lowest:
        _print_lowest([given.set] if given.set else _DEVELOPMENT)
        return
    ground = prepare(given.set or "members", load_settings())
    print(f"| {' | '.join(('model', *_SHOWN, 'by the model', 'unsupported'))} |")
    print("| --- " * (len(_SHOWN) + 3) + "|")
    for model in (None, Oracle("oracle"), Liar("liar"), Talker("talker")):
        print(f"| {model.name if model else 'none'} | {' | '.join(_cells(asked(ground, model)))} |", flush=True)


def asked(ground: Ground, model: Scripted | None) -> list[Record]:
    """The records of a set, asked with a scripted model or without one."""
    with tempfile.TemporaryDirectory() as folder:
        if model is None:
            return run_set(ground.questions, Local(ground.assistant), ground.assistant, Path(folder), Options())[1]
        assistant = replace(ground.assistant, writer=Writer(model))
        known = {question.question: question for question in ground.questions.questions}
        system = Written(assistant, model, known)
        return run_set(ground.questions, system, ground.assistant, Path(folder), Options())[1]


def _cells(records: Sequence[Record]) -> list[str]:
    found = [figure_of(name, "all", records) for name in _SHOWN]
    answers = [record.case.answer for record in records if record.case.answer]
    written = sum(answer.mode == "model" for answer in answers)
    unsupported = sum(one.support == "unsupported" for answer in answers for one in answer.sentences)
    return [*(f"{one.value:.3f}" if one else "–" for one in found), str(written), str(unsupported)]


def _print_lowest(sets: Sequence[str]) -> None:
    print(f"| {' | '.join(('set', 'answerable', *(f'below {step}' for step in _STEPS)))} |")
    print("| --- " * (len(_STEPS) + 2) + "|")
    for name in sets:
        ground = prepare(name, load_settings())
        asked = [one for one in ground.questions.questions if one.answerable]
        answers = [ground.assistant.ask(one.question, one.history) for one in asked]
        refused = [one.confidence for one in answers if one.outcome == "not_found"]
        shares = (f"{sum(one < step for one in refused) / len(asked):.3f}" for step in _STEPS)
        print(f"| {' | '.join((name, str(len(asked)), *shares))} |", flush=True)


if __name__ == "__main__":
    main()
