"""START HERE: a question in, an `Answer` out.

    understand → search → gate → refuse, or define or extract, or have a model write → Answer

Every quotation is cut out of a document by its offsets, so it is verbatim by construction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from assistant.calibration import Calibration, calibration_for
from assistant.check import check_wording
from assistant.citations import cite
from assistant.contrast import only_in
from assistant.define import defining_span
from assistant.extract import (
    Candidate,
    Evidence,
    choose,
    disagreeing,
    gather,
    in_context,
    is_tainted,
    marked,
    passages_for,
)
from assistant.gate import confidence as confidence_of
from assistant.gate import contradicts, reason, tells_only_of_before
from assistant.language import plain, whole_word
from assistant.lists import Listing, asks_for_list, introduces, whole_list
from assistant.material import Material
from assistant.messages import differences_in_words, messages, verdict_in_words
from assistant.originals import Original, find_original
from assistant.question import check_question, understand, without_article
from assistant.registry import Registry
from assistant.translate import ENGLISH, understood
from assistant.types import Answer, Checked, Citation, Done, Event, Mode, Query, Sentence, Status, Turn
from assistant.write import Session, Writer
from corpus.definitions import CURRENT, names_of
from corpus.errors import UserError
from corpus.spans import Span, paragraph_at, sentences, trim
from corpus.types import Definition, Document, DocumentInfo, Drifted, Passage, Refused
from index.reader import Reader
from index.search import Hit, Snapshot
from index.tracing import span
from index.words import terms

# A registry's term is asked for or it is not; what remains is the question read wrongly.
_SURE = 0.99
_CORRECTED = 0.95
_DEFINED_IN_TEXT = 0.9
_NAMED_IN_TEXT = 0.8
_UNDEFINED = 0.05
_UNASKED = 0.01
_NEAREST = 3
# Verdicts of which the differences say something.
_WORD_BY_WORD = ("altered", "truncated", "extended")
_MOST_WORDS = 0.5
# Sentences this nearly as probable as the best one are cited with it.
_NEAR_BEST = 0.6
_MOST_SENTENCES = 3
_MOST_DEFINITIONS = 3


@dataclass(frozen=True, slots=True)
class Assistant:
    """Answers questions from one snapshot of the index. Holds no conversation: history comes in."""

    snapshot: Snapshot
    registry: Registry
    calibration: Calibration
    reader: Reader | None = None
    contact: str | None = None
    remark: str | None = None
    writer: Writer | None = None
    corpus: Path | None = None

    @classmethod
    def over(
        cls,
        snapshot: Snapshot,
        contact: str | None = None,
        reader: Reader | None = None,
        index_folder: Path | None = None,
        calibration: Calibration | None = None,
        writer: Writer | None = None,
        corpus: Path | None = None,
    ) -> Assistant:
        """The assistant over a snapshot, with the calibration beside its index, by default the one that ships."""
        registry = Registry(snapshot.state.definitions, snapshot.frequency)
        remark = None
        if calibration is None:
            calibration, remark = calibration_for(index_folder or snapshot.folder, snapshot.encoder.name)
        if reader is not None and not reader.is_prepared():
            remark = remark or "The reader is left out: its graph is missing or old; `assistant index build` makes it."
            reader = None
        if reader is not None and reader.name != calibration.reader:
            remark = remark or (
                f"The reader {reader.name} is left out: ranking and gate were fitted with "
                f"{calibration.reader or 'none'}; `assistant evals calibrate SET` fits them with it."
            )
            reader = None
        return cls(snapshot, registry, calibration, reader, contact, remark, writer, corpus)

    def ask(
        self, question: str, history: Sequence[Turn] = (), id: str | int | None = None, *, literally: bool = False
    ) -> Answer:
        """The answer to a question. Raises UserError where there is no question to answer.

        `literally`: the question is searched for in its own words, no topic put in and no spelling corrected.
        """
        done = list(self.stream(question, history, id, literally=literally))[-1]
        assert isinstance(done, Done)  # noqa: S101 - the last event, always
        return done.answer

    def stream(
        self, question: str, history: Sequence[Turn] = (), id: str | int | None = None, *, literally: bool = False
    ) -> Iterator[Event]:
        """The answer as it comes about, `Done` last. Raises UserError where there is no question to answer.

        Closing the generator stops what is under way, a request at a model's server too.
        """
        started = perf_counter()
        check_question(question)
        yield Status("searching")
        session = self.writer.session(self.index_version) if self.writer else None
        # Around what yields nothing: who reads the answer may do so in another thread.
        with span("compose") as told:
            query = self._understood(question, history, session, literally=literally)
            draft = self._route(query)
            told.set(kind=query.kind, outcome=draft.outcome, language=query.language)
        retrieved = perf_counter() - started
        if session and self._is_for_the_model(query, draft):
            draft = yield from session.write(self._material(query, draft, session))
        if draft.mode != "model":
            yield from (Checked(sentence, number) for number, sentence in enumerate(draft.sentences))
        total = perf_counter() - started
        seconds = {"retrieve": retrieved, "answer": total - retrieved, "total": total}
        yield Done(replace(draft, id=id, seconds={name: round(value, 4) for name, value in seconds.items()}))

    def without_model(self) -> Assistant:
        """The same assistant, which asks no language model."""
        return replace(self, writer=None)

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

    def original(self, document: DocumentInfo) -> Original:
        """The file that a document was read from. Raises UserError where it cannot be handed out."""
        return find_original(self.corpus, self.snapshot.state.files, document)

    @property
    def refused(self) -> Sequence[Refused]:
        return self.snapshot.state.refused

    @property
    def drifted(self) -> Sequence[Drifted]:
        """The definitions whose wording their documents no longer have."""
        return self.snapshot.state.drifted

    @property
    def index_version(self) -> str:
        return self.snapshot.manifest.version

    @property
    def configuration(self) -> str:
        """What answers are made with, besides the index: the names of the models."""
        reader = self.reader.name if self.reader else "none"
        made_with = f"encoder {self.snapshot.encoder.name}, reader {reader}"
        return f"{made_with}, model {self.writer.configuration}" if self.writer else made_with

    @property
    def passage_count(self) -> int:
        return self.snapshot.passage_count

    @property
    def notice(self) -> str | None:
        """What is wrong with a newer index, where an older one has to serve, or with the calibration."""
        return self.snapshot.notice or self.remark

    @property
    def model(self) -> Mapping[str, Any] | None:
        """The language model that writes, its configuration's digest, and how it does; None where none does."""
        return self.writer.state if self.writer else None

    @property
    def examples(self) -> list[str]:
        """Questions that the documents answer, as the registry gives them."""
        return [definition.question for definition in self.registry.definitions if definition.question]

    def search(self, words: str, limit: int) -> list[Hit]:
        """The passages nearest to some words, best first."""
        return self.snapshot.search(words, limit)

    def joined(self, passage: Passage) -> Span:
        """The span of a passage with its neighbours that hold the rest of a definition or a list."""
        together = self.snapshot.joined(passage)
        return together[0].start, together[-1].end

    def mentions(self, term: str) -> tuple[Citation, ...]:
        """The places at which the documents mention a term, in the order in which search ranks them."""
        found = [(self.snapshot.document(one.document_id), self._mention_in(one, term)) for one in self._mentions(term)]
        return tuple(cite(number, document, *span) for number, (document, span) in enumerate(found, 1))

    def context(self, citation: Citation) -> Span:
        """The span of the section around a citation; wider where the citation is."""
        document = self.snapshot.document(citation.document_id)
        section = document.section_at(citation.start)
        start, end = trim(document.text, section.start, section.end)
        return min(start, citation.start), max(end, citation.end)

    def _understood(self, question: str, history: Sequence[Turn], session: Session | None, *, literally: bool) -> Query:
        """The query behind a question; a follow-up put by the model, where there is one and it is needed."""
        query = understand(question, history, self.registry, self.snapshot, literally=literally)
        if session is None or literally or not history or query.kind != "question" or query.definition:
            return query
        said = session.standalone(question, history)
        if said is None:
            return query
        return replace(understand(said, (), self.registry, self.snapshot), question=question, language=query.language)

    def _is_for_the_model(self, query: Query, draft: Answer) -> bool:
        """Whether a model is asked: canonical wordings are not its business, nor what is far from the
        documents, nor a draft that says more than it could."""
        assert self.writer is not None  # noqa: S101 - asked only where there is one
        if draft.mode != "extractive" or draft.confidence < self.writer.lowest or _says_more(draft):
            return False
        parts = query.parts if query.kind == "compound" else (query,)
        plain = all(part.kind == "question" and not part.definition and not part.term for part in parts)
        return plain and not query.definition and not query.term

    def _material(self, query: Query, draft: Answer, session: Session) -> Material:
        languages = self.snapshot.languages
        foreign = query.language not in languages and bool(languages)
        said = session.translated(query.standalone, languages[0]) if foreign else None
        asked = replace(query, standalone=said, language=languages[0], forms=()) if said else query
        evidence = self._gather(asked)
        documents = {hit.passage.document_id: self.snapshot.document(hit.passage.document_id) for hit in evidence.hits}
        return Material(query, asked.standalone, asked.language, draft, evidence, documents, is_foreign=foreign)

    def _route(self, query: Query) -> Answer:
        if query.kind in ("smalltalk", "outside"):
            return self._refuse(query, "smalltalk" if query.kind == "smalltalk" else "outside_job", _UNASKED, ())
        if not self.snapshot.passage_count:
            return self._refuse(query, "empty_index", 0.0, ())
        if query.kind == "check":
            return self._check(query)
        if query.definition:
            return self._define(query)
        if query.kind == "expansion":
            return self._expand(query)
        if query.kind == "comparison":
            return self._compare(query)
        if query.kind == "name":
            return self._tell_of(query)
        if query.kind == "compound":
            return self._answer_parts(query)
        return self._define_in_text(query) if query.term else self._extract(query)

    def _compare(self, query: Query) -> Answer:
        """Both sides quoted, each with its own sentences."""
        named = [self.registry.mentioned(side) for side in query.sides]
        found = [one[1] for one in named if one]
        if len(found) == len(query.sides):
            if len({one.term for one in found}) == 1:
                return self._define(replace(query, definition=found[0].term))
            spans = [span for one in found for span in self._of_definition(query, one)]
            answer = self._quote(query, "extractive", spans, _DEFINED_IN_TEXT)
            return (
                answer if query.aspect else self._contrasted(answer, [name for one in found for name in names_of(one)])
            )
        drafts = [self._route(self._side(query, side)) for side in query.sides]
        if all(draft.citations for draft in drafts):
            return self._joined(query, query.sides, drafts)
        return self._extract(query)

    def _contrasted(self, answer: Answer, names: Sequence[str]) -> Answer:
        """Two quoted sides, each with what only it mentions beside the `names` of both."""
        first, second, *more = answer.citations
        if more:
            return answer
        said = messages(answer.language)["frame"]["only_here"]
        parts = []
        for one, other in ((first, second), (second, first)):
            parts.append(f"{one.quote} [{one.number}]")
            language = self.snapshot.document(one.document_id).language
            if words := only_in(one.quote, " ".join((other.quote, *names)), language):
                parts.append(said.format(words=" · ".join(words)))
        return replace(answer, text="\n\n".join(parts))

    def _side(self, query: Query, side: str) -> Query:
        """The question that a comparison asks about one of its sides."""
        if query.aspect:
            return replace(query, kind="question", standalone=f"{query.aspect} ({side})?", sides=(), aspect=None)
        if named := self.registry.mentioned(side):
            return replace(query, kind="definition", definition=named[1].term)
        return replace(query, kind="definition", term=without_article(side), standalone=f"what is {side}?")

    def _of_definition(self, query: Query, definition: Definition) -> list[tuple[Document, Span]]:
        """A definition, or its sentence that tells what was asked of both sides of a comparison."""
        document = self.snapshot.document(definition.document_id)
        whole = (definition.start, definition.end)
        if not query.aspect:
            return [(document, whole)]
        evidence = self._gather(self._side(query, definition.term))
        inside = [
            one for one in evidence.candidates
            if one.document.id == document.id and whole[0] <= one.span[0] and one.span[1] <= whole[1]
        ]  # fmt: skip
        return [(document, inside[0].span if inside else whole)]

    def _tell_of(self, query: Query) -> Answer:
        """What the documents say of somebody or something that they name."""
        term = query.term or ""
        evidence = self._gather(query)
        wanted = terms(term, "en")
        naming = [one for one in evidence.candidates if _holds(terms(one.text, one.document.language), wanted)]
        if not naming:
            return self._extract(query)
        defining = self._defining(term, [hit.passage for hit in evidence.hits])
        chosen = [(one.document, one.span) for one in naming[:_MOST_SENTENCES]]
        return self._quote(query, "extractive", (defining or chosen)[:_MOST_SENTENCES], _NAMED_IN_TEXT)

    def _answer_parts(self, query: Query) -> Answer:
        """Every question that a message asks; what the documents do not answer of it is said."""
        drafts = [self._route(part) for part in query.parts]
        if not any(draft.citations for draft in drafts):
            whole = self._extract(replace(query, kind="question"))
            best = max([*drafts, whole], key=lambda draft: draft.confidence)
            return whole if whole.citations else replace(whole, confidence=best.confidence)
        return self._joined(query, [part.question for part in query.parts], drafts)

    def _joined(self, query: Query, asked: Sequence[str], drafts: Sequence[Answer]) -> Answer:
        """Answers to parts of a question as one answer, partial where one of them is a refusal."""
        spans = {
            (citation.document_id, (citation.start, citation.end)): None
            for draft in drafts
            for citation in draft.citations
        }
        places = _distinct((self.snapshot.document(document), span) for document, span in spans)
        mode: Mode = "definition" if all(draft.mode == "definition" for draft in drafts) else "extractive"
        answer = self._quote(query, mode, places, max(draft.confidence for draft in drafts))
        missing = [part for part, draft in zip(asked, drafts, strict=True) if not draft.citations]
        if not missing:
            return answer
        said = messages(query.language)["frame"]["part_missing"]
        text = "\n\n".join([answer.text, *(said.format(question=part.strip()) for part in missing)])
        return replace(answer, outcome="partial", text=text)

    def _gather(self, query: Query) -> Evidence:
        return gather(
            self.snapshot, query.standalone, query.language, query.forms, self.calibration.ranker, self.reader
        )

    def _define(self, query: Query) -> Answer:
        first, *others = self._wordings_for(query)
        confidence = _SURE if query.standalone == " ".join(query.question.split()) else _CORRECTED
        places = [(self.snapshot.document(one.document_id), (one.start, one.end)) for one in (first, *others)]
        answer = self._quote(query, "definition", places, confidence)
        if not others:
            return answer
        said = messages(query.language)["check"]["other_body"]
        parts = [f"{answer.citations[0].quote} [1]"]
        for other, citation in zip(others, answer.citations[1:], strict=True):
            parts += [said.format(body=other.body), f"{citation.quote} [{citation.number}]"]
        return replace(answer, text="\n\n".join(parts))

    def _wordings_for(self, query: Query) -> list[Definition]:
        """The wordings of a term that are in force: our own body's first, or that of the body that is named."""
        current = [one for one in self.registry.versions(query.definition or "") if one.status == CURRENT]
        known = current or list(self.registry.versions(query.definition or ""))[:1]
        asked = [one for one in known if re.search(whole_word(plain(one.body)), plain(query.standalone))]
        return [*asked, *(one for one in known if one not in asked)]

    def _check(self, query: Query) -> Answer:
        """Whether a quoted text still has a canonical wording, with that wording and the differences."""
        if query.quoted is None:
            asking = messages(query.language)["frame"]["which_text"]
            return replace(self._refuse(query, "no_question", _UNASKED, ()), text=asking)
        try:
            found = check_wording(self, query.quoted, query.definition)
        except UserError:
            return self._route(query.parts[0])
        if found.verdict == "unrelated" and query.definition is None:
            return self._route(query.parts[0])
        shown = [found.definition] if found.match is None else [found.match, found.definition]
        places = [(self.snapshot.document(one.document_id), (one.start, one.end)) for one in shown]
        answer = self._quote(query, "definition", places, _SURE)
        quotes = [f"{one.quote} [{one.number}]" for one in answer.citations]
        told = differences_in_words(found, query.language) if found.verdict in _WORD_BY_WORD else []
        # The wording asked for stands last.
        lead = [messages(query.language)["check"]["canonical"]] if found.match else []
        lines = [verdict_in_words(found, query.language), *quotes[:-1], *lead, quotes[-1], *told]
        return replace(answer, text="\n\n".join(lines))

    def _expand(self, query: Query) -> Answer:
        term = query.term or ""
        acronym = self.snapshot.acronyms.find(term)
        if acronym is None:
            return self._refuse(query, "acronym_not_expanded", _UNDEFINED, self._mentions(term))
        document = self.snapshot.document(acronym.document_id)
        around = document.section_at(acronym.start)
        spans = sentences(document.text, *paragraph_at(document.text, acronym.start, around.start, around.end))
        span = next(span for span in spans if span[0] <= acronym.start < span[1])
        if is_tainted(document, span):
            return self._refuse(query, "acronym_not_expanded", _UNDEFINED, ())
        return self._quote(query, "extractive", [(document, span)], _DEFINED_IN_TEXT)

    def _define_in_text(self, query: Query) -> Answer:
        """A term that the registry lacks: the sentences that define it, or an honest refusal."""
        term = query.term or ""
        mentions = self._mentions(term)
        found = passages_for(self.snapshot, query.standalone, query.language, query.forms)
        spans = self._defining(term, [*mentions, *found])
        if spans:
            return self._quote(query, "extractive", spans, _DEFINED_IN_TEXT)
        acronym = self.snapshot.acronyms.find(term)
        if acronym and plain(acronym.long) != plain(term):
            if known := self.registry.find(acronym.long):
                return self._define(replace(query, definition=known.definition.term))
            return self._define_in_text(replace(query, term=acronym.long))
        why = "term_only_mentioned" if mentions else "term_not_defined"
        return self._refuse(query, why, _UNDEFINED, mentions or found)

    def _defining(self, term: str, passages: Sequence[Passage]) -> list[tuple[Document, Span]]:
        """Where documents define a term, at most one place in each: bodies that define it each their own way."""
        found: dict[str, tuple[Document, Span]] = {}
        for passage in dict.fromkeys(passages):
            document = self.snapshot.document(passage.document_id)
            span = defining_span(document, passage, term) if document.id not in found else None
            if span and not is_tainted(document, span):
                found[document.id] = (document, span)
        return list(found.values())[:_MOST_DEFINITIONS]

    def _extract(self, query: Query) -> Answer:
        """The sentences that answer, of the way to take the question that the documents answer best."""
        takes = [query, *(replace(query, standalone=reading, forms=()) for reading in query.readings)]
        gathered = [(take, self._gather(take)) for take in takes]
        # Who is named on the way to a question need not be in the documents.
        names = gathered[0][1].unknown_names
        gathered = [(take, replace(evidence, unknown_names=names)) for take, evidence in gathered]
        query, evidence = max(gathered, key=lambda one: confidence_of(one[1], self.calibration))
        confidence = confidence_of(evidence, self.calibration)
        gate = self.calibration.gate(read=evidence.read)
        contradicted = contradicts(query.standalone, evidence) or contradicts(_in_english(query), evidence)
        if tells_only_of_before(_in_english(query), evidence):
            return self._refuse(query, "relation_absent", min(confidence, gate.threshold / 2), (), evidence)
        if confidence < gate.threshold and not contradicted:
            why = reason(evidence) if self._is_understood(query) else "not_understood"
            return self._refuse(query, why, confidence, (), evidence)
        return self._in_sentences(query, evidence, confidence, contradicted=contradicted)

    def _in_sentences(self, query: Query, evidence: Evidence, confidence: float, *, contradicted: bool) -> Answer:
        """The answer in the documents' sentences, with what is to be said of them."""
        candidates = choose(evidence.candidates, share=_NEAR_BEST, most=_MOST_SENTENCES)
        differing = disagreeing(evidence)
        others = [one for one in differing if one not in candidates]
        wanted = asks_for_list(_in_english(query))
        found = [_whole(one, wanted=wanted) for one in [*candidates, *others]]
        chosen = _distinct(place for place, _ in found)
        mark = marked(candidates[0], evidence.expected)
        if mark and not (chosen[0][1][0] <= mark[0] and mark[1] <= chosen[0][1][1]):
            mark = None
        if contradicted:
            confidence = max(confidence, self.calibration.gate(read=evidence.read).threshold)
        answer = self._quote(query, "extractive", chosen, confidence, mark, [one for _, one in found if one])
        frame = messages(query.language)["frame"]
        if contradicted:
            said = f"{frame['documents_say']}\n\n{answer.text}"
            return replace(answer, reason="premise_contradicted", text=said)
        return replace(answer, text=f"{frame['differ']}\n\n{answer.text}") if differing else answer

    def _is_understood(self, query: Query) -> bool:
        """Whether a question is in a language of the documents, or most of its words are known."""
        if query.language == ENGLISH or query.language in self.snapshot.languages:
            return True
        return understood(query.standalone, query.language) >= _MOST_WORDS

    def _quote(
        self,
        query: Query,
        mode: Mode,
        spans: Sequence[tuple[Document, Span]],
        confidence: float,
        mark: Span | None = None,
        listings: Sequence[Listing] = (),
    ) -> Answer:
        """An answer made of spans of documents, a citation for each; `mark` lies in the first of them, and a span
        that is one of the `listings` is told piece by piece."""
        pieces = {(one.document_id, one.span): one.pieces for one in listings}
        citations = tuple(
            cite(number, document, *span, mark=mark if number == 1 else None)
            for number, (document, span) in enumerate(spans, 1)
        )
        quoted = tuple(
            Sentence(document.text[start:end], "verbatim", (number,))
            for number, (document, span) in enumerate(spans, 1)
            for start, end in pieces.get((document.id, span)) or sentences(document.text, *span)
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
        said = messages(query.language)
        names = ", ".join(evidence.unknown_names) if evidence else ""
        parts = [said["reasons"][why].format(term=query.term, names=names)]
        if self.contact and why not in ("smalltalk", "outside_job"):
            parts.append(said["frame"]["contact"].format(contact=self.contact))
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
            if _holds(terms(document.text[slice(*span)], document.language), wanted) and not is_tainted(document, span)
        ]
        return max(spans, key=lambda span: (span[0] != passage.start, -span[0])) if spans else None


