"""The product beside the pipeline that tutorials show: `python -m evals.bench_tutorial FOLDER`.

The tutorial pipeline is LangChain's: a text splitter of 1,000 characters with an overlap of 200,
Hugging Face embeddings, Chroma, the four nearest pieces. Both sides read the same Markdown files
and the same model from disk and fetch nothing. FOLDER is a collection in BEIR's layout, as for
`evals.retrieval`, with `sentences` for each document and an evidence.jsonl that names those which
bear on a question. `--documents`, `--questions` and `--runs` make a run smaller: the documents that
the questions need are always among them, so that recall is then that of an easier task.

Each index is built, opened and asked in processes of its own, the two sides in turn.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

# A child's imports are measured, so that this file imports libraries and the product where they are used.
if TYPE_CHECKING:
    from langchain_huggingface import (  # type: ignore[import-not-found, unused-ignore]  # see _INSTALL
        HuggingFaceEmbeddings,
    )

TUTORIAL, PRODUCT = "tutorial", "product"
SIDES = (TUTORIAL, PRODUCT)
BUILDS = 3
STARTS = 5
HITS = 4
_WARM_UP = 3
# A library's threads may spin for a moment after an answer; the other side is not asked meanwhile.
_PAUSE = 0.05
_SEED = 1
_NONE = "–"
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
    "TQDM_DISABLE": "1",
}
_PACKAGES = ("langchain-text-splitters", "langchain-huggingface", "langchain-chroma")
_INSTALL = """The tutorial pipeline needs {missing}:
    python -m pip install -c constraints.txt langchain-text-splitters langchain-chroma
    python -m pip install --no-deps langchain-huggingface
The last asks for an older huggingface_hub than the product has, and its embeddings do without it."""
_CHILD = "from evals.bench_tutorial import child; child()"

_NOTES = """
- {machine}.
  A ratio is product ÷ tutorial, of medians or means; a difference is product − tutorial, with its 95 % bootstrap
  interval over the questions. Processor time is that of all cores: other work on the machine moves it less than it
  moves seconds, but threads that wait by spinning (torch's, onnxruntime's) then use more of it too.
- Both sides read the same {files} and have the model on disk.
  Indexing is timed from the start of a process to its end, imports included.
- The tutorial's indexing splits, encodes each piece in 32 bits and adds it to Chroma; {ready:.1f} s of it (median) are
  imports and loading the model. The product's reads each file in a sandbox, encodes the passages and their
  {sentences:,} sentences in 8 bits, writes its own file, the words' index and Chroma, and verifies the store; the
  encoder's graph is there before. Passages differ in size: compare characters.
- A query is timed inside the process, from its text to the text of its hits: the tutorial's through its retriever's
  `invoke`, the product's through `Snapshot.search`. Each question goes to both sides, which take turns in being
  first; {warm_up} asked before that are not counted.
- Process start to first hits: imports, opening the ready index, one query; the files are in the system's cache. Memory
  is the peak of that process (VmHWM).
- Of {asked} questions asked, {judged} are of the test split and {evident} have evidence. Evidence counts where a
  sentence stands whole in a hit from its document, white space folded. "All" asks for every sentence that is named,
  also where several sets are named of which each would do.
- Where the collection is SciFact, the other questions are training claims, on which the product's ranking was chosen
  (docs/decisions.md): only the test questions compare fairly."""

Piece = tuple[str, str]
"""The id of a document and a text out of it."""
Search = Callable[[str], list[Piece]]
_Run = TypeVar("_Run")


@dataclass(frozen=True, slots=True)
class Question:
    """`relevant` are documents by the test split's judgements, `evidence` the sentences that bear on it."""

    text: str
    relevant: frozenset[str]
    evidence: frozenset[Piece]


@dataclass(frozen=True, slots=True)
class Task:
    """Documents as Markdown by id, and what is asked of them."""

    documents: Mapping[str, str]
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Build:
    """One build of an index. `seconds` is from the start of its process to its end, `processor` what that and its
    children used, `ready` the part in which libraries and model are loaded (0 where that cannot be told apart)."""

    seconds: float
    processor: float
    passages: int
    sentences: int
    ready: float


