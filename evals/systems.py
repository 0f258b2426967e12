"""What can be asked: the assistant here, one behind an address, and two reference systems for scale.

The reference systems answer every question by the one sentence or passage that scores best, unless
it scores below a threshold. "bm25" takes the sentence with the highest BM25 score; "tutorial" is
what tutorials build: pieces of 1,000 characters that overlap by 200, the nearest by the cosine of
their vectors, answered where that is at least 0.5.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import numpy as np

from assistant.ask import Assistant
from assistant.citations import cite
from assistant.types import Answer, Sentence, Turn, answer_of
from corpus.errors import UserError
from corpus.spans import Span, sentences
from corpus.types import Document, Passage
from evals.scorers import RETRIEVED
from index.encode import Vectors
from index.words import terms

_PATIENCE = 120.0
_PIECE, _OVERLAP = 1000, 200
_COSINE = 0.5
_K1, _B = 1.2, 0.75


class System(Protocol):
    """Answers questions. `name` says what it is."""

    @property
    def name(self) -> str: ...

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        """Raises UserError where there is no answer to be had."""
        ...

    def retrieve(self, answer: Answer) -> list[Passage] | None:
        """The passages that were found for an answer, best first; None where that cannot be looked at."""
        ...


@dataclass(frozen=True, slots=True)
class Local:
    """The assistant over the index here."""

    assistant: Assistant
    name: str = "assistant"

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        return self.assistant.ask(question, history)

    def retrieve(self, answer: Answer) -> list[Passage] | None:
        return [hit.passage for hit in self.assistant.snapshot.search(answer.standalone_question, RETRIEVED)]


@dataclass(frozen=True, slots=True)
class Remote:
    """The assistant that a server runs: `assistant chat` at an address."""

    address: str

    @property
    def name(self) -> str:
        return f"assistant at {self.address}"

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        asked = {"question": question, "history": [{"role": turn.role, "content": turn.content} for turn in history]}
        request = Request(  # noqa: S310 - the address is checked where it is given
            f"{self.address.rstrip('/')}/api/ask", json.dumps(asked).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urlopen(request, timeout=_PATIENCE) as response:  # noqa: S310
                return answer_of(json.load(response))
        except HTTPError as error:
            with error:
                said = error.read(500).decode("utf-8", "replace")
            raise UserError(f"{self.address} answered {error.code}: {said}") from error
        except (URLError, TimeoutError, ConnectionError) as error:
            raise UserError(f"{self.address} cannot be reached ({error}): start `assistant chat` there.") from error
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"{self.address} gave no answer record ({error}): is it this program?") from error

    def retrieve(self, answer: Answer) -> list[Passage] | None:  # noqa: ARG002 - it cannot be looked at from here
        return None


class BestSentence:
    """The sentence with the highest BM25 score (Robertson and Zaragoza 2009), over all sentences, always."""

    name = "bm25 best sentence"

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._spans: list[tuple[Document, Span]] = [
            (document, span) for document in _documents(assistant) for span in sentences(document.text)
        ]
        self._terms = [terms(document.text[slice(*span)], document.language) for document, span in self._spans]
        self._average = float(np.mean([len(found) for found in self._terms])) if self._terms else 0.0

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:  # noqa: ARG002 - it has no memory
        started = perf_counter()
        scores = self._scores(terms(question))
        best = int(np.argmax(scores)) if len(scores) else -1
        if best < 0 or scores[best] <= 0:
            return _refusal(self._assistant, question, 0.0, started)
        confidence = float(scores[best] / (scores[best] + 10.0))
        return _quotation(self._assistant, question, *self._spans[best], confidence, started)

    def retrieve(self, answer: Answer) -> list[Passage] | None:  # noqa: ARG002 - it ranks sentences, not passages
        return None

    def _scores(self, wanted: Sequence[str]) -> np.ndarray:
        total = len(self._terms)
        scores = np.zeros(total)
        for term in dict.fromkeys(wanted):
            counts = np.array([found.count(term) for found in self._terms])
            holding = int((counts > 0).sum())
            idf = np.log(1 + (total - holding + 0.5) / (holding + 0.5))
            lengths = np.array([len(found) for found in self._terms]) / (self._average or 1.0)
            scores += idf * counts / (counts + _K1 * (1 - _B + _B * lengths))
        return scores


class Tutorial:
    """Fixed pieces, the nearest by cosine, answered above a threshold: what tutorials build, without their model."""

    name = "tutorial pipeline"

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._pieces = [
            (document, (start, min(len(document.text), start + _PIECE)))
            for document in _documents(assistant)
            for start in range(0, max(1, len(document.text) - _OVERLAP), _PIECE - _OVERLAP)
        ]
        self._vectors = self._encoded([document.text[slice(*span)] for document, span in self._pieces])

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:  # noqa: ARG002 - it has no memory
        started = perf_counter()
        similarities = self._vectors @ self._encoded([question])[0]
        best = int(np.argmax(similarities))
        confidence = float(np.clip(similarities[best], 0.0, 1.0))
        if confidence < _COSINE:
            return _refusal(self._assistant, question, confidence, started)
        return _quotation(self._assistant, question, *self._pieces[best], confidence, started)

    def retrieve(self, answer: Answer) -> list[Passage] | None:  # noqa: ARG002 - its pieces are no passages
        return None

    def _encoded(self, texts: Sequence[str]) -> Vectors:
        return self._assistant.snapshot.encoder.encode(texts)


REFERENCES: dict[str, Any] = {"bm25": BestSentence, "tutorial": Tutorial}


def _documents(assistant: Assistant) -> list[Document]:
    return [assistant.snapshot.document(info.id) for info in assistant.documents]


def _refusal(assistant: Assistant, question: str, confidence: float, started: float) -> Answer:
    seconds = round(perf_counter() - started, 4)
    return Answer(
        id=None, question=question, standalone_question=question, outcome="not_found", reason="not_in_documents",
        mode="extractive", language="en", text="", confidence=round(confidence, 4), sentences=(), citations=(),
        nearest=(), index_version=assistant.index_version, seconds={"total": seconds},
    )  # fmt: skip


def _quotation(
    assistant: Assistant, question: str, document: Document, span: Span, confidence: float, started: float
) -> Answer:
    citation = cite(1, document, *span)
    return replace(
        _refusal(assistant, question, confidence, started),
        outcome="answered",
        reason=None,
        text=citation.quote,
        sentences=(Sentence(citation.quote, "verbatim", (1,)),),
        citations=(citation,),
    )