def _whole(candidate: Candidate, *, wanted: bool) -> tuple[tuple[Document, Span], Listing | None]:
    """What is quoted for a sentence: all of its list where one is `wanted` or it only introduces one, else the
    sentence in its context."""
    document, span = candidate.document, candidate.span
    found = whole_list(document, span) if wanted or introduces(candidate.text) else None
    if found and not wanted and span[0] != found.span[0]:
        found = None
    return (document, found.span if found else in_context(document, span)), found


def _says_more(draft: Answer) -> bool:
    """Whether a draft tells what its quotations do not: a part that is missing, a wrong premise, documents that
    differ. A model's sentences would lose it."""
    differing = draft.text.startswith(messages(draft.language)["frame"]["differ"])
    return draft.outcome == "partial" or draft.reason == "premise_contradicted" or differing


def _in_english(query: Query) -> str:
    return next((form.text for form in query.forms if form.language == ENGLISH), query.standalone)


def _holds(text: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the wanted terms stand in a text's terms one after the other."""
    width = len(wanted)
    return width > 0 and any(text[at : at + width] == wanted for at in range(len(text) - width + 1))


def _distinct(spans: Iterable[tuple[Document, Span]]) -> list[tuple[Document, Span]]:
    """Spans of documents, in order, without those that lie in another one."""
    documents: dict[str, Document] = {}
    found: dict[tuple[str, Span], None] = {}
    for document, place in spans:
        documents[document.id] = document
        found[document.id, place] = None
    kept = [one for one in found if not any(_inside(one, other) for other in found if other != one)]
    return [(documents[identifier], span) for identifier, span in kept]


def _inside(one: tuple[str, Span], other: tuple[str, Span]) -> bool:
    """Whether a span of a document lies in another one."""
    return one[0] == other[0] and other[1][0] <= one[1][0] and one[1][1] <= other[1][1]
