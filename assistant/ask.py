"""START HERE: a question in, an `Answer` out.

    understand → search → gate → refuse, or define or extract → Answer

Every quotation is cut out of a document by its offsets, so it is verbatim by construction.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from time import perf_counter

from assistant.citations import cite
from assistant.define import defining_span
from assistant.extract import Evidence, choose, gather
from assistant.gate import Gate, load_gate, reason
from assistant.language import plain
from assistant.question import check_question, understand
from assistant.registry import Registry
from assistant.types import Answer, Citation, Mode, Query, Sentence, Turn
from corpus.spans import Span, sentences, trim
from corpus.types import Document, DocumentInfo, Passage, Refused
from index.search import Snapshot
from index.words import terms

# A registry's term is asked for or it is not; what remains is the question read wrongly.
_SURE = 0.99
_CORRECTED = 0.95
_DEFINED_IN_TEXT = 0.9
_UNDEFINED = 0.05
_NEAREST = 3
_MESSAGES = Path(__file__).with_name("messages.toml")


@dataclass(frozen=True, slots=True)
class Assistant:
    """Answers questions from one snapshot of the index. Holds no conversation: history comes in."""

    snapshot: Snapshot
    registry: Registry
    gate: Gate
    contact: str | None = None

    @classmethod
    def over(cls, snapshot: Snapshot, contact: str | None = None) -> Assistant:
        """The assistant over a snapshot, with the gate that ships with the project."""
        registry = Registry(snapshot.state.definitions, snapshot.frequency)
        return cls(snapshot, registry, load_gate(), contact)

    def ask(self, question: str, history: Sequence[Turn] = (), id: str | int | None = None) -> Answer:
        """The answer to a question. Raises UserError where there is no question to answer."""
        started = perf_counter()
        check_question(question)
        query = understand(question, history, self.registry, self.snapshot)
        draft = self._route(query)
        total = perf_counter() - started
        seconds = {"retrieve": draft.seconds["retrieve"], "answer": total - draft.seconds["retrieve"], "total": total}
        return replace(draft, id=id, seconds={name: round(value, 4) for name, value in seconds.items()})

    def unanswerable(self, question: str, problem: str, id: str | int | None = None) -> Answer:
        """The record for what was no question that can be answered; `problem` says why in words."""
        draft = self._refuse(Query(question, question, "none", "en"), "no_question", 0.0, ())
        return replace(draft, id=id, text=problem, seconds={"retrieve": 0.0, "answer": 0.0, "total": 0.0})

    @property
    def documents(self) -> Sequence[DocumentInfo]:
        return self.snapshot.state.documents

    def document(self, document_id: str) -> Document | None:
        """A document with its text; None where the index has none with this id."""
        try:
            return self.snapshot.document(document_id)
        except KeyError:
            return None

    @property
    def refused(self) -> Sequence[Refused]:
        return self.snapshot.state.refused

    @property
    def index_version(self) -> str:
        return self.snapshot.manifest.version

    @property
    def passage_count(self) -> int:
        return self.snapshot.passage_count

    @property
    def notice(self) -> str | None:
        """What is wrong with a newer index, where an older one has to serve."""
        return self.snapshot.notice

    @property
    def examples(self) -> list[str]:
        """Questions that the documents answer, as the registry gives them."""
        return [definition.question for definition in self.registry.definitions if definition.question]

    def context(self, citation: Citation) -> Span:
        """The span of the section around a citation; wider where the citation is."""
        document = self.snapshot.document(citation.document_id)
        section = document.section_at(citation.start)
        start, end = trim(document.text, section.start, section.end)
        return min(start, citation.start), max(end, citation.end)

    def _route(self, query: Query) -> Answer:
        if query.kind == "smalltalk":
            return self._refuse(query, "smalltalk", 0.0, ())
        if not self.snapshot.passage_count:
            return self._refuse(query, "empty_index", 0.0, ())
        if query.definition:
            return self._define(query)
        if query.kind == "expansion":
            return self._expand(query)
        started = perf_counter()
        evidence = gather(self.snapshot, query.standalone, query.language)
        retrieve = perf_counter() - started
        draft = self._define_in_text(query, evidence) if query.term else self._extract(query, evidence)
        return replace(draft, seconds={"retrieve": retrieve})

    def _define(self, query: Query) -> Answer:
        definition = next(d for d in self.registry.definitions if d.term == query.definition)
        confidence = _SURE if query.standalone == " ".join(query.question.split()) else _CORRECTED
        document = self.snapshot.document(definition.document_id)
        return self._quote(query, "definition", [(document, (definition.start, definition.end))], confidence)

    def _expand(self, query: Query) -> Answer:
        term = query.term or ""
        acronym = self.snapshot.acronyms.find(term)
        if acronym is None:
            return self._refuse(query, "acronym_not_expanded", _UNDEFINED, self._mentions(term))
        document = self.snapshot.document(acronym.document_id)
        around = document.section_at(acronym.start)
        spans = sentences(document.text, around.start, around.end)
        span = next(span for span in spans if span[0] <= acronym.start < span[1])
        return self._quote(query, "extractive", [(document, span)], _DEFINED_IN_TEXT)

    def _define_in_text(self, query: Query, evidence: Evidence) -> Answer:
        """A term that the registry lacks: the sentence that defines it, or an honest refusal."""
        term = query.term or ""
        for passage in _passages_first(evidence, self._mentions(term)):
            document = self.snapshot.document(passage.document_id)
            if span := defining_span(document, passage, term):
                return self._quote(query, "extractive", [(document, span)], _DEFINED_IN_TEXT)
        acronym = self.snapshot.acronyms.find(term)
        if acronym and plain(acronym.long) != plain(term):
            if found := self.registry.find(acronym.long):
                return self._define(replace(query, definition=found.definition.term))
            return self._define_in_text(replace(query, term=acronym.long), evidence)
        mentions = self._mentions(term)
        why = "term_only_mentioned" if mentions else "term_not_defined"
        return self._refuse(query, why, _UNDEFINED, mentions or [hit.passage for hit in evidence.hits])

    def _extract(self, query: Query, evidence: Evidence) -> Answer:
        confidence = self.gate.confidence(evidence)
        if confidence < self.gate.threshold:
            return self._refuse(query, reason(evidence), confidence, (), evidence)
        chosen = [(candidate.document, candidate.span) for candidate in choose(evidence.candidates)]
        return self._quote(query, "extractive", chosen, confidence)

    def _quote(self, query: Query, mode: Mode, spans: Sequence[tuple[Document, Span]], confidence: float) -> Answer:
        """An answer made of spans of documents, a citation for each."""
        citations = tuple(cite(number, document, *span) for number, (document, span) in enumerate(spans, 1))
        quoted = tuple(
            Sentence(document.text[start:end], "verbatim", (number,))
            for number, (document, span) in enumerate(spans, 1)
            for start, end in sentences(document.text, *span)
        )
        text = "\n\n".join(f"{citation.quote} [{citation.number}]" for citation in citations)
        answer = self._blank(query, text, confidence)
        return replace(answer, outcome="answered", mode=mode, sentences=quoted, citations=citations)

    def _refuse(
        self, query: Query, why: str, confidence: float, passages: Sequence[Passage], evidence: Evidence | None = None
    ) -> Answer:
        """A refusal with its reason and the nearest passages, in the shape of citations."""
        answer = self._blank(query, self._in_words(why, query, evidence), confidence)
        return replace(answer, reason=why, nearest=self._nearest(query, passages, evidence))

    def _blank(self, query: Query, text: str, confidence: float) -> Answer:
        """A record that says `text` and cites nothing, for the two kinds of answer to fill in."""
        return Answer(
            id=None,
            question=query.question,
            standalone_question=query.standalone,
            outcome="not_found",
            reason=None,
            mode="extractive",
            language=query.language,
            text=text,
            confidence=round(confidence, 4),
            sentences=(),
            citations=(),
            nearest=(),
            index_version=self.index_version,
            seconds={"retrieve": 0.0},
        )

    def _in_words(self, why: str, query: Query, evidence: Evidence | None) -> str:
        messages = _messages()
        names = ", ".join(evidence.unknown_names) if evidence else ""
        parts = [messages["reasons"][why].format(term=query.term, names=names)]
        if self.contact and why != "smalltalk":
            parts.append(messages["frame"]["contact"].format(contact=self.contact))
        return " ".join(parts)

    def _nearest(self, query: Query, passages: Sequence[Passage], evidence: Evidence | None) -> tuple[Citation, ...]:
        """The sentences nearest to the question, or those that mention its term."""
        if evidence:
            spans = [(candidate.document, candidate.span) for candidate in evidence.candidates]
        else:
            spans = [
                (self.snapshot.document(passage.document_id), self._mention_in(passage, query.term or ""))
                for passage in passages
            ]
        return tuple(cite(number, document, *span) for number, (document, span) in enumerate(spans[:_NEAREST], 1))

    def _mentions(self, term: str) -> list[Passage]:
        """The passages that hold a term, in the order in which search ranks them."""
        return [hit.passage for hit in self.snapshot.search(term) if self._mention(hit.passage, term)]

    def _mention_in(self, passage: Passage, term: str) -> Span:
        return self._mention(passage, term) or (passage.start, passage.end)

    def _mention(self, passage: Passage, term: str) -> Span | None:
        """The sentence of a passage that holds a term in any form, headings last."""
        document = self.snapshot.document(passage.document_id)
        wanted = terms(term, document.language)
        spans = [
            span
            for span in sentences(document.text, passage.start, passage.end)
            if _holds(terms(document.text[slice(*span)], document.language), wanted)
        ]
        return max(spans, key=lambda span: (span[0] != passage.start, -span[0])) if spans else None


def _holds(text: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the wanted terms stand in a text's terms one after the other."""
    width = len(wanted)
    return width > 0 and any(text[at : at + width] == wanted for at in range(len(text) - width + 1))


def _passages_first(evidence: Evidence, mentions: Sequence[Passage]) -> list[Passage]:
    return list(dict.fromkeys([*mentions, *(hit.passage for hit in evidence.hits)]))


@cache
def _messages() -> dict[str, dict[str, str]]:
    return tomllib.loads(_MESSAGES.read_text(encoding="utf-8"))