@dataclass(frozen=True, slots=True)
class Reply:
    """`seconds` from a question's text to its pieces' text, `processor` what all threads used in them; `memory` is
    the process's peak so far, in bytes."""

    pieces: list[Piece]
    seconds: float
    processor: float
    memory: int


def main() -> None:
    """Print the table of `docs/measurements.md`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, help="use about as many documents")
    parser.add_argument("--questions", type=int, help="ask as many questions, drawn by a seed")
    parser.add_argument("--runs", type=int, help=f"of each kind, instead of {BUILDS} builds and {STARTS} starts")
    given = parser.parse_args()
    if missing := [name for name in _PACKAGES if find_spec(name.replace("-", "_")) is None]:
        sys.exit(_INSTALL.format(missing=", ".join(missing)))
    task = read_task(given.folder, given.documents, given.questions)
    with tempfile.TemporaryDirectory() as scratch:
        _measure(given.folder.name, task, Path(scratch), given.runs or BUILDS, given.runs or STARTS)


def _measure(name: str, task: Task, scratch: Path, builds: int, starts: int) -> None:
    documents = scratch / "documents"
    _write(task.documents, documents)
    print(f"| {name}, {len(task.documents):,} documents | tutorial | product | ratio | difference, 95 % |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    graphs = [_run("graph", PRODUCT, _place(scratch, PRODUCT, number))["seconds"] for number in range(builds)]
    built = _alternating(builds, lambda side, number: _build(side, documents, _place(scratch, side, number)))
    _print_builds(task, built, graphs)
    indexes = {side: _place(scratch, side, 0) for side in SIDES}
    answers = _answers(indexes, [question.text for question in task.questions])
    first = task.questions[0].text
    _print_times(answers, _alternating(starts, lambda side, _: _first_answer(side, indexes[side], first)))
    _print_recall(task.questions, answers)
    _print_notes(task, built)


# The collection


def read_task(folder: Path, documents: int | None = None, questions: int | None = None) -> Task:
    """A collection's documents, and its test questions and claims with evidence, in an order drawn by a seed."""
    from evals.retrieval import read_collection

    collection = read_collection(folder, "test")
    sentences = {row["_id"]: row["sentences"] for row in _rows(folder, "corpus.jsonl")}
    evidence = {row["_id"]: _evidence(row["evidence"], sentences) for row in _rows(folder, "evidence.jsonl")}
    asked = [
        Question(row["text"], frozenset(collection.relevant.get(row["_id"], ())), evidence.get(row["_id"], frozenset()))
        for row in _rows(folder, "queries.jsonl")
        if row["_id"] in collection.questions or evidence.get(row["_id"])
    ]
    random.Random(_SEED).shuffle(asked)
    asked = asked[:questions]
    needed = {name for one in asked for name in (*one.relevant, *(document for document, _ in one.evidence))}
    written = {name: _markdown(*parts) for name, parts in collection.documents.items() if "".join(parts).strip()}
    names = sorted(written, key=lambda name: name not in needed)[: max(len(needed), documents or len(written))]
    return Task({name: written[name] for name in names}, asked)


