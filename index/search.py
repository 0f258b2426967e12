"""Search: the dense and the lexical ranking of passages, fused by reciprocal rank."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import UserError
from corpus.spans import Span
from corpus.types import Document, Passage
from index import generation
from index.acronyms import AcronymTable
from index.content import Content
from index.encode import Encoder, Vectors, WordVectors
from index.generation import CONTENT, LEXICAL, Manifest
from index.lexical import LexicalIndex
from index.store import VectorStore
from index.words import terms

CANDIDATES = 50
# About 60 kB each.
_KEPT_SENTENCES = 512
# Cormack, Clarke and Buettcher (2009), "Reciprocal rank fusion outperforms Condorcet and individual
# rank learning methods": score = sum of 1 / (k + rank), k = 60.
_RANK_CONSTANT = 60


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. `score`: higher is better; ranks count from 1, None where unranked."""

    passage: Passage
    score: float
    dense_rank: int | None
    lexical_rank: int | None
    similarity: float | None


class Snapshot:
    """One generation, opened for reading. It never changes; a newer index is a new snapshot."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self.manifest: Manifest = generation.read_manifest(folder)
        _check_encoder(folder, self.manifest, encoder)
        resources = ExitStack()
        # Closed with the last reader, or when the program ends: a question in flight keeps its snapshot.
        self._close = weakref.finalize(self, resources.close)
        resources.enter_context(generation.in_use(folder))
        generation.check_files(folder, self.manifest)
        self.folder = folder
        self.content = Content(folder / CONTENT)
        resources.callback(self.content.close)
        self._lexical = LexicalIndex.open(folder / LEXICAL)
        self._store = VectorStore.open(resources.enter_context(generation.serving_copy(folder)))
        resources.callback(self._store.close)
        self._encoder = encoder
        self._lock = threading.Lock()
        self._words: dict[tuple[str, Span], WordVectors] = {}
        self._positions = {passage.id: at for at, passage in enumerate(self.content.passages)}
        self._languages = sorted({document.language for document in self.content.documents})
        self._running: list[str] | None = None
        self.acronyms = AcronymTable(self.content.acronyms)
        self._documents = {document.id: document for document in self.content.documents}

    @classmethod
    def current(cls, index_folder: Path, encoder: Encoder) -> Snapshot:
        """The generation that serves now. Raises UserError where there is none or it is damaged."""
        try:
            return cls(generation.current(index_folder), encoder)
        except FileNotFoundError:
            # Two builds were published meanwhile, and the generation was cleaned up: the newest is there.
            return cls(generation.current(index_folder), encoder)

    def document(self, document_id: str) -> Document:
        """Raises KeyError where the index holds no such document."""
        return self._documents[document_id]

    def encode(self, text: str) -> Vectors:
        """The vector of one text, of shape (1, dimensions)."""
        return self._encoder.encode([text])

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        """The words of each text with a vector for each."""
        return self._encoder.encode_words(texts)

    def words_in(self, sentences: Sequence[tuple[str, Span]]) -> list[WordVectors]:
        """The words of sentences, given as (document id, span), with a vector for each.

        Those of the last sentences are kept: encoding words takes most of the time of an answer.
        """
        known = {key: words for key in sentences if (words := self._words.get(key))}
        missing = [key for key in sentences if key not in known]
        if missing:
            texts = [self.document(document_id).text[slice(*span)] for document_id, span in missing]
            known.update(zip(missing, self._encoder.encode_words(texts), strict=True))
        with self._lock:
            for key in sentences:
                self._words.pop(key, None)
                self._words[key] = known[key]
            for key in list(self._words)[:-_KEPT_SENTENCES]:
                del self._words[key]
        return [known[key] for key in sentences]

    def search(self, text: str, limit: int = 10, vector: Vectors | None = None) -> list[Hit]:
        """The passages nearest to a text, best first; equal scores in reading order.

        Acronyms of the corpus in the text are searched with what they stand for. `vector` is the
        text's own, where it is at hand.
        """
        text = self.acronyms.expanded(text)
        dense = self._dense(self.encode(text) if vector is None else vector)
        lexical = self._lexical_positions(text)
        fused = fuse([position for position, _ in dense], lexical)
        return [
            Hit(
                passage=self.content.passages[position],
                score=score,
                dense_rank=_rank(position, [position for position, _ in dense]),
                lexical_rank=_rank(position, lexical),
                similarity=dict(dense).get(position),
            )
            for position, score in fused[:limit]
        ]

    def frequency(self, word: str) -> int:
        """The number of passages that hold a word in any form."""
        return max(
            (self._lexical.frequency(term) for language in self._languages for term in terms(word, language)),
            default=0,
        )

    def holds(self, phrase: str) -> bool:
        """Whether words stand in the documents as they are, one after the other."""
        if self._running is None:
            self._running = [_running(document.text) for document in self.content.documents]
        wanted = _running(phrase)
        return any(wanted in text for text in self._running)

    def sentences_in(self, passage: Passage) -> tuple[list[Span], Vectors]:
        """The sentence spans of a passage with their vectors."""
        return self.content.sentences_in(passage)

    def close(self) -> None:
        """Give everything back now."""
        self._close()

    def _dense(self, vector: Vectors) -> list[tuple[int, float]]:
        return [(self._positions[identifier], score) for identifier, score in self._store.search(vector, CANDIDATES)[0]]

    def _lexical_positions(self, text: str) -> list[int]:
        # The stems of every language that the corpus is written in: the asker's need not be known.
        wanted = {term: None for language in self._languages for term in terms(text, language)}
        return [position for position, _ in self._lexical.search(list(wanted), CANDIDATES)]


def _running(text: str) -> str:
    """A text as one line in lower case: enough to tell whether words follow each other, and quick."""
    return " ".join(text.casefold().split())


def fuse(*rankings: Sequence[int]) -> list[tuple[int, float]]:
    """Reciprocal rank fusion of rankings of positions, best first.

    >>> [position for position, _ in fuse([7, 3], [3, 9])]
    [3, 7, 9]
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, position in enumerate(ranking, 1):
            scores[position] = scores.get(position, 0.0) + 1 / (_RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _rank(position: int, ranking: Sequence[int]) -> int | None:
    return ranking.index(position) + 1 if position in ranking else None


def _check_encoder(folder: Path, manifest: Manifest, encoder: Encoder) -> None:
    if manifest.encoder_sha256 != encoder.digest:
        raise UserError(
            f"The index in {folder} was built with {manifest.encoder}, the setting is {encoder.name} with other "
            "weights: run `assistant index build --rebuild`, or set ASSISTANT_ENCODER back."
        )
