"""Retrieval on BEIR collections, through the product's own build and search: `python -m evals.retrieval FOLDER…`.

A collection is a folder with corpus.jsonl (or corpus.jsonl.xz), queries.jsonl and qrels/SPLIT.tsv.
Each of its documents becomes a Markdown file, and its rank is that of its best passage.
"""

from __future__ import annotations

import argparse
import json
import lzma
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from corpus.types import Passage
from evals.ranking import measure
from evals.statistics import interval
from index.build import GRAPHS, build_index
from index.encode import SHIPPED_MODEL, open_encoder
from index.search import Snapshot, fuse

_DEPTH = 100
_NAME = "{}.md"


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents as (title, text) by id, questions by id, and graded relevance by question and document."""

    name: str
    documents: Mapping[str, tuple[str, str]]
    questions: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, int]]


def main() -> None:
    """Print the table of `docs/measurements.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--index", type=Path, help="keep the indexes here and use them again")
    given = parser.parse_args()
    print("| collection | n | vectors alone | words alone | reciprocal rank fusion | search | search − fusion, 95 % |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for folder in given.folders:
        collection = read_collection(folder, given.split)
        with tempfile.TemporaryDirectory() as scratch:
            print(_row(collection, (given.index or Path(scratch)) / collection.name), flush=True)


def read_collection(folder: Path, split: str) -> Collection:
    """Read a collection in BEIR's layout. Questions without a relevant document are left out."""
    rows = list(read_lines(folder, "corpus.jsonl"))
    documents = {row["_id"]: (row.get("title", ""), row["text"]) for row in rows}
    relevant: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels" / f"{split}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, document, grade = line.split("\t")
        if int(grade) > 0:
            relevant.setdefault(question, {})[document] = int(grade)
    questions = {row["_id"]: row["text"] for row in read_lines(folder, "queries.jsonl") if row["_id"] in relevant}
    return Collection(folder.name, documents, questions, relevant)


def read_lines(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """The rows of a file of JSON Lines, packed or not."""
    with _opened(folder, name) as lines:
        yield from map(json.loads, lines)


def _opened(folder: Path, name: str) -> IO[str]:
    path = folder / name
    return path.open(encoding="utf-8") if path.is_file() else lzma.open(f"{path}.xz", "rt", encoding="utf-8")


def _row(collection: Collection, folder: Path) -> str:
    encoder = open_encoder(SHIPPED_MODEL, folder / GRAPHS)
    build_index(_written(collection, folder / "documents"), folder / "index", encoder)
    with closing(Snapshot.current(folder / "index", encoder)) as snapshot:
        scores = {name: _scores(collection, rank) for name, rank in _rankings(snapshot)}
    gains = np.array(scores["search"]) - np.array(scores["fusion"])
    low, high = interval(list(gains))
    means = " | ".join(f"{statistics.fmean(values):.3f}" for values in scores.values())
    return f"| {collection.name} | {len(gains)} | {means} | {gains.mean():+.3f} ({low:+.3f} to {high:+.3f}) |"


def _written(collection: Collection, folder: Path) -> Path:
    """The collection as a folder of Markdown files."""
    folder.mkdir(parents=True, exist_ok=True)
    for identifier, (title, text) in collection.documents.items():
        path = folder / _NAME.format(identifier)
        if not path.exists() and f"{title}{text}".strip():
            path.write_text(f"# {title}\n\n{text}\n" if title else f"{text}\n", encoding="utf-8")
    return folder


def _rankings(snapshot: Snapshot) -> Iterator[tuple[str, Callable[[str], list[Passage]]]]:
    yield "vectors", lambda question: snapshot.candidates(question)[0]
    yield "words", lambda question: snapshot.candidates(question)[1]
    yield "fusion", lambda question: _fused(*snapshot.candidates(question))
    yield "search", lambda question: [hit.passage for hit in snapshot.search(question, _DEPTH)]


def _fused(dense: Sequence[Passage], lexical: Sequence[Passage]) -> list[Passage]:
    passages = list(dict.fromkeys([*dense, *lexical]))
    at = {passage: number for number, passage in enumerate(passages)}
    return [passages[number] for number, _ in fuse([at[p] for p in dense], [at[p] for p in lexical])]


def _scores(collection: Collection, rank: Callable[[str], list[Passage]]) -> list[float]:
    """nDCG at 10 of each question."""
    rankings = {
        identifier: list(dict.fromkeys(_identifier(passage) for passage in rank(question)))
        for identifier, question in collection.questions.items()
    }
    found = measure(["ndcg@10"], collection.relevant, rankings)["ndcg@10"]
    return [found[identifier] for identifier in collection.questions]


def _identifier(passage: Passage) -> str:
    return passage.document_id.removesuffix(_NAME.format(""))


if __name__ == "__main__":
    main()