def _rows(folder: Path, name: str) -> Iterator[Any]:
    path = folder / name
    with path.open(encoding="utf-8") if path.is_file() else lzma.open(f"{path}.xz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _evidence(found: Mapping[str, Any], sentences: Mapping[str, Sequence[str]]) -> frozenset[Piece]:
    """Every sentence that is named for a claim; SciFact names several sets where each alone would do."""
    return frozenset(
        (document, _folded(sentences[document][at]))
        for document, labelled in found.items()
        for group in labelled["sentences"]
        for at in group
    )


def _markdown(title: str, text: str) -> str:
    return f"# {title}\n\n{text}\n" if title else f"{text}\n"


def _write(documents: Mapping[str, str], folder: Path) -> None:
    folder.mkdir()
    for name, text in documents.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def _folded(text: str) -> str:
    return " ".join(text.split())


# What the children do


def child() -> None:
    """One side in this process: makes an index, or answers each line of standard input with a line of JSON."""
    task, side, index, *documents = sys.argv[1:]
    if task == "answer":
        _serve(_SEARCHES[side](Path(index)))
        return
    result = _make_graph(Path(index)) if task == "graph" else _BUILDS[side](Path(documents[0]), Path(index))
    print(json.dumps(result))


def _serve(search: Search) -> None:
    for line in sys.stdin:
        started, used = time.perf_counter(), time.process_time()
        pieces = search(json.loads(line))
        seconds, processor = time.perf_counter() - started, time.process_time() - used
        print(json.dumps([pieces, seconds, processor, _peak_memory()]), flush=True)


def _peak_memory() -> int:
    """The largest resident memory of this process, in bytes. (getrusage also counts the process that started it.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _tutorial_build(documents: Path, index: Path) -> dict[str, float]:
    started = time.perf_counter()
    from langchain_chroma import Chroma
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    embeddings = _embeddings()
    ready = time.perf_counter() - started
    paths = sorted(documents.glob("*.md"))
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = splitter.create_documents(
        [path.read_text(encoding="utf-8") for path in paths], [{"source": path.stem} for path in paths]
    )
    Chroma.from_documents(chunks, embeddings, persist_directory=str(index))
    return {"passages": len(chunks), "ready": ready}


def _tutorial_search(index: Path) -> Search:
    from langchain_chroma import Chroma

    store = Chroma(persist_directory=str(index), embedding_function=_embeddings())
    retriever = store.as_retriever(search_kwargs={"k": HITS})
    return lambda question: [(found.metadata["source"], found.page_content) for found in retriever.invoke(question)]


def _embeddings() -> HuggingFaceEmbeddings:
    from langchain_huggingface import HuggingFaceEmbeddings

    from index.encode import SHIPPED_MODEL, find_model

    return HuggingFaceEmbeddings(model_name=str(find_model(SHIPPED_MODEL).folder))


def _product_build(documents: Path, index: Path) -> dict[str, float]:
    from index.build import build_index
    from index.encode import SHIPPED_MODEL, open_encoder

    manifest = build_index(documents, index, open_encoder(SHIPPED_MODEL, _graphs(index))).manifest
    return {"passages": manifest.passages, "sentences": manifest.sentences}


def _product_search(index: Path) -> Search:
    from index.encode import SHIPPED_MODEL, open_encoder
    from index.search import Snapshot

    snapshot = Snapshot.current(index, open_encoder(SHIPPED_MODEL, _graphs(index)))

    def search(question: str) -> list[Piece]:
        passages = [hit.passage for hit in snapshot.search(question, HITS)]
        texts = [snapshot.document(one.document_id).text[one.start : one.end] for one in passages]
        return [(Path(one.document_id).stem, text) for one, text in zip(passages, texts, strict=True)]

    return search


def _make_graph(index: Path) -> dict[str, float]:
    from index.encode import SHIPPED_MODEL, open_encoder

    open_encoder(SHIPPED_MODEL, _graphs(index)).prepare()
    return {}


def _graphs(index: Path) -> Path:
    return index.with_name(f"{index.name}-encoders")


_BUILDS = {TUTORIAL: _tutorial_build, PRODUCT: _product_build}
_SEARCHES = {TUTORIAL: _tutorial_search, PRODUCT: _product_search}


# What is measured


def _in_turn(number: int) -> Sequence[str]:
    return SIDES if number % 2 == 0 else SIDES[::-1]


def _alternating(runs: int, measure: Callable[[str, int], _Run]) -> dict[str, list[_Run]]:
    """What `measure` gives for each side and number of a run, the sides in turn."""
    found: dict[str, list[_Run]] = {side: [] for side in SIDES}
    for number in range(runs):
        for side in _in_turn(number):
            found[side].append(measure(side, number))
    return found


def _place(scratch: Path, side: str, number: int) -> Path:
    return scratch / f"{side}-{number}"


def _build(side: str, documents: Path, index: Path) -> Build:
    result = _run("index", side, index, documents)
    passages, sentences = int(result["passages"]), int(result.get("sentences", 0))
    return Build(result["seconds"], result["processor"], passages, sentences, result.get("ready", 0.0))


def _run(task: str, side: str, *paths: Path) -> dict[str, float]:
    """What a child printed, with the seconds from its start to its end and what it used of the processor."""
    started, used = time.perf_counter(), _processor()
    done = subprocess.run(  # noqa: S603 - our own command
        _command(task, side, *paths), env={**os.environ, **_ENVIRONMENT}, check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**result, "seconds": time.perf_counter() - started, "processor": _processor() - used}


def _processor() -> float:
    """Seconds of all cores that the processes have used that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _command(task: str, side: str, *paths: Path) -> list[str]:
    return [sys.executable, "-c", _CHILD, task, side, *map(str, paths)]


class _Answering:
    """One side in a process of its own, over its ready index."""

    def __init__(self, side: str, index: Path) -> None:
        self._side = side
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            _command("answer", side, index),
            env={**os.environ, **_ENVIRONMENT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: str) -> Reply:
        asked, answered = _pipe(self._process.stdin), _pipe(self._process.stdout)
        print(json.dumps(question), file=asked, flush=True)
        if not (line := answered.readline()):
            sys.exit(f"The {self._side}'s process ended before it had answered; what it printed says why.")
        pieces, seconds, processor, memory = json.loads(line)
        return Reply([(document, text) for document, text in pieces], seconds, processor, memory)

    def close(self) -> None:
        self._process.communicate()


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # noqa: S101 - both were asked for
    return stream


def _first_answer(side: str, index: Path, question: str) -> Reply:
    """The first reply of a new process, with the seconds since its start and all that it used of the processor."""
    started, used = time.perf_counter(), _processor()
    with closing(_Answering(side, index)) as process:
        reply = process.ask(question)
        seconds = time.perf_counter() - started
    return replace(reply, seconds=seconds, processor=_processor() - used)


def _answers(indexes: Mapping[str, Path], questions: Sequence[str]) -> dict[str, list[Reply]]:
    """Each question to both sides in turn, in two processes that are warm."""
    replies: dict[str, list[Reply]] = {side: [] for side in SIDES}
    with (
        closing(_Answering(TUTORIAL, indexes[TUTORIAL])) as tutorial,
        closing(_Answering(PRODUCT, indexes[PRODUCT])) as product,
    ):
        processes = {TUTORIAL: tutorial, PRODUCT: product}
        for side in SIDES:
            for question in questions[-_WARM_UP:]:
                processes[side].ask(question)
        for number, question in enumerate(questions):
            for side in _in_turn(number):
                time.sleep(_PAUSE)
                replies[side].append(processes[side].ask(question))
    return replies


# The table


def _print_builds(task: Task, builds: Mapping[str, Sequence[Build]], graphs: Sequence[float]) -> None:
    size = sum(map(len, task.documents.values()))
    runs = f"median of {len(graphs)} (spread)"
    print(f"| one-off: the encoder's graph, s, {runs} | {_NONE} | {_spread(graphs)} | {_NONE} | {_NONE} |")
    print(f"| passages | {' | '.join(str(builds[side][0].passages) for side in SIDES)} | {_NONE} | {_NONE} |")
    _row(f"indexing, s, {runs}", _each(builds, lambda build: build.seconds))
    _row(f"indexing, processor s, {runs}", _each(builds, lambda build: build.processor))
    _row(f"indexing, passages a second, {runs}", _each(builds, lambda build: build.passages / build.seconds))
    _row(f"indexing, characters of source a second, {runs}", _each(builds, lambda build: size / build.seconds))


def _print_times(answers: Mapping[str, Sequence[Reply]], starts: Mapping[str, Sequence[Reply]]) -> None:
    times = _each(answers, lambda reply: reply.seconds * 1000)
    used = _each(answers, lambda reply: reply.processor * 1000)
    what, asked = "one query in a warm process", len(answers[PRODUCT])
    _one(f"{what}, ms, median of {asked}", *(statistics.median(times[side]) for side in SIDES))
    _one(f"{what}, ms, 95th percentile of {asked}", *(_percentile(times[side]) for side in SIDES))
    _one(f"{what}, processor ms, median of {asked}", *(statistics.median(used[side]) for side in SIDES))
    runs = f"median of {len(starts[PRODUCT])} (spread)"
    _row(f"process start to first hits, s, {runs}", _each(starts, lambda reply: reply.seconds))
    _row(f"process start to end with one query, processor s, {runs}", _each(starts, lambda reply: reply.processor))
    _row(f"peak resident memory of that process, MB, {runs}", _each(starts, lambda reply: reply.memory / 2**20))


def _print_recall(questions: Sequence[Question], answers: Mapping[str, Sequence[Reply]]) -> None:
    tests = [at for at, question in enumerate(questions) if question.relevant]
    _recall(f"relevant documents among the {HITS} hits, test questions", _documents_found, tests, questions, answers)
    for name, is_test in (("test questions", True), ("other questions", False)):
        asked = [at for at, one in enumerate(questions) if one.evidence and bool(one.relevant) == is_test]
        _recall(f"any evidence in the {HITS} hits, {name}", _any_evidence, asked, questions, answers)
        _recall(f"all evidence in the {HITS} hits, {name}", _all_evidence, asked, questions, answers)
    sizes = _each(answers, lambda reply: sum(len(text) for _, text in reply.pieces))
    _one(f"characters in the {HITS} hits, mean of {len(questions)}", *(statistics.fmean(sizes[side]) for side in SIDES))


def _recall(
    what: str,
    score: Callable[[Question, Sequence[Piece]], float],
    asked: Sequence[int],
    questions: Sequence[Question],
    answers: Mapping[str, Sequence[Reply]],
) -> None:
    import numpy as np

    from evals.statistics import interval

    if not asked:
        return
    tutorial, product = (np.array([score(questions[at], answers[side][at].pieces) for at in asked]) for side in SIDES)
    low, high = interval(product - tutorial)
    ratio = f"{product.mean() / tutorial.mean():.2f}" if tutorial.any() else _NONE
    gain = f"{(product - tutorial).mean():+.3f} ({low:+.3f} to {high:+.3f})"
    print(f"| {what} (n = {len(asked)}) | {tutorial.mean():.3f} | {product.mean():.3f} | {ratio} | {gain} |")


def _documents_found(question: Question, pieces: Sequence[Piece]) -> float:
    """The share of the relevant documents of which a piece was found."""
    return len(question.relevant & {document for document, _ in pieces}) / len(question.relevant)


def _any_evidence(question: Question, pieces: Sequence[Piece]) -> float:
    return float(any(_holds(pieces, sentence) for sentence in question.evidence))


def _all_evidence(question: Question, pieces: Sequence[Piece]) -> float:
    return float(all(_holds(pieces, sentence) for sentence in question.evidence))


def _holds(pieces: Sequence[Piece], sentence: Piece) -> bool:
    """Whether a sentence stands whole in one of some pieces of its document, white space aside."""
    return any(document == sentence[0] and sentence[1] in _folded(text) for document, text in pieces)


def _print_notes(task: Task, builds: Mapping[str, Sequence[Build]]) -> None:
    versions = ", ".join(f"{name} {version(name)}" for name in (*_PACKAGES, "sentence-transformers", "chromadb"))
    print(
        _NOTES.format(
            machine=f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}; {versions}",
            files=f"{len(task.documents):,} Markdown files ({sum(map(len, task.documents.values())):,} characters)",
            ready=statistics.median(build.ready for build in builds[TUTORIAL]),
            sentences=builds[PRODUCT][0].sentences,
            warm_up=_WARM_UP,
            asked=len(task.questions),
            judged=sum(bool(one.relevant) for one in task.questions),
            evident=sum(bool(one.evidence) for one in task.questions),
        )
    )


def _each(runs: Mapping[str, Sequence[_Run]], value: Callable[[_Run], float]) -> dict[str, list[float]]:
    return {side: [value(run) for run in runs[side]] for side in SIDES}


def _row(what: str, values: Mapping[str, Sequence[float]]) -> None:
    ratio = statistics.median(values[PRODUCT]) / statistics.median(values[TUTORIAL])
    print(f"| {what} | {_spread(values[TUTORIAL])} | {_spread(values[PRODUCT])} | {ratio:.2f} | {_NONE} |", flush=True)


def _one(what: str, tutorial: float, product: float) -> None:
    print(f"| {what} | {_number(tutorial)} | {_number(product)} | {product / tutorial:.2f} | {_NONE} |", flush=True)


def _spread(values: Sequence[float]) -> str:
    return f"{_number(statistics.median(values))} ({_number(min(values))}–{_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _percentile(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    main()
