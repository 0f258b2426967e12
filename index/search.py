"""Search: passages by a convex sum of what their vectors, their words and their words' vectors say, with feedback."""

from __future__ import annotations

import re
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from corpus.errors import IndexMissingError, UserError
from corpus.spans import Span, lists, paragraph_at
from corpus.types import Document, DocumentInfo, Passage
from corpus.wording import without_accents
from index import generation
from index.acronyms import Acronym, AcronymTable, singular
from index.encode import Encoded, Encoder, Vectors, WordVectors
from index.generation import BASE, RECENT, STATE, Manifest
from index.late import decoded, interaction
from index.lexical import Mask, Part, best, frequency, rarity, scores_of, stop_words
from index.segment import Segment, address_of
from index.spelling import FREQUENT, cognate, is_slip, near_words
from index.state import State, read_state
from index.store import VectorStore
from index.tracing import span
from index.words import stem, terms, words

_Value = TypeVar("_Value")

CANDIDATES = 50
# The texts of documents that were asked for last.
_KEPT_CHARACTERS = 20_000_000
_ATTEMPTS = 3
# The weight of the vectors beside the words, and how far the best passages found draw a question's
# vector towards them: chosen on the development sets of docs/decisions.md.
_DENSE = 0.55
_FEEDBACK = 3
_FEEDBACK_WEIGHT = 0.35
# The best candidates are read closely: the weights of late interaction, of their nearest sentence,
# and of the terms that the first of them stress.
_READ_CLOSELY = 30
_LATE = 0.3
_SAID = 0.05
_ALIKE = 0.1
_STRESSING = 5
_STRESSED = 20
_RANK_CONSTANT = 60
_PASSAGES_FOR_FORMS = 5
# A list goes on for so many passages to either side of a hit, about 4,000 characters.
_NEIGHBOURS = 5
_ORDINARY = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. `score`: higher is better; ranks count from 1, None where unranked.

    `similarity` is the cosine of the passage's vector and the question's own.
    """

    passage: Passage
    score: float
    dense_rank: int | None
    lexical_rank: int | None
    similarity: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the index within a snapshot: `offset` is the position of its first passage in the whole."""

    segment: Segment
    gone: Mask | None
    offset: int
    lexical: Part

    def inside(self, positions: Sequence[int]) -> list[int]:
        """Those of some positions of the whole that are of this part, as its own."""
        return [at - self.offset for at in positions if self.offset <= at < self.offset + self.segment.size]


