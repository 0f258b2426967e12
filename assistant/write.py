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
from assistant.claim import Claim, whole
from assistant.compose import answer_from, places_of, with_repairs, without_model
from assistant.drafts import Written, claims_so_far, draft_so_far, read_reply
from assistant.language import detect, tables
from assistant.material import Checker, Material, grounds_of, messages_for
from assistant.messages import model_notice
from assistant.model import Form, Message, ModelError, Piece
from assistant.relevance import answers
from assistant.replies import Replies, digest
from assistant.types import Answer, Checked, Draft, Event, Sentence, Status, Turn
from assistant.verify.grounds import Grounds, Verified
from index.words import terms, words

log = logging.getLogger(__name__)
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


_COUNTED = ("asked", "calls", "failed", "removed")


def counted_together(own: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The state of a model that other processes ask too; of `others`, the one that asked it last is at the end."""
    counts = {name: sum(one[name] for one in (own, *others)) for name in _COUNTED}
    last = others[-1] if others else own
    return {**own, **counts, "trouble": last["trouble"], "since": last["since"]}


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
        asked = set(terms(question))
        known = asked | set(terms(" ".join(one.content for one in history)))
        turns = [prompts.turn(one.role, one.content[-1500:]) for one in history[-_TURNS:]]
        told = "\n".join([*turns, prompts.question(question)])

        def is_meant(said: str) -> bool:
            # It may put in what was said before, and nothing that was not; "no" asks nothing.
            found = set(terms(said))
            return bool(found & (asked or found)) and _new_words(said, known) == 0

        return self._line(prompts.STANDALONE, told, is_meant)

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
            return without_model(material, "not_asked")
        try:
            grounds = grounds_of(material)
            if not grounds.by_key:
                return material.without
            yield Status("writing")
            answer = yield from self._written(material, grounds)
        except Exception as error:  # noqa: BLE001 - whatever a reply causes, the member is answered
            self._note(error)
            yield Draft("")
            return without_model(material, "not_asked")
        self._writer.health.note(None)
        if answer is None:
            yield Draft("")
            return without_model(material, "not_verified")
        return answer

    def _written(self, material: Material, grounds: Grounds) -> Generator[Event, None, Answer | None]:
        """The verified answer; None where nothing is left that answers."""
        messages = messages_for(material, grounds, native=self._writer.native)
        checker = Checker(material, grounds)
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
        final = with_repairs(checked, repaired)
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

    def _claims(self, messages: list[Message], grounds: Grounds, checker: Checker) -> Generator[Event, None, Written]:
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
        self, messages: list[Message], failed: Sequence[tuple[Claim, Verified]], grounds: Grounds, checker: Checker
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
        spans = places_of(kept, grounds)
        found = [(material.documents[document], span) for document, span in spans]
        texts = [f"{document.section_at(span[0]).title} {document.text[slice(*span)]}" for document, span in found]
        fits = answers(material.standalone, material.language, texts, spans, material.evidence, material.without)
        if not kept or not fits:
            return None
        answer = answer_from(material, grounds, kept, spans)
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


def _numbers(text: str) -> set[str]:
    return {word for word in words(text) if word.isdigit()}


def _is_in(text: str, language: str) -> bool:
    """Whether a text is in a language; of a language without tables that cannot be told."""
    asked = language.partition("-")[0]
    return asked not in tables() or detect(text) == asked


def _new_words(text: str, known: set[str]) -> int:
    """How many words of content a text has that are not known."""
    return sum(len(word) > _SHORT_WORD and not set(terms(word)) <= known for word in words(text))
