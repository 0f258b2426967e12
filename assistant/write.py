"""An answer that a language model writes, of which nothing reaches a member unverified.

    passages → model → claims → verified, sentence by sentence → repaired once → removed → Answer

Wherever that ends in nothing, or the server fails, the answer without the model is given, with one line
that says so. `Writer` is made once; a `Session` is one question, with its limits of time and calls.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from assistant import prompts, unofficial
from assistant.citations import cite
from assistant.claim import Claim, whole
from assistant.drafts import Written, claims_so_far, draft_so_far, read_reply
from assistant.extract import Evidence, is_tainted
from assistant.language import detect, tables
from assistant.messages import model_notice
from assistant.model import Form, Message, ModelError, Piece
from assistant.native import documents
from assistant.relevance import answers
from assistant.replies import Replies, digest
from assistant.types import Answer, Checked, Draft, Event, Query, Sentence, Status, Turn
from assistant.verify.grounds import Ground, Grounds, Verified, verified
from corpus.spans import Span
from corpus.types import Document
from corpus.wording import folded
from index.words import terms, words

log = logging.getLogger(__name__)
_PASSAGES = 6
_LONGEST_PASSAGE = 3000
_TURNS = 6
_LONGEST_QUESTION = 400
# Shorter words are mostly "which", "does" and the like.
_SHORT_WORD = 5
LOWEST = 0.05
"""Below this probability that the documents answer, the model is not asked: `python -m evals.bench_models --lowest`."""


class Chat(Protocol):
    """A model that is asked: `assistant.model.Model`."""

    name: str
    form: Form

    def stream(
        self, messages: Sequence[Message], until: float, schema: Mapping[str, Any] | None = None
    ) -> Iterator[Piece]: ...


@dataclass(slots=True)
class Health:
    """How the model does, for staff: what went wrong last, and when (seconds since 1970).

    `asked` and `failed` count questions, `calls` requests, `removed` sentences.
    """

    asked: int = 0
    calls: int = 0
    failed: int = 0
    removed: int = 0
    trouble: str | None = None
    since: float | None = None

    def note(self, trouble: str | None) -> None:
        self.asked += 1
        if trouble is None:
            self.trouble = self.since = None
            return
        self.failed += 1
        self.trouble, self.since = trouble, time.time()


@dataclass(frozen=True, slots=True)
class Material:
    """What an answer is written from: the question, what was found for it, and the answer without a model.

    `standalone` is the question in `language`, the one of the documents that it is asked in; `is_foreign` says
    that the asker's is none of theirs.
    """

    query: Query
    standalone: str
    language: str
    without: Answer
    evidence: Evidence
    documents: Mapping[str, Document]
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes answers by a model. `seconds` and `calls` are the limits of one question, `url` is the model's address.

    `native`: passages go in as documents in Anthropic's form, and the citations come from the provider.
    """

    model: Chat
    seconds: float = 30.0
    calls: int = 4
    tokens: int = 800
    lowest: float = LOWEST
    native: bool = False
    url: str | None = None
    replies: Replies | None = None
    health: Health = field(default_factory=Health)

    @property
    def configuration(self) -> str:
        """A digest of all that decides how answers come out."""
        told = [
            getattr(prompts, name)
            for name in ("ANSWER", "AS_JSON", "AS_MARKERS", "REPAIR", "STANDALONE", "TRANSLATE", "UNOFFICIAL")
        ]
        told += [prompts.NATIVE, prompts.NATIVE_REPAIR] if self.native else []
        return digest(self.model.name, self.url, self.calls, self.tokens, self.lowest, told, prompts.SCHEMA)[:12]

    @property
    def state(self) -> dict[str, Any]:
        """The model and how it does, for staff."""
        return {"name": self.model.name, "configuration": self.configuration, **asdict(self.health)}

    def session(self, index_version: str) -> Session:
        """A question's worth of asking."""
        return Session(self, index_version, time.monotonic() + self.seconds)


