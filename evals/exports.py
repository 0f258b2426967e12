"""Runs and their questions for other tools: BEIR, TREC run files, promptfoo, Inspect, DeepEval and Ragas.

beir        corpus.jsonl (passages), queries.jsonl, qrels/test.tsv
trec        run.trec, qrels.trec
promptfoo   tests.yaml in JSON, which YAML is: vars and assertions
inspect     dataset.jsonl: input, target, id, metadata
deepeval    cases.json: input, actual_output, expected_output, retrieval_context, context
ragas       dataset.jsonl: user_input, response, retrieved_contexts, reference, reference_contexts
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.ask import Assistant
from corpus.errors import UserError
from evals.records import Found, Record
from evals.retrieved import Relevance

_CONTEXTS = 10


def export_run(kind: str, records: Sequence[Record], assistant: Assistant, folder: Path) -> list[Path]:
    """Write the files of a format into a folder; their paths. Raises UserError where there is no such format."""
    check_format(kind)
    written = []
    for name, text in KINDS[kind](records, assistant).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def check_format(kind: str) -> None:
    """Raises UserError where there is no such format."""
    if kind not in KINDS:
        raise UserError(f"There is no format {kind!r} to export: expected one of {', '.join(KINDS)}.")


def _beir(records: Sequence[Record], assistant: Assistant) -> Mapping[str, str]:
    passages = [
        {
            "_id": passage.id,
            "title": " › ".join(passage.heading_path),
            "text": _text(assistant, passage.document_id, passage.start, passage.end),
        }
        for passage in assistant.snapshot.passages()
    ]
    queries = [{"_id": record.id, "text": record.case.question.question} for record in records]
    qrels = [
        "query-id\tcorpus-id\tscore",
        *(f"{question}\t{passage}\t1" for question, passage in _relevant(records, assistant)),
    ]
    return {
        "corpus.jsonl": _json_lines(passages),
        "queries.jsonl": _json_lines(queries),
        "qrels/test.tsv": "\n".join(qrels) + "\n",
    }


def _trec(records: Sequence[Record], assistant: Assistant) -> Mapping[str, str]:
    run = [
        f"{record.id} Q0 {found.passage_id} {rank} {1 / rank:.6f} assistant"
        for record in records
        for rank, found in enumerate(record.case.retrieved or (), 1)
    ]
    qrels = [f"{question} 0 {passage} 1" for question, passage in _relevant(records, assistant)]
    return {"run.trec": "\n".join(run) + "\n", "qrels.trec": "\n".join(qrels) + "\n"}


def _promptfoo(records: Sequence[Record], assistant: Assistant) -> Mapping[str, str]:  # noqa: ARG001 - as the others
    tests = []
    for record in records:
        question = record.case.question
        wanted = [{"type": "icontains-any", "value": group.split("|")} for group in question.must_include] + [
            {"type": "not-icontains", "value": one} for one in question.must_not_include
        ]
        tests.append(
            {
                "description": f"{record.id} ({question.behaviour})",
                "vars": {"question": question.question, "behaviour": question.behaviour},
                "assert": wanted,
                "metadata": {"type": question.type},
            }
        )
    return {"tests.yaml": json.dumps(tests, ensure_ascii=False, indent=1) + "\n"}


def _inspect(records: Sequence[Record], assistant: Assistant) -> Mapping[str, str]:  # noqa: ARG001
    rows = [
        {
            "id": record.id,
            "input": record.case.question.question,
            "target": record.case.question.answer or [one.quote for one in record.case.question.evidence] or "",
            "metadata": {
                "behaviour": record.case.question.behaviour,
                "type": record.case.question.type,
                "output": _output(record),
            },
        }
        for record in records
    ]
    return {"dataset.jsonl": _json_lines(rows)}


def _deepeval(records: Sequence[Record], assistant: Assistant) -> Mapping[str, str]:
    rows = [
        {
            "input": record.case.question.question,
            "actual_output": _output(record),
            "expected_output": record.case.question.answer,
            "retrieval_context": _contexts(record, assistant),
            "context": [one.quote for one in record.case.question.evidence],
            "name": record.id,
        }
        for record in records
    ]
    return {"cases.json": json.dumps(rows, ensure_ascii=False, indent=1) + "\n"}


def _ragas(records: Sequence[Record], assistant: Assistant) -> Mapping[str, str]:
    rows = [
        {
            "user_input": record.case.question.question,
            "response": _output(record),
            "retrieved_contexts": _contexts(record, assistant),
            "reference": record.case.question.answer,
            "reference_contexts": [one.quote for one in record.case.question.evidence],
        }
        for record in records
    ]
    return {"dataset.jsonl": _json_lines(rows)}


def _relevant(records: Sequence[Record], assistant: Assistant) -> list[tuple[str, str]]:
    relevance = Relevance(assistant)
    return [(record.id, found.passage_id) for record in records for found in relevance.relevant(record.case)]


def _output(record: Record) -> str:
    return record.case.answer.text if record.case.answer else ""


def _contexts(record: Record, assistant: Assistant) -> list[str]:
    found: tuple[Found, ...] = (record.case.retrieved or ())[:_CONTEXTS]
    return [_text(assistant, one.document_id, one.start, one.end) for one in found]


def _text(assistant: Assistant, document_id: str, start: int, end: int) -> str:
    return assistant.snapshot.document(document_id).text[start:end]


def _json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


KINDS: Mapping[str, Callable[[Sequence[Record], Assistant], Mapping[str, str]]] = {
    "beir": _beir, "trec": _trec, "promptfoo": _promptfoo, "inspect": _inspect, "deepeval": _deepeval,
    "ragas": _ragas,
}  # fmt: skip