class Snapshot:
    """One generation, opened for reading. It never changes; a newer index is a new snapshot."""

    def __init__(
        self, folder: Path, encoder: Encoder, before: Snapshot | None = None, notice: str | None = None
    ) -> None:
        """`before` is a snapshot that may share what has not changed; `notice` says what is wrong with a newer index.

        Raises UserError where the generation is damaged or was built with another encoder.
        """
        self.manifest: Manifest = generation.read_manifest(folder)
        _check_encoder(folder, self.manifest, encoder)
        resources = ExitStack()
        # Closed with the last reader, or when the program ends: a question in flight keeps its snapshot.
        self._close = weakref.finalize(self, resources.close)
        resources.enter_context(generation.in_use(folder))
        self.folder = folder
        self.notice = notice
        self._parts = _open_parts(folder, self.manifest, before)
        self.state: State = read_state(folder / STATE)
        self._infos = {info.id: info for info in self.state.documents}
        self._places = {
            identifier: part
            for part in self._parts
            for identifier in part.segment.content.document_ids
            if identifier in self._infos
        }
        self._encoder = encoder
        self._lock = threading.Lock()
        self._texts: dict[str, Document] = {}
        self._languages = sorted({info.language for info in self.state.documents})
        self._stop_words = frozenset(word for language in self._languages for word in stop_words(language))
        self.acronyms = AcronymTable(self.state.acronyms, _weakly(self._is_ordinary))

    @classmethod
    def current(cls, index_folder: Path, encoder: Encoder, before: Snapshot | None = None) -> Snapshot:
        """The generation that serves now; the one before it where the newest is damaged.

        Raises UserError where there is none that can be used.
        """
        for _ in range(_ATTEMPTS):
            # Builds may be published and cleaned up meanwhile: then the newest is there.
            with suppress(FileNotFoundError):
                return cls._newest(index_folder, encoder, before)
        raise UserError(f"The index in {index_folder} is being built so often that it cannot be opened; try again.")

    @classmethod
    def _newest(cls, index_folder: Path, encoder: Encoder, before: Snapshot | None) -> Snapshot:
        try:
            return cls(generation.current(index_folder), encoder, before)
        except IndexMissingError:
            raise
        except UserError:
            folder, notice = generation.usable(index_folder)
            return cls(folder, encoder, before, notice)

    @property
    def encoder(self) -> Encoder:
        """What questions are encoded with."""
        return self._encoder

    @property
    def passage_count(self) -> int:
        return self.manifest.passages

    def passages(self) -> Iterator[Passage]:
        """Every passage of the index."""
        for part in self._parts:
            live = [at for at in range(part.segment.size) if part.gone is None or not part.gone[at]]
            yield from part.segment.content.passages(live)

    def info(self, document_id: str) -> DocumentInfo:
        """Raises KeyError where the index holds no such document."""
        return self._infos[document_id]

    def document(self, document_id: str) -> Document:
        """A document with its text. Raises KeyError where the index holds no such document."""
        with self._lock:
            if (known := self._texts.get(document_id)) is not None:
                return known
        found = self._places[document_id].segment.content.document(document_id)
        with self._lock:
            self._texts[document_id] = found
            while len(self._texts) > 1 and sum(len(one.text) for one in self._texts.values()) > _KEPT_CHARACTERS:
                del self._texts[next(iter(self._texts))]
        return found

    def encode(self, text: str) -> Encoded:
        """A question as it is searched for: acronyms of the corpus with what they stand for."""
        vectors, (words,) = self._encoder.encode_with_words([self.acronyms.expanded(text)])
        return Encoded(vectors, words)

    def words_in(self, sentences: Sequence[tuple[Passage, int]], dimensions: int) -> list[Vectors]:
        """The vectors of the words of sentences, each given as a passage and the number of its sentence, from 0."""
        known = {
            passage: self._places[passage.document_id].segment.content.meanings(passage)
            for passage in dict.fromkeys(passage for passage, _ in sentences)
        }
        return [decoded(known[passage][number], dimensions) for passage, number in sentences]

    def search(self, text: str, limit: int = 10, encoded: Encoded | None = None) -> list[Hit]:
        """The passages nearest to a text, best first; equal scores in the order of documents and passages.

        `encoded` is what `encode` gives for the text, where it is at hand.
        """
        with span("retrieve", limit=limit) as told:
            found = self._search(text, limit, encoded)
            told.set(found=len(found))
            return found

    def _search(self, text: str, limit: int, encoded: Encoded | None) -> list[Hit]:
        encoded = encoded or self.encode(text)
        vectors = _Vectors(self._vectors_at)
        weights = self._term_weights(self.acronyms.other_forms(text))
        lexical = self._lexical(weights)
        dense = self._dense(encoded.vector)
        positions = list(dict.fromkeys([*dense, *lexical]))
        matches = self._matches(weights, positions)
        first = _ranked(positions, convex(vectors.similarities(encoded.vector, positions), matches))
        # The best passages say what the question is about in words of the documents.
        aim = towards(encoded.vector, vectors.at(list(first)[:_FEEDBACK]))
        scores = _ranked(positions, convex(vectors.similarities(aim, positions), matches))
        scores = self._read_closely(scores, encoded, weights)
        found = _first(scores, limit)
        passages = self._passages_at(found)
        hits = [
            Hit(
                passage=passages[position],
                score=scores[position],
                dense_rank=_rank(position, dense),
                lexical_rank=_rank(position, lexical),
                similarity=similarity,
            )
            for position, similarity in zip(found, vectors.similarities(encoded.vector, found), strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.document_id, hit.passage.start))[:limit]

    def candidates(self, text: str) -> tuple[list[Passage], list[Passage]]:
        """The passages nearest to a text by vectors alone, and by words alone: what `search` is measured against."""
        dense = self._dense(self.encode(text).vector)
        lexical = self._lexical(self._term_weights(self.acronyms.other_forms(text)))
        passages = self._passages_at([*dense, *lexical])
        return [passages[at] for at in dense], [passages[at] for at in lexical]

    def frequency(self, word: str) -> int:
        """The number of passages that hold a word in any form."""
        return max(
            (self._frequency_of(term) for language in self._languages for term in terms(word, language)), default=0
        )

    def holds(self, phrase: str) -> bool:
        """Whether words stand in the documents as they are, one after the other."""
        wanted = _running(phrase)
        return any(wanted in _running(text) for text in self._holding(phrase))

    def spells_out(self, term: str) -> bool:
        """Whether the documents say what an acronym stands for."""
        return self.acronyms.find(term) is not None

    def meant_by(self, word: str, language: str) -> str | None:
        """The frequent word of documents in a language that an unknown word was meant to be; None where there is none.

        The word is folded, as `index.words.words` gives it.
        """
        if language not in self._languages or self.frequency(word):
            return None
        near = {term for stemmed in terms(word, language) for term in self._near_terms(stemmed)}
        for term in sorted(near, key=lambda term: (-self._frequency_of(term), term)):
            forms = self._forms(term, language)
            meant = next((form for form in forms if _is_meant(word, form)), None)
            # In a short collection a word is frequent where it stands twice in one passage.
            if meant and max(self._frequency_of(term), forms.total()) >= FREQUENT:
                return meant
        return None

    @property
    def languages(self) -> Sequence[str]:
        """The languages of the documents, the one with the most first."""
        held = Counter(info.language for info in self.state.documents)
        return sorted(held, key=lambda language: (-held[language], language))

    def acronym_in(self, text: str) -> str | None:
        """The acronym that a text speaks of by either of its forms; None where it is not exactly one."""
        found = {singular(acronym.short): acronym.short for acronym in self.acronyms.spoken_of(text)}
        return next(iter(found.values())) if len(found) == 1 else None

    def names(self, phrase: str) -> bool:
        """Whether a folded phrase is a name in the documents: written with a capital at each word."""
        capitals = re.compile(
            r"\W+".join(rf"(?-i:(?=[^\W\d_a-zß-ÿ])){re.escape(word)}" for word in phrase.split()), re.I
        )
        return bool(phrase.split()) and any(capitals.search(without_accents(text)) for text in self._holding(phrase))

    def cognate(self, word: str) -> str | None:
        """The word of the documents that is written much like a word of another language; None where there is none."""
        if self.frequency(word):
            return None
        near = cognate(word, self._beginning_with(word[:1]))
        if near is None:
            return None
        forms = self._forms(near, next(iter(self.languages)))
        return forms.most_common(1)[0][0] if forms else near

    def joined(self, passage: Passage) -> list[Passage]:
        """A passage with its neighbours that hold the rest of a definition or a list, in reading order."""
        around = self._places[passage.document_id].segment.content.around(passage, _NEIGHBOURS)
        if len(around) == 1:
            return around
        document = self.document(passage.document_id)
        section = document.section_at(passage.start)
        # A list of which more is cut off than the neighbours hold is no less cut in them.
        first = paragraph_at(document.text, around[0].start, section.start, section.end)[0]
        last = paragraph_at(document.text, around[-1].end - 1, section.start, section.end)[1]
        wholes = [
            *lists(document.text, first, last),
            *((one.start, one.end) for one in self.state.definitions if one.document_id == document.id),
        ]
        cut = [whole for whole in wholes if _overlap(passage, whole) and not _holds(passage, whole)]
        return [other for other in around if other == passage or any(_overlap(other, whole) for whole in cut)]

    def sentences_in(self, passage: Passage) -> tuple[list[Span], Vectors]:
        """The spans of the sentences inside a passage, in reading order, and a vector for each."""
        return self._places[passage.document_id].segment.content.sentences(passage)

    def close(self) -> None:
        """Give everything back now. Parts that another snapshot shares stay open for it."""
        self._close()
        self._parts = []
        self._places = {}

    def base(self) -> Segment:
        """The part that a newer snapshot may share."""
        return self._parts[0].segment

    def _is_ordinary(self, acronym: Acronym) -> bool:
        """Whether an acronym in small letters is a word of its own: it stands where what it stands for does not."""
        short = singular(acronym.short).lower()
        if short in self._stop_words:
            return True
        rarest = min((self.frequency(word) for word in words(acronym.long)), default=0)
        return self.frequency(short) > _ORDINARY * rarest

    def _frequency_of(self, term: str) -> int:
        return frequency([part.lexical for part in self._parts], term)

    def _near_terms(self, term: str) -> list[str]:
        return near_words(term, self._beginning_with(term[:1]))

    def _beginning_with(self, letter: str) -> list[str]:
        return [term for part in self._parts for term in part.segment.lexical.beginning_with(letter)]

    def _forms(self, term: str, language: str) -> Counter[str]:
        """The words with one stem, in reading order, and how often each stands in the first passages that hold any."""
        found: Counter[str] = Counter()
        for part in self._parts:
            rows = [int(at) for at in part.segment.lexical.postings(term)[0]]
            live = [at for at in rows if part.gone is None or not part.gone[at]][:_PASSAGES_FOR_FORMS]
            for passage in part.segment.content.passages(live):
                text = self.document(passage.document_id).text[passage.start : passage.end]
                found.update(form for form in words(text) if stem(form, language) == term)
        return found

    def _holding(self, phrase: str) -> Iterator[str]:
        """The texts of the passages that hold all words of a phrase, in any form."""
        for part in self._parts:
            for language in self._languages:
                rows = [part.segment.lexical.postings(term)[0] for term in dict.fromkeys(terms(phrase, language))]
                if rows:
                    common = reduce(lambda left, right: np.intersect1d(left, right, assume_unique=True), rows)
                    live = [int(at) for at in common if part.gone is None or not part.gone[at]]
                    for passage in part.segment.content.passages(live):
                        yield self.document(passage.document_id).text[passage.start : passage.end]

    def _dense(self, vector: Vectors) -> list[int]:
        found = [
            (part.offset + position, score)
            for part in self._parts
            for position, score in part.segment.nearest(vector, CANDIDATES, part.gone)
        ]
        return [position for position, _ in sorted(found, key=lambda item: (-item[1], item[0]))[:CANDIDATES]]

    def _term_weights(self, text: str) -> dict[str, float]:
        """The rarity of each term of a question; words that say nothing are left out where others are left."""
        # The stems of every language that the corpus is written in: the asker's need not be known.
        telling = [
            {term: None for word in words(text) if word not in stop_words(language) for term in terms(word, language)}
            for language in self._languages
        ]
        wanted = {term: None for some in telling for term in some} or {
            term: None for language in self._languages for term in terms(text, language)
        }
        return rarity([part.lexical for part in self._parts], wanted)

    def _lexical(self, weights: dict[str, float]) -> list[int]:
        found = [
            (part.offset + position, score)
            for part in self._parts
            for position, score in best(part.lexical, weights, CANDIDATES)
        ]
        return [position for position, _ in sorted(found, key=lambda item: (-item[1], item[0]))[:CANDIDATES]]

    def _read_closely(self, scores: dict[int, float], question: Encoded, weights: dict[str, float]) -> dict[int, float]:
        """Scores with what a closer look at the best candidates adds, best first.

        That is their late interaction with the question, how near one of their sentences comes to
        it, and how much they say in the words that the very best of them stress.
        """
        best = list(scores)[:_READ_CLOSELY]
        looks = (
            (_LATE, self._interactions(question.words, weights, best)),
            (_SAID, self._nearest_sentences(question.vector, best)),
            (_ALIKE, self._matches(self._stressed(best[:_STRESSING]), best)),
        )
        rest = 1 - sum(weight for weight, _ in looks)
        mixed = {at: rest * score for at, score in scores.items()}
        for weight, found in looks:
            for at, score in zip(best, _spread(found), strict=True):
                mixed[at] += weight * score
        return _ranked(mixed, (round(score, 6) for score in mixed.values()))

    def _nearest_sentences(self, vector: Vectors, positions: Sequence[int]) -> list[float]:
        """The similarity of the sentence of each passage that comes nearest to a vector; 0 where there is none."""
        found = self._at(positions, lambda part, inside: part.segment.content.sentence_vectors(inside))
        return [float((found[at] @ vector[0]).max(initial=0.0)) for at in positions]

    def _interactions(self, question: WordVectors, weights: dict[str, float], positions: Sequence[int]) -> list[float]:
        by_word = [self._weight_of(word, weights) for word in question.words]
        rows = [at for at, weight in enumerate(by_word) if weight > 0]
        found = self._at(positions, lambda part, inside: part.segment.content.words(inside))
        return interaction(question.vectors[rows], [by_word[at] for at in rows], [found[at] for at in positions])

    def _stressed(self, positions: Sequence[int]) -> dict[str, float]:
        """The terms that passages stress, by how much.

        Lavrenko and Croft (2001), "Relevance-based language models": the mean share of a term in
        what was found, here by rarity, with the best passages taken as relevant.
        """
        shares: dict[str, float] = {}
        for found in self._at(positions, lambda part, inside: part.segment.content.terms(inside)).values():
            for term in found:
                shares[term] = shares.get(term, 0.0) + 1 / len(found)
        telling = [term for term in shares if len(term) > 1 and term not in self._stop_words]
        rare = rarity([part.lexical for part in self._parts], telling)
        stress = {term: shares[term] * weight for term, weight in rare.items()}
        most = sorted(stress, key=lambda term: (-stress[term], term))[:_STRESSED]
        return {term: stress[term] * rare[term] for term in most}

    def _weight_of(self, word: str, weights: dict[str, float]) -> float:
        found = (weights.get(term, 0.0) for language in self._languages for term in terms(word, language))
        return max(found, default=0.0)

    def _matches(self, weights: dict[str, float], positions: Sequence[int]) -> list[float]:
        """How well given passages match weighted terms, by BM25."""
        found = self._at(positions, lambda part, inside: scores_of(part.lexical, weights, inside))
        return [found[at] for at in positions]

    def _passages_at(self, positions: Sequence[int]) -> dict[int, Passage]:
        return self._at(positions, lambda part, inside: part.segment.content.passages(inside))

    def _at(self, positions: Sequence[int], read: Callable[[_Part, list[int]], Iterable[_Value]]) -> dict[int, _Value]:
        """What `read` gives for the passages at some positions, asked of the part that each is of."""
        return {
            part.offset + at: value
            for part in self._parts
            if (inside := part.inside(positions))
            for at, value in zip(inside, read(part, inside), strict=True)
        }

    def _vectors_at(self, positions: Sequence[int]) -> dict[int, Vectors]:
        return self._at(positions, lambda part, inside: part.segment.vectors(inside))