class Session:
    """One question: what is asked of the model for it, within its time and calls."""

    def __init__(self, writer: Writer, index_version: str, until: float) -> None:
        self._writer = writer
        self._index_version = index_version
        self._until = until
        self._calls = 0
        self._failed = False
        self._unkept: tuple[str, str] | None = None

    def standalone(self, question: str, history: Sequence[Turn]) -> str | None:
        """A follow-up as a question of its own; None where the model gives none that the conversation holds."""
        known = set(terms(" ".join([question, *(one.content for one in history)])))
        turns = [prompts.turn(one.role, one.content[-1500:]) for one in history[-_TURNS:]]
        told = "\n".join([*turns, prompts.question(question)])
        # It may put in what was said before, and nothing that was not.
        return self._line(prompts.STANDALONE, told, lambda said: _new_words(said, known) == 0)

    def translated(self, question: str, language: str) -> str | None:
        """A question in a language of the documents; None where the model gives none in it with the same numbers."""
        numbers = _numbers(question)
        return self._line(
            prompts.translate(language),
            prompts.question(question),
            lambda said: _numbers(said) == numbers and _is_in(said, language),
        )

    def write(self, material: Material) -> Generator[Event, None, Answer]:
        """The answer, with its drafts and its checked sentences on the way."""
        if self._failed:
            return _without(material, "not_asked")
        try:
            grounds = _grounds(material)
            if not grounds.by_key:
                return material.without
            yield Status("writing")
            answer = yield from self._written(material, grounds)
        except Exception as error:  # noqa: BLE001 - whatever a reply causes, the member is answered
            self._note(error)
            yield Draft("")
            return _without(material, "not_asked")
        self._writer.health.note(None)
        if answer is None:
            yield Draft("")
            return _without(material, "not_verified")
        return answer

    def _written(self, material: Material, grounds: Grounds) -> Generator[Event, None, Answer | None]:
        """The verified answer; None where nothing is left that answers."""
        messages = _messages(material, grounds, native=self._writer.native)
        checker = _Checker(material, grounds)
        written = yield from self._claims(messages, grounds, checker)
        if written.claims is None:
            raise ModelError(f"The model {self._writer.model.name} replied with nothing that can be read.")
        if not written.found:
            return material.without
        yield Status("checking")
        checked = [checker.check(claim) for claim in written.claims]
        failed = [
            (claim, one) for claim, one in zip(written.claims, checked, strict=True) if one.support == "unsupported"
        ]
        repaired: list[Verified] = []
        if failed and self._calls < self._writer.calls:
            repaired = yield from self._repaired(messages, failed, grounds, checker)
        final = _with_repairs(checked, repaired)
        for number, one in enumerate(final):
            yield Checked(Sentence(one.text, one.support, ()), number)
        answer = self._composed(material, grounds, final)
        if answer is None or not material.is_foreign:
            return answer
        return (yield from self._with_translation(answer, material))

    def _with_translation(self, answer: Answer, material: Material) -> Generator[Event, None, Answer]:
        """The answer with an unofficial translation of its sentences below them, as far as there is one that holds."""
        found = {material.documents[one.document_id].language for one in answer.citations}
        source = found.pop() if len(found) == 1 else ""
        if not unofficial.is_possible(source, answer.language) or self._calls >= self._writer.calls:
            return answer
        told = unofficial.sentences_to_translate(answer)
        asked = "\n".join(prompts.sentence(number, text) for number, text in enumerate(told, 1))
        text = ""
        try:
            for piece in self._pieces([("system", prompts.unofficial(answer.language)), ("human", asked)], None):
                text += piece.text
                yield Status("checking")
        except ModelError as error:
            # What was verified stands without it.
            log.warning("%s", error)
            return answer
        lines = unofficial.lines(text, len(told))
        if lines:
            self._keep()
        whys = {
            number: unofficial.reason_against(line, told[number - 1], source, answer.language)
            for number, line in lines.items()
        }
        for number, why in whys.items():
            if why:
                log.info("A translation of sentence %d is not shown: %s.", number, why)
        return unofficial.translated(answer, {number: line for number, line in lines.items() if whys[number] is None})

    def _claims(self, messages: list[Message], grounds: Grounds, checker: _Checker) -> Generator[Event, None, Written]:
        text, shown, told = "", "", 0
        blocks: list[Mapping[str, Any]] = []
        for piece in self._pieces(messages, self._schema):
            text += piece.text
            blocks += piece.blocks
            draft = draft_so_far(text)
            if draft.startswith(shown) and draft != shown:
                yield Draft(draft[len(shown) :])
                shown = draft
            for number, claim in enumerate(claims_so_far(text)[told:], told):
                told = number + 1
                one = checker.check(claim)
                if one.support != "unsupported":
                    yield Checked(Sentence(one.text, one.support, ()), number)
        return self._read(text, blocks, grounds)

    @property
    def _schema(self) -> Mapping[str, Any] | None:
        """What a reply has to be; a provider that cites by itself writes plain text."""
        return None if self._writer.native else prompts.SCHEMA

    def _read(self, text: str, blocks: Sequence[Mapping[str, Any]], grounds: Grounds) -> Written:
        """A reply as claims, kept where it could be read."""
        written = read_reply(text, blocks, grounds)
        if written.claims is not None:
            self._keep()
        return written

    def _repaired(
        self, messages: list[Message], failed: Sequence[tuple[Claim, Verified]], grounds: Grounds, checker: _Checker
    ) -> Generator[Event, None, list[Verified]]:
        """What the model makes of its failed sentences when it is told why; nothing where that fails too."""
        told = "\n".join(f"- {claim.text} ({one.reason})" for claim, one in failed)
        again = [
            *messages,
            ("ai", "\n".join(claim.text for claim, _ in failed)),
            ("human", (prompts.NATIVE_REPAIR if self._writer.native else prompts.REPAIR).format(failed=told)),
        ]
        text = ""
        blocks: list[Mapping[str, Any]] = []
        try:
            for piece in self._pieces(again, self._schema):
                text += piece.text
                blocks += piece.blocks
                yield Status("checking")
        except ModelError as error:
            # What was verified before stands without it.
            log.warning("%s", error)
            return []
        written = self._read(text, blocks, grounds)
        return [checker.check(claim) for claim in (written.claims or ())[: len(failed)]]

    def _composed(self, material: Material, grounds: Grounds, final: Sequence[Verified]) -> Answer | None:
        kept = [one for one in final if one.support != "unsupported"]
        removed = len(final) - len(kept)
        self._writer.health.removed += removed
        spans = _numbered(kept, grounds)
        found = [(material.documents[document], span) for document, span in spans]
        texts = [f"{document.section_at(span[0]).title} {document.text[slice(*span)]}" for document, span in found]
        fits = answers(material.standalone, material.language, texts, spans, material.evidence, material.without)
        if not kept or not fits:
            return None
        answer = _answer(material, grounds, kept, spans)
        if not removed:
            return answer
        name = "removed_one" if removed == 1 else "removed"
        return replace(answer, notice=model_notice(answer.language, name, removed))

    def _line(self, instructions: str, text: str, is_usable: Callable[[str], bool]) -> str | None:
        """A reply of one short line, kept where it can be used; None where it cannot."""
        try:
            said = "".join(piece.text for piece in self._pieces([("system", instructions), ("human", text)], None))
            line = " ".join(said.split()).strip("\"'“” ")
            if not 0 < len(line) <= _LONGEST_QUESTION or not is_usable(line):
                return None
            self._keep()
        except Exception as error:  # noqa: BLE001 - whatever a reply causes, the member is answered
            self._note(error)
            return None
        return line

    def _pieces(self, messages: list[Message], schema: Mapping[str, Any] | None) -> Iterator[Piece]:
        """A reply as it comes; one that is kept comes at once. One that came is kept by `_keep`, once it was read."""
        writer = self._writer
        self._unkept = None
        key = digest(writer.configuration, self._index_version, messages)
        if writer.replies and (kept := writer.replies.get(key)):
            yield Piece(kept)
            return
        if self._calls >= writer.calls:
            raise ModelError(f"The question has had its {writer.calls} calls of the model.")
        self._calls += 1
        writer.health.calls += 1
        text, has_blocks = "", False
        for piece in writer.model.stream(messages, self._until, schema):
            piece = replace(piece, text=whole(piece.text))
            text += piece.text
            has_blocks = has_blocks or any(block.get("annotations") for block in piece.blocks)
            yield piece
        if not text.strip():
            raise ModelError(f"The model {writer.model.name} gave an empty reply.")
        if not has_blocks:
            self._unkept = key, text

    def _keep(self) -> None:
        if self._writer.replies and self._unkept:
            self._writer.replies.set(*self._unkept)
        self._unkept = None

    def _note(self, error: Exception) -> None:
        """What went wrong, for staff: the model, or else something here, of which the log has the place."""
        self._failed = True
        if isinstance(error, ModelError):
            self._writer.health.note(str(error))
            log.warning("%s The answer without it is given.", error)
            return
        self._writer.health.note(f"The answer of the model could not be worked on ({type(error).__name__}).")
        log.error("A model's answer could not be worked on. The answer without it is given.", exc_info=error)


