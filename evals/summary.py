"""How the assistant does on a question set, end to end: `python -m evals.summary [SET]`.

Answerable and must-refuse questions are counted apart: one number for both would hide either.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.ask import Assistant
from assistant.service import Service, build
from assistant.settings import load_settings
from assistant.types import Answer
from evals.questions import Question, read_questions

START_SET = Path(__file__).parent / "sets" / "start.jsonl"


def main() -> None:
    """Ask every question, print the table, then each question that went wrong."""
    settings = load_settings()
    build(settings)
    assistant = Service(settings).assistant()
    questions = read_questions(Path(sys.argv[1]) if len(sys.argv) > 1 else START_SET)
    answers = [(question, assistant.ask(question.question, question.history)) for question in questions]
    _print_table(assistant, answers)
    for question, answer in answers:
        if fault := fault_of(assistant, question, answer):
            print(f"{question.id} {fault}: {question.question} ({answer.confidence:.2f})")


def fault_of(assistant: Assistant, question: Question, answer: Answer) -> str | None:
    """What is wrong with an answer: "wrongly answered", "wrongly refused", "evidence not cited", or None."""
    answered = answer.outcome != "not_found"
    if answered != question.answerable:
        return "wrongly answered" if answered else "wrongly refused"
    return "evidence not cited" if answered and not covers(assistant, question, answer) else None


def covers(assistant: Assistant, question: Question, answer: Answer) -> bool:
    """Whether every piece of evidence stands inside one citation."""
    return all(
        any(
            citation.start <= start and start + len(quote) <= citation.end
            for citation in answer.citations
            if (start := assistant.snapshot.document(citation.document_id).text.find(quote)) >= 0
        )
        for quote in question.evidence
    )


def _print_table(assistant: Assistant, answers: Sequence[tuple[Question, Answer]]) -> None:
    faults = [(question, fault_of(assistant, question, answer)) for question, answer in answers]
    print("| type | n to answer | wrongly refused | evidence not cited | n to refuse | wrongly answered |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind in [*dict.fromkeys(question.type for question, _ in faults), "all"]:
        rows = [(question, fault) for question, fault in faults if kind in (question.type, "all")]
        counted = {name: sum(fault == name for _, fault in rows) for name in _FAULTS}
        answerable = sum(question.answerable for question, _ in rows)
        print(
            f"| {kind} | {answerable} | {counted['wrongly refused']} | {counted['evidence not cited']} "
            f"| {len(rows) - answerable} | {counted['wrongly answered']} |"
        )


_FAULTS = ("wrongly refused", "evidence not cited", "wrongly answered")

if __name__ == "__main__":
    main()
