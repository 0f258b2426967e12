"""What the measurements of robustness are made with: made-up documents, a tiny encoder, a process that builds.

The documents are sentences of the shipped corpus' words, drawn by a seed, as in `bench_changes`. With
the encoder a build takes a second or two, nearly all of it for starting processes.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np

from corpus.catalogue import SHIPPED_DOCUMENTS, load_corpus
from corpus.errors import UserError
from index.build import build_index
from index.encode import Vectors, WordVectors
from index.faults import VARIABLE
from index.words import terms, words

READY = "ready"
_DIMENSIONS = 256
_SENTENCE = 15


class HashingEncoder:
    """Bags of stems, each hashed to one dimension: texts that share words are near each other.

    Defines what `index.encode.Encoder` asks for. It has no state, so it is the same in every process.
    """

    name = "hashing"
    digest = "0" * 64

    def prepare(self) -> None:
        """Nothing to check and nothing to make."""

    def is_prepared(self) -> bool:
        """There is nothing to be made."""
        return True

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `Encoder.encode`."""
        rows = np.array([_vector(text) for text in texts], np.float32).reshape(-1, _DIMENSIONS)
        if progress:
            progress(len(texts))
        return rows

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """As `Encoder.encode_words`."""
        return [WordVectors(tuple(words(text)), _word_vectors(words(text))) for text in texts]

    def encode_with_words(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        """As `Encoder.encode_with_words`."""
        return self.encode(texts), self.encode_words(texts)


def _vector(text: str) -> Vectors:
    vector = np.full(_DIMENSIONS, 0.01, np.float32)
    for term in terms(text):
        vector[sha256(term.encode()).digest()[0] % _DIMENSIONS] += 1
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _word_vectors(found: Sequence[str]) -> Vectors:
    """A row for each word. One dimension is positive in it, so that the signs alone tell words apart."""
    rows = np.array([_vector(word) for word in found], np.float32).reshape(-1, _DIMENSIONS)
    signs = np.where(rows > 0.5, 1.0, -0.01)
    return np.asarray(signs / np.linalg.norm(signs, axis=1, keepdims=True), np.float32)


def vocabulary() -> list[str]:
    """The words of the shipped corpus, each as often as it stands there."""
    return [word for document in load_corpus(SHIPPED_DOCUMENTS).documents for word in words(document.text)]


def sentence(generator: random.Random, known: Sequence[str]) -> str:
    """A made-up sentence, without its full stop."""
    return " ".join(generator.sample(known, _SENTENCE)).capitalize()


def document(title: str, sentences: Sequence[str], mark: str) -> str:
    """A document of two sections. `mark` is a word that ends every sentence and stands in both headings."""
    texts = [f"{text} {mark}." for text in sentences]
    half = (len(texts) + 1) // 2
    return (
        f"# {title} of {mark}\n\n{' '.join(texts[:half])}\n\n## More on {title} of {mark}\n\n{' '.join(texts[half:])}\n"
    )


class Documents:
    """A folder of made-up documents that change. `texts` is what each file holds now, by its name."""

    def __init__(self, folder: Path, count: int, generator: random.Random) -> None:
        self.folder = folder
        self.texts: dict[str, str] = {}
        self._generator = generator
        self._known = vocabulary()
        self._changes = 0
        self._written = 0
        folder.mkdir()
        for _ in range(count):
            self._add()

    def change(self, count: int) -> None:
        """Change so many documents, take one out and add one. The number of the change stands in all that is new."""
        self._changes += 1
        *changed, removed = self._generator.sample(sorted(self.texts), count + 1)
        for name in changed:
            self._write(name)
        (self.folder / removed).unlink()
        del self.texts[removed]
        self._add()

    def _add(self) -> None:
        self._write(f"{self._written:06}.md")
        self._written += 1

    def _write(self, name: str) -> None:
        sentences = [sentence(self._generator, self._known) for _ in range(3)]
        self.texts[name] = document(f"Note {name[:6]}", sentences, f"edition{self._changes}")
        (self.folder / name).write_text(self.texts[name], encoding="utf-8")


def serve_builds() -> None:
    """The main function of a process that can be killed: a build for each line on standard input.

    Its arguments are the documents' folder, the index folder and a Chroma server's URL or nothing. A
    line is a JSON list of the step to be killed at, or nothing, and whether everything is built
    anew; the reply is a line with the seconds that it took, or with the problem in its place.
    """
    corpus, index, server = sys.argv[1:]
    print(READY, flush=True)
    for line in sys.stdin:
        os.environ[VARIABLE], rebuild = json.loads(line)
        started = perf_counter()
        try:
            build_index(Path(corpus), Path(index), HashingEncoder(), server=server or None, rebuild=rebuild)
            reply: object = perf_counter() - started
        except UserError as error:
            reply = str(error)
        except Exception as error:  # noqa: BLE001 - whatever ends a build is what is looked for
            reply = f"{type(error).__name__}: {error}"
        print(json.dumps(reply), flush=True)