class _Vectors:
    """The vectors of the passages that a question brings up, each read once."""

    def __init__(self, read: Callable[[Sequence[int]], dict[int, Vectors]]) -> None:
        self._read = read
        self._known: dict[int, Vectors] = {}

    def at(self, positions: Sequence[int]) -> Vectors:
        """A row for each position, in their order."""
        self._known |= self._read([at for at in positions if at not in self._known])
        return np.stack([self._known[at] for at in positions]) if positions else np.zeros((0, 0), np.float32)

    def similarities(self, vector: Vectors, positions: Sequence[int]) -> list[float]:
        """The cosine similarities of passages to a vector, exactly."""
        return [float(score) for score in self.at(positions) @ vector[0]] if positions else []


def _weakly(method: Callable[[Acronym], bool]) -> Callable[[Acronym], bool]:
    """A method for something that its own object holds: a circle would keep a snapshot, with its copy of the store
    and its open files, until the collector comes by."""
    reference = weakref.WeakMethod(method)

    def call(acronym: Acronym) -> bool:
        held = reference()
        return held is not None and held(acronym)

    return call


def _open_parts(folder: Path, manifest: Manifest, before: Snapshot | None) -> list[_Part]:
    """The parts of a generation, checked before they are opened; the base of `before` where it is the same."""
    shared = before.base() if before is not None and _same_base(before.manifest, manifest) else None
    named = manifest.files if shared is None else [name for name in manifest.files if not name.startswith(f"{BASE}/")]
    generation.check_files(folder, manifest, only=named)
    base = shared or open_base(folder, manifest)
    gone = base.gone(manifest.gone)
    parts = [_Part(base, gone, 0, Part(base.lexical, gone, base.frequencies(gone)))]
    if (folder / RECENT).is_dir():
        recent = Segment(folder / RECENT, None, ExitStack())
        parts.append(_Part(recent, None, base.size, Part(recent.lexical)))
    return parts