class _Checker:
    """Checks each claim once: the same sentence is looked at while it comes and at the end."""

    def __init__(self, material: Material, grounds: Grounds) -> None:
        self._material = material
        self._grounds = grounds
        self._known: dict[Claim, Verified] = {}

    def check(self, claim: Claim) -> Verified:
        if claim not in self._known:
            self._known[claim] = self._checked(claim)
        return self._known[claim]

    def _checked(self, claim: Claim) -> Verified:
        found = verified(claim.text, claim.cites, self._grounds)
        for key, span in found.spans:
            document = self._material.documents[self._grounds.by_key[key].document_id]
            if is_tainted(document, span):
                return replace(found, support="unsupported", reason="its passage gives orders to a program")
        return found


def _grounds(material: Material) -> Grounds:
    """The passages found, the best first, each under a key that says nothing of it."""
    found: dict[str, Ground] = {}
    for hit in material.evidence.hits:
        passage = hit.passage
        document = material.documents[passage.document_id]
        key = f"k{digest(material.query.question, passage.id)[:5]}"
        end = min(passage.end, passage.start + _LONGEST_PASSAGE)
        found.setdefault(key, Ground(document.text, passage.start, end, document.id, document.language))
        if len(found) == _PASSAGES:
            break
    return Grounds(found)


