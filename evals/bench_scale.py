"""One question among ever more passages: time, memory, recall. `python -m evals.bench_scale [FOLDER…]`.

A FOLDER is a collection in BEIR's layout, as for `evals.retrieval`; without one the shipped corpus
and its questions are used. The passages are the collection's own as far as they go, and made up
beyond that, which the table says: the words of a made-up passage are drawn from two real ones, a
passage and one of the nearest to it, and its vector is a mixture of their vectors with some noise.
At 4,000 passages such vectors have the local intrinsic dimension and the similarities to their
nearest that real ones have. All goes through the product's own build; only the encoding is left out
of it: real texts are encoded once, before, and made-up ones never are.

The questions are asked one after the other, their embedding included, by a fresh process that may
use one core and does nothing else. Machines are shared and noisy: compare figures of one run.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np
import numpy.typing as npt

from corpus.catalogue import SHIPPED_DOCUMENTS
from evals.questions import SETS, read_questions
from evals.retrieval import read_collection
from index import generation
from index.build import GRAPHS, build_index
from index.encode import SHIPPED_MODEL, Encoder, Vectors, WordVectors, open_encoder
from index.generation import Manifest
from index.search import Snapshot
from index.words import words

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_SEED = 1
_WARM_UP = 20
# A file takes some 20 ms to read, however small it is.
_TEXTS_A_FILE = 20
_MADE_UP_A_FILE = 1000
_NEAR = 50
_NOISE = 0.5
_PARENTS = re.compile(r"\d+: (\d+) (\d+)\n")
_WORD = re.compile(r"\w+")
_WORDS_FROM = 200
_PASSAGES, _WORD_VECTORS, _WORD_ROWS = "passages.npy", "words.npy", "words.json"

_COLUMNS = (
    "passages (made up)", "n", "p50 ms", "p95 ms", "p50 of processor time", "embedding p50", "the rest p50",
    "resident MB (shared)", "on disk MB + copy that serves", "recall@10 (ef_search)", "opened s", "built s",
)  # fmt: skip

# The core is chosen before anything is imported that starts threads by the number of cores.
_CHILD = """
import os
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
from evals.bench_scale import ask
ask()
"""


@dataclass(frozen=True, slots=True)
class Real:
    """What the collections give: files with their numbers of passages, and each passage's words and vector."""

    files: Mapping[Path, int]
    words: Sequence[Sequence[str]]
    vectors: Vectors
    questions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the process that asked has measured: seconds of each question, bytes of memory and disk.

    `processor` is what the question took of the core; what goes beyond it was spent waiting, for
    the disk or for others on the machine.
    """

    opened: float
    seconds: list[float]
    processor: list[float]
    embedding: list[float]
    resident: int
    shared: int
    disk: int
    copied: int


def main() -> None:
    """Print the table of `docs/measurements.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="PASSAGES")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--index", type=Path, help="keep texts and indexes here and use them again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = (given.index or Path(scratch)) / ("+".join(folder.name for folder in given.folders) or "shipped")
        encoder = open_encoder(SHIPPED_MODEL, place / GRAPHS)
        known = KnownTexts(encoder, place / "real" / f"vectors-{encoder.digest[:12]}")
        real = _real(given.folders, place / "real", known)
        print(f"| {' | '.join(_COLUMNS)} |")
        print(f"|{' --- |' * len(_COLUMNS)}")
        middle: dict[int, float] = {}
        notes: list[str] = []
        for size in sorted(given.sizes):
            folder = place / str(size)
            made_up = _write_corpus(folder / "documents", size, real)
            manifest, steps = _build(folder, MadeUp(known, place / "real"))
            asked = _asked(folder / "index", place / GRAPHS, real.questions, given.questions)
            print(_row(manifest, made_up, asked, sum(steps.values())), flush=True)
            middle[manifest.passages] = statistics.median(asked.seconds)
            notes.append(_steps(manifest, steps))
            if given.index is None:
                shutil.rmtree(folder)
    print("\n" + "\n".join([*_growth(middle), *notes]))


def _row(manifest: Manifest, made_up: int, asked: Asked, built: float) -> str:
    rest = [total - part for total, part in zip(asked.seconds, asked.embedding, strict=True)]
    cells = (
        f"{manifest.passages:,} ({made_up:,})",
        len(asked.seconds),
        *(f"{1000 * np.quantile(asked.seconds, share):.1f}" for share in (0.5, 0.95)),
        *(f"{1000 * statistics.median(part):.1f}" for part in (asked.processor, asked.embedding, rest)),
        f"{asked.resident / 2**20:,.0f} ({asked.shared / 2**20:,.0f})",
        f"{asked.disk / 2**20:,.0f} + {asked.copied / 2**20:,.0f}",
        f"{manifest.recall:.3f} ({manifest.ef_search})",
        f"{asked.opened:.1f}",
        f"{built:,.0f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _growth(middle: Mapping[int, float]) -> Iterator[str]:
    for (few, quick), (many, slow) in pairwise(middle.items()):
        below = "below linear" if slow / quick < many / few else "not below linear"
        yield (
            f"- From {few:,} to {many:,} passages, {many / few:.1f} times as many, p50 becomes {slow / quick:.2f} "
            f"times as long: {below}."
        )


def _steps(manifest: Manifest, steps: Mapping[str, float]) -> str:
    taken = ", ".join(f"{step.lower()} {seconds:,.0f} s" for step, seconds in steps.items() if seconds >= 1)
    return f"- Building {manifest.passages:,} passages without a model: {taken}."


# The real part


def _real(folders: Sequence[Path], place: Path, encoder: KnownTexts) -> Real:
    """Read the collections, split and encode them by a build of their own, and take out what that made."""
    if folders:
        questions = _write_collections(folders, place / "documents")
    else:
        questions = [question.question for question in read_questions(SETS / "start.jsonl")]
        shutil.copytree(SHIPPED_DOCUMENTS, place / "documents", dirs_exist_ok=True)
    build_index(place / "documents", place / "index", encoder)
    with closing(Snapshot.current(place / "index", encoder)) as snapshot:
        passages = list(snapshot.passages())
        texts = [snapshot.document(one.document_id).text[one.start : one.end] for one in passages]
        paths = Counter(place / "documents" / snapshot.info(one.document_id).path for one in passages)
        vectors = snapshot.base().vectors(list(range(len(passages))))
    np.save(place / _PASSAGES, vectors)
    _save_words(encoder, texts[:_WORDS_FROM], place)
    return Real(dict(sorted(paths.items())), [words(text) for text in texts], vectors, questions)


def _write_collections(folders: Sequence[Path], place: Path) -> list[str]:
    """Write collections as Markdown, some texts a file and a section each; their questions."""
    place.mkdir(parents=True, exist_ok=True)
    questions: list[str] = []
    for folder in folders:
        collection = read_collection(folder, "test")
        questions += collection.questions.values()
        sections = [
            f"# {' '.join(title.split()) or identifier}\n\n{text}\n\n"
            for identifier, (title, text) in collection.documents.items()
            if text.strip()
        ]
        for at in range(0, len(sections), _TEXTS_A_FILE):
            path = place / f"{at:07}-{collection.name}.md"
            path.write_text("".join(sections[at : at + _TEXTS_A_FILE]), encoding="utf-8")
    return questions


def _save_words(encoder: Encoder, texts: Sequence[str], place: Path) -> None:
    found = encoder.encode_words(texts)
    np.save(place / _WORD_VECTORS, np.concatenate([one.vectors for one in found]))
    rows = {word.lower(): row for row, word in enumerate(word for one in found for word in one.words)}
    (place / _WORD_ROWS).write_text(json.dumps(rows), encoding="utf-8")


# What is made up


def _write_corpus(folder: Path, size: int, real: Real) -> int:
    """Write a corpus of about `size` passages, real ones first; the number of those that are made up."""
    files, held = [], 0
    for path, passages in real.files.items():
        if held < size:
            files.append(path)
            held += passages
    made_up = max(0, size - held)
    if not folder.exists():
        draft = folder.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for path in files:
            shutil.copy(path, draft)
        _make_up(draft, made_up, real)
        draft.rename(folder)
    return made_up


def _make_up(folder: Path, count: int, real: Real) -> None:
    """Write glossaries with a passage an entry. Its heading names the real passages that it was made of."""
    random = Random(_SEED)
    near = _nearest(real.vectors, _NEAR)
    for at in range(0, count, _MADE_UP_A_FILE):
        with (folder / f"made-up-{at:07}.csv").open("w", encoding="utf-8") as file:
            file.write("term\tdefinition\n")
            for number in range(at, min(at + _MADE_UP_A_FILE, count)):
                first = random.randrange(len(near))
                second = int(random.choice(near[first]))
                file.write(f"{number}: {first} {second}\t{_text(random, real.words[first], real.words[second])}\n")


def _nearest(vectors: Vectors, count: int) -> npt.NDArray[np.int64]:
    """For each vector the rows of those nearest to it, in no order, among them itself."""
    count = min(count, len(vectors))
    blocks = [vectors[at : at + 1000] @ vectors.T for at in range(0, len(vectors), 1000)]
    return np.concatenate([np.argpartition(-block, count - 1, axis=1)[:, :count] for block in blocks])


def _text(random: Random, left: Sequence[str], right: Sequence[str]) -> str:
    """Three to six sentences of the words of two passages, 60 to 140 words, or all that there are."""
    pool = [*left, *right]
    drawn = random.sample(pool, min(len(pool), random.randint(60, 140)))
    sentences = random.randint(3, 6)
    cuts = [len(drawn) * at // sentences for at in range(sentences + 1)]
    return " ".join(f"{' '.join(drawn[start:end]).capitalize()}." for start, end in pairwise(cuts))


class Wrapped:
    """What an encoder is that goes by the name of another one."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    @property
    def name(self) -> str:
        return self.encoder.name

    @property
    def digest(self) -> str:
        return self.encoder.digest

    def prepare(self) -> None:
        self.encoder.prepare()

    def is_prepared(self) -> bool:
        return self.encoder.is_prepared()


class KnownTexts(Wrapped):
    """An encoder that keeps the vectors of texts in a folder."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        super().__init__(encoder)
        self._folder = folder
        self._vectors: dict[str, Vectors] | None = None

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `Encoder.encode`; a text that is known is not encoded again."""
        known = self.known()
        missing = [text for text in texts if key_of(text) not in known]
        if missing:
            self._add(missing, self.encoder.encode(missing, progress))
        return np.stack([known[key_of(text)] for text in texts])

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """As `Encoder.encode_words`."""
        return self.encoder.encode_words(texts)

    def encode_with_words(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        """As `Encoder.encode_with_words`."""
        vectors, of_words = self.encoder.encode_with_words(texts)
        self._add(texts, vectors)
        return vectors, of_words

    def known(self) -> dict[str, Vectors]:
        """The vectors of all texts that were encoded before, by `key_of` of the text."""
        if self._vectors is None:
            self._vectors = {}
            for path in sorted(self._folder.glob("*.npz")):
                with np.load(path) as held:
                    self._vectors.update(zip(held["keys"].tolist(), held["vectors"], strict=True))
        return self._vectors

    def _add(self, texts: Sequence[str], vectors: Vectors) -> None:
        keys = list(map(key_of, texts))
        self.known().update(zip(keys, vectors, strict=True))
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / "draft.npz.new"
        with draft.open("wb") as file:
            np.savez(file, keys=keys, vectors=vectors)
        draft.rename(self._folder / f"{time.time_ns()}.npz")


def key_of(text: str) -> str:
    """A name for a text that another one has not."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class MadeUp(Wrapped):
    """An encoder that makes up the vectors of texts that are not known, and those of all words."""

    def __init__(self, known: KnownTexts, folder: Path) -> None:
        super().__init__(known)
        self._known = known
        self._folder = folder
        self._passages: Vectors | None = None
        self._words: Vectors | None = None
        self._rows: dict[str, int] = {}

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `Encoder.encode`: a passage gets a mixture, a sentence the vector of some real passage."""
        if self._passages is None:
            self._passages = np.load(self._folder / _PASSAGES)
        found = np.empty((len(texts), self._passages.shape[1]), np.float32)
        known = self._known.known()
        for at, text in enumerate(texts):
            vector = known.get(key_of(text))
            found[at] = _made_up(text, self._passages) if vector is None else vector
        if progress:
            progress(len(texts))
        return found

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """As `Encoder.encode_words`: a word gets a vector that it, or some word, had in a real passage."""
        if self._words is None:
            self._words = np.load(self._folder / _WORD_VECTORS)
            self._rows = json.loads((self._folder / _WORD_ROWS).read_text(encoding="utf-8"))
        return [self._of_words(tuple(_WORD.findall(text.lower())), self._words) for text in texts]

    def encode_with_words(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        """As `Encoder.encode_with_words`."""
        return self.encode(texts), self.encode_words(texts)

    def _of_words(self, found: tuple[str, ...], vectors: Vectors) -> WordVectors:
        rows = [self._rows.get(word, crc32(word.encode()) % len(vectors)) for word in found]
        return WordVectors(found, vectors[rows])


def _made_up(text: str, passages: Vectors) -> Vectors:
    digest = crc32(text.encode())
    parents = _PARENTS.match(text)
    if parents is None:
        return np.asarray(passages[digest % len(passages)], np.float32)
    random = np.random.default_rng(digest)
    share = random.uniform(0.3, 0.7)
    mixed = share * passages[int(parents[1])] + (1 - share) * passages[int(parents[2])]
    noise = random.standard_normal(len(mixed), np.float32) * _NOISE / np.sqrt(len(mixed))
    vector = mixed / np.linalg.norm(mixed) + noise
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


# Building and asking


def _build(folder: Path, encoder: Encoder) -> tuple[Manifest, dict[str, float]]:
    """Build the index, or find it built; the seconds that each step of its build took."""
    record, steps = folder / "seconds.json", Steps()
    report = build_index(
        folder / "documents", folder / "index", encoder, rebuild=not record.exists(), progress=steps.tell
    )
    if report.changed:
        steps.tell("", 0, 0)
        record.write_text(json.dumps(steps.seconds), encoding="utf-8")
    seconds: dict[str, float] = json.loads(record.read_text(encoding="utf-8"))
    return report.manifest, seconds


class Steps:
    """Counts the seconds of each step of a build, and shows where it is."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._step, self._began = "", time.perf_counter()

    def tell(self, step: str, done: int, total: int) -> None:
        """As `index.build.Progress`."""
        if sys.stderr.isatty():
            print(f"\r\x1b[K{step} {done:,} of {total:,}", end="", file=sys.stderr, flush=True)
        now = time.perf_counter()
        if step != self._step:
            if self._step:
                self.seconds[self._step] = self.seconds.get(self._step, 0.0) + now - self._began
            self._step, self._began = step, now


def _asked(index: Path, graphs: Path, questions: Sequence[str], count: int) -> Asked:
    """Have a process of its own ask some questions, drawn by the seed. The last of them warm it up."""
    drawn = Random(_SEED).sample(questions, len(questions))
    given = {"index": str(index), "graphs": str(graphs), "warm_up": drawn[-_WARM_UP:], "questions": drawn[:count]}
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", _CHILD], input=json.dumps(given), stdout=subprocess.PIPE, check=True, text=True
    )
    return Asked(**json.loads(done.stdout.splitlines()[-1]))


def ask() -> None:
    """In the child: ask the questions that stand in the standard input, and print what that took."""
    given = json.load(sys.stdin)
    encoder = _Timed(open_encoder(SHIPPED_MODEL, Path(given["graphs"])))
    started = time.perf_counter()
    with closing(Snapshot.current(Path(given["index"]), encoder)) as snapshot:
        opened = time.perf_counter() - started
        for question in given["warm_up"]:
            snapshot.search(question)
        times = [_timed(snapshot, encoder, question) for question in given["questions"]]
        resident, shared = _memory()
        asked = Asked(
            opened=opened,
            seconds=[seconds for seconds, _, _ in times],
            processor=[seconds for _, seconds, _ in times],
            embedding=[seconds for _, _, seconds in times],
            resident=resident,
            shared=shared,
            disk=generation.size(snapshot.folder),
            copied=generation.size(Path(given["index"]) / "serving"),
        )
    print(json.dumps(asdict(asked)))


def _memory() -> tuple[int, int]:
    """Bytes of this process in memory, and those of them that lie in files and can be shared."""
    resident, shared = Path("/proc/self/statm").read_text(encoding="ascii").split()[1:3]
    return int(resident) * resource.getpagesize(), int(shared) * resource.getpagesize()


def _timed(snapshot: Snapshot, encoder: _Timed, question: str) -> tuple[float, float, float]:
    """Seconds of a search, those of the processor, and those of the encoder."""
    encoder.seconds = 0.0
    started, processor = time.perf_counter(), time.process_time()
    snapshot.search(question)
    return time.perf_counter() - started, time.process_time() - processor, encoder.seconds


class _Timed(Wrapped):
    """An encoder that counts the seconds it takes."""

    seconds = 0.0

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `Encoder.encode`."""
        with self._counted():
            return self.encoder.encode(texts, progress)

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """As `Encoder.encode_words`."""
        with self._counted():
            return self.encoder.encode_words(texts)

    def encode_with_words(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        """As `Encoder.encode_with_words`."""
        with self._counted():
            return self.encoder.encode_with_words(texts)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started


if __name__ == "__main__":
    main()