def _same_base(left: Manifest, right: Manifest) -> bool:
    return _base_files(left) == _base_files(right) and left.collection == right.collection


def _base_files(manifest: Manifest) -> dict[str, Any]:
    return {name: state for name, state in manifest.files.items() if name.startswith(f"{BASE}/")}


def open_base(folder: Path, manifest: Manifest) -> Segment:
    """The base of a generation with its store. Raises UserError where a Chroma server cannot be used."""
    resources = ExitStack()
    with resources:
        copied = None if manifest.server else resources.enter_context(generation.serving_copy(folder))
        store = VectorStore.open(address_of(folder, manifest.server, manifest.collection, copied))
        resources.callback(store.close)
        return Segment(folder / BASE, store, resources.pop_all())


def _overlap(passage: Passage, span: Span) -> bool:
    return passage.start < span[1] and span[0] < passage.end


def _holds(passage: Passage, span: Span) -> bool:
    return passage.start <= span[0] and span[1] <= passage.end


def _running(text: str) -> str:
    """A text as one line in lower case: enough to tell whether words follow each other, and quick."""
    return " ".join(text.casefold().split())


def _is_meant(wrong: str, right: str) -> bool:
    """Another ending is another form or another word, and no slip."""
    return is_slip(wrong, right) and wrong[-1] == right[-1]