def _messages(material: Material, grounds: Grounds, *, native: bool = False) -> list[Message]:
    asked = prompts.question(material.standalone)
    if native:
        passages = {key: one.text[one.start : one.end] for key, one in grounds.by_key.items()}
        return [("system", prompts.NATIVE), ("human", documents(passages, asked))]
    shown = [
        prompts.passage(
            key,
            material.documents[one.document_id].title,
            material.documents[one.document_id].section_at(one.start).title,
            one.text[one.start : one.end],
        )
        for key, one in grounds.by_key.items()
    ]
    told = f"{prompts.ANSWER}\n\n{prompts.AS_JSON}\nIf you cannot reply in JSON: {prompts.AS_MARKERS}"
    return [("system", told), ("human", "\n\n".join([*shown, asked]))]


def _with_repairs(checked: Sequence[Verified], repaired: Sequence[Verified]) -> list[Verified]:
    """Sentences with the repaired ones in the place of those that failed, in order."""
    good = iter([one for one in repaired if one.support != "unsupported"])
    return [next(good, one) if one.support == "unsupported" else one for one in checked]


def _numbered(kept: Sequence[Verified], grounds: Grounds) -> list[tuple[str, Span]]:
    """The spans that sentences rest on, each once, in the order in which they are first needed."""
    found: dict[tuple[str, Span], None] = {}
    for one in kept:
        found.update(dict.fromkeys((grounds.by_key[key].document_id, span) for key, span in one.spans))
    return list(found)


def _answer(
    material: Material, grounds: Grounds, kept: Sequence[Verified], spans: Sequence[tuple[str, Span]]
) -> Answer:
    sentences = []
    seen: set[str] = set()
    for one in kept:
        if folded(one.text) in seen:
            continue
        seen.add(folded(one.text))
        numbers = sorted({spans.index((grounds.by_key[key].document_id, span)) + 1 for key, span in one.spans})
        sentences.append(Sentence(one.text, one.support, tuple(numbers)))
    text = " ".join(f"{one.text} {''.join(f'[{number}]' for number in one.citations)}" for one in sentences)
    citations = tuple(
        cite(number, material.documents[document], *span) for number, (document, span) in enumerate(spans, 1)
    )
    return replace(
        material.without,
        outcome="answered",
        reason=None,
        mode="model",
        text=text,
        sentences=tuple(sentences),
        citations=citations,
        nearest=(),
        notice=None,
    )


def _without(material: Material, why: str) -> Answer:
    return replace(material.without, notice=model_notice(material.without.language, why))


def _numbers(text: str) -> set[str]:
    return {word for word in words(text) if word.isdigit()}


def _is_in(text: str, language: str) -> bool:
    """Whether a text is in a language; of a language without tables that cannot be told."""
    asked = language.partition("-")[0]
    return asked not in tables() or detect(text) == asked


def _new_words(text: str, known: set[str]) -> int:
    """How many words of content a text has that are not known."""
    return sum(len(word) > _SHORT_WORD and not set(terms(word)) <= known for word in words(text))
