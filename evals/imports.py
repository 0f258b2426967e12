"""Question sets of others, as a set of ours with its documents beside it: BEIR, SQuAD 2.0, CLAPNQ, TREC qrels.

A BEIR folder has corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv (Thakur et al. 2021); SQuAD 2.0 is
one JSON file (Rajpurkar, Jia and Liang 2018); a CLAPNQ folder has files of JSON Lines, answerable
and unanswerable (Rosenthal et al. 2024); TREC qrels are lines of `question 0 document grade`, beside
corpus.jsonl and queries.jsonl. What judges whole documents gives evidence of whole documents: only
the scores of retrieval mean much there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpus.errors import UserError
from corpus.spans import sentences
from evals.questions import Question, Quote
from evals.retrieval import Collection, read_collection, read_lines

_UNSAFE = re.compile(r"[^\w.-]+")
Documents = dict[str, str]


def import_set(kind: str, source: Path, target: Path) -> tuple[int, int]:
    """Write `target` (JSON Lines) and its documents in a folder of its name; the numbers of questions and documents.

    Raises UserError where the source is not what `kind` says, or where `target` is there already.
    """
    if kind not in KINDS:
        raise UserError(f"There is no format {kind!r} to import: expected one of {', '.join(KINDS)}.")
    folder = target.with_suffix("")
    for place in (target, folder):
        if place.exists():
            raise UserError(f"{place} is there already: name another file, or take it away.")
    try:
        documents, questions = KINDS[kind](source)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise UserError(f"{source} is not {kind} as it is published ({type(error).__name__}: {error}).") from error
    if not questions:
        raise UserError(f"{source} holds no questions with documents; expected {kind} as it is published.")
    documents, questions = _each_text_once(documents, questions)
    folder.mkdir(parents=True)
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    lines = (json.dumps(question.as_dict(), ensure_ascii=False) + "\n" for question in questions)
    target.write_text("".join(lines), encoding="utf-8")
    return len(questions), len(documents)


def _each_text_once(documents: Documents, questions: list[Question]) -> tuple[Documents, list[Question]]:
    """A text that stands in several documents is indexed under its first name: evidence has to name that."""
    first: dict[str, str] = {}
    names = {name: first.setdefault(text, name) for name, text in documents.items()}
    moved = [
        replace(
            question,
            evidence=tuple(replace(quote, document_id=names[str(quote.document_id)]) for quote in question.evidence),
        )
        for question in questions
    ]
    return {name: text for text, name in first.items()}, moved


def _beir(source: Path) -> tuple[Documents, list[Question]]:
    return _judged(read_collection(source, "test"))


def _trec(source: Path) -> tuple[Documents, list[Question]]:
    """`source` is the file of qrels; corpus.jsonl and queries.jsonl lie beside it."""
    relevant: dict[str, dict[str, int]] = {}
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        parts = line.split()
        if len(parts) != 4 or not parts[3].lstrip("-").isdigit():
            raise UserError(f"{source}:{number}: found {line[:60]!r}, expected `question 0 document grade`.")
        if int(parts[3]) > 0:
            relevant.setdefault(parts[0], {})[parts[2]] = int(parts[3])
    rows = list(read_lines(source.parent, "corpus.jsonl"))
    documents = {row["_id"]: (row.get("title", ""), row["text"]) for row in rows}
    questions = {
        row["_id"]: row["text"] for row in read_lines(source.parent, "queries.jsonl") if row["_id"] in relevant
    }
    return _judged(Collection(source.stem, documents, questions, relevant))


def _judged(collection: Collection) -> tuple[Documents, list[Question]]:
    """Documents as a file each; evidence is a relevant one's whole text."""
    documents = {
        _name(identifier, ".md"): f"# {title}\n\n{text}\n" if title else f"{text}\n"
        for identifier, (title, text) in collection.documents.items()
        if text.strip()
    }
    questions = [
        Question(
            identifier,
            text,
            "answer",
            collection.name,
            evidence=tuple(
                Quote(collection.documents[one][1].strip(), _name(one, ".md"))
                for one in collection.relevant[identifier]
                if one in collection.documents and collection.documents[one][1].strip()
            ),
        )
        for identifier, text in collection.questions.items()
    ]
    return documents, [question for question in questions if question.evidence]


def _squad(source: Path) -> tuple[Documents, list[Question]]:
    """A document for each article; evidence is the sentence that holds an answer."""
    documents: Documents = {}
    questions: list[Question] = []
    for article in json.loads(source.read_text(encoding="utf-8"))["data"]:
        name = _name(article["title"], ".txt")
        documents[name] = "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"]) + "\n"
        for paragraph in article["paragraphs"]:
            questions += (_from_squad(row, paragraph["context"], name) for row in paragraph["qas"])
    return documents, questions


def _from_squad(row: Mapping[str, Any], context: str, document: str) -> Question:
    if row.get("is_impossible"):
        return Question(row["id"], row["question"], "abstain", "unanswerable")
    first = row["answers"][0]
    start, end = first["answer_start"], first["answer_start"] + len(first["text"])
    around = [span for span in sentences(context) if span[0] < end and start < span[1]]
    quote = context[around[0][0] : around[-1][1]] if around else context
    wanted = "|".join(dict.fromkeys(answer["text"] for answer in row["answers"] if "|" not in answer["text"]))
    return Question(
        row["id"], row["question"], "answer", "answerable", (Quote(quote, document),), (wanted,) if wanted else ()
    )


def _clapnq(source: Path) -> tuple[Documents, list[Question]]:
    """A document for each passage; evidence are the sentences that were selected for an answer."""
    documents: Documents = {}
    questions: list[Question] = []
    for kind in ("answerable", "unanswerable"):
        for path in sorted(source.glob(f"*_{kind}.jsonl")):
            for row in (json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()):
                passage = row["passages"][0]
                name = _name(row["id"], ".txt")
                documents[name] = f"{passage['title']}\n\n{passage['text']}\n"
                chosen = row["output"][0].get("selected_sentences", ()) if kind == "answerable" else ()
                quotes = tuple(Quote(one.strip(), name) for one in chosen if one.strip() in passage["text"])
                if kind == "unanswerable" or quotes:
                    behaviour = "answer" if kind == "answerable" else "abstain"
                    questions.append(Question(str(row["id"]), row["input"], behaviour, kind, quotes))
    return documents, questions


def _name(identifier: object, ending: str) -> str:
    return f"{_UNSAFE.sub('_', str(identifier))}{ending}"


KINDS: Mapping[str, Callable[[Path], tuple[Documents, list[Question]]]] = {
    "beir": _beir, "squad": _squad, "clapnq": _clapnq, "trec": _trec,
}  # fmt: skip