def convex(similarities: Sequence[float], matches: Sequence[float]) -> list[float]:
    """The convex sum of min-max scores of one list of candidates, in [0, 1].

    Bruch, Gai and Ingber (2023), "An analysis of fusion functions for hybrid retrieval".

    >>> convex([0.2, 0.6], [4.0, 0.0])
    [0.45, 0.55]
    """
    return [
        round(_DENSE * dense + (1 - _DENSE) * lexical, 6)
        for dense, lexical in zip(_spread(similarities), _spread(matches), strict=True)
    ]


def _spread(scores: Sequence[float]) -> list[float]:
    """Scores from 0 for the lowest to 1 for the highest; all 1 where they do not differ."""
    if not scores:
        return []
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) if high > low else 1.0 for score in scores]


def towards(vector: Vectors, found: Vectors) -> Vectors:
    """A question's vector, of shape (1, dimensions), moved towards passages that were found for it.

    Rocchio (1971), "Relevance feedback in information retrieval", with the best passages taken as
    relevant.
    """
    if not len(found):
        return vector
    moved = vector + _FEEDBACK_WEIGHT * found.mean(axis=0, keepdims=True)
    return np.asarray(moved / np.linalg.norm(moved), np.float32)


def fuse(*rankings: Sequence[int]) -> list[tuple[int, float]]:
    """Reciprocal rank fusion of rankings of positions, best first: the baseline that `convex` is measured against.

    Cormack, Clarke and Buettcher (2009), "Reciprocal rank fusion outperforms Condorcet and
    individual rank learning methods": the sum of 1 / (k + rank), k = 60.

    >>> [position for position, _ in fuse([7, 3], [3, 9])]
    [3, 7, 9]
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, position in enumerate(ranking, 1):
            scores[position] = scores.get(position, 0.0) + 1 / (_RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _ranked(positions: Iterable[int], scores: Iterable[float]) -> dict[int, float]:
    """Scores by position, best first."""
    return dict(sorted(zip(positions, scores, strict=True), key=lambda item: (-item[1], item[0])))


def _first(scores: dict[int, float], limit: int) -> list[int]:
    """The positions of the best, and of those that score as the last of them does."""
    least = list(scores.values())[:limit][-1:]
    return [at for at, score in scores.items() if score >= least[0]] if least else []


def _rank(position: int, ranking: Sequence[int]) -> int | None:
    return ranking.index(position) + 1 if position in ranking else None


def _check_encoder(folder: Path, manifest: Manifest, encoder: Encoder) -> None:
    if manifest.encoder_sha256 != encoder.digest:
        raise UserError(
            f"The index in {folder} was built with {manifest.encoder}, the setting is {encoder.name} with other "
            "weights: run `assistant index build --rebuild`, or set ASSISTANT_ENCODER back."
        )
