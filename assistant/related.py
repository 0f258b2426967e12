"""Questions to go on with: terms and headings near an answer, each of which the documents answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from assistant.language import plain, whole_word
from assistant.messages import messages
from assistant.registry import Registry
from assistant.types import Answer, Citation, Turn
from corpus.definitions import names_of
from corpus.errors import UserError
from corpus.types import Definition, Document

MOST = 3
# A question is asked before it is offered; more than so many are not tried.
_TRIED = 5
_HEADING_WORDS = (2, 9)


class Asked(Protocol):
    """What is needed of an assistant to know which questions it answers."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer: ...

    def document(self, document_id: str) -> Document | None: ...

    @property
    def registry(self) -> Registry: ...


def related(assistant: Asked, answer: Answer, most: int = MOST) -> tuple[str, ...]:
    """Questions in the answer's language about what stands near it, the nearest first.

    Terms of the registry that the quoted text names or its document defines, then headings beside it. Each
    question is asked, and left out where it is refused or leads to the same words.
    """
    places = answer.citations or answer.nearest
    given = {citation.id for citation in answer.citations}
    found: list[str] = []
    for tried, question in enumerate(_candidates(assistant, answer, places)):
        if tried == _TRIED or len(found) == most:
            break
        if question not in found and _leads_on(assistant, question, given):
            found.append(question)
    return tuple(found)


def _leads_on(assistant: Asked, question: str, given: set[str]) -> bool:
    try:
        answer = assistant.ask(question)
    except UserError:
        return False
    cited = {citation.id for citation in answer.citations}
    return answer.outcome == "answered" and not cited <= given


def _candidates(assistant: Asked, answer: Answer, places: Sequence[Citation]) -> Iterator[str]:
    said = messages(answer.language)["frame"]
    for definition in _near_terms(assistant.registry, answer, places):
        yield question_for(definition, answer.language)
    for heading in _near_headings(assistant, places):
        yield said["ask_about"].format(heading=heading)


def question_for(definition: Definition, language: str) -> str:
    """A question for a definition, in a language: in English the registry's own where it has one."""
    if language == "en" and definition.question:
        return definition.question
    name = (definition.translations.get(language) or (definition.term,))[0]
    return messages(language)["frame"]["ask_meaning"].format(term=name)


def _near_terms(registry: Registry, answer: Answer, places: Sequence[Citation]) -> list[Definition]:
    """Terms that the places name, then those that their documents define; not the one that is answered."""
    text = plain("\n".join(place.quote for place in places))
    documents = {place.document_id for place in places}
    spans = {(place.document_id, place.start) for place in answer.citations}
    asked = plain(answer.standalone_question)
    rest = [
        one for one in registry.definitions
        if (one.document_id, one.start) not in spans and not _names(one, asked)
    ]  # fmt: skip
    return [
        *(one for one in rest if _names(one, text)),
        *(one for one in rest if not _names(one, text) and one.document_id in documents),
    ]


def _names(definition: Definition, text: str) -> bool:
    """Whether a folded text holds one of a definition's names as whole words."""
    return any(re.search(whole_word(plain(name)), text) for name in names_of(definition))


def _near_headings(assistant: Asked, places: Sequence[Citation]) -> Iterator[str]:
    """Headings of the sections after and before the places, in their documents."""
    for place in places:
        document = assistant.document(place.document_id)
        if document is None or place.end > len(document.text):
            continue
        here = document.sections.index(document.section_at(place.start))
        for at in (here, here + 1, here - 1, here + 2):
            path = document.sections[at].heading_path if 0 <= at < len(document.sections) else ()
            if path and _is_topic(path[-1]):
                yield path[-1]


def _is_topic(heading: str) -> bool:
    return _HEADING_WORDS[0] <= len(heading.split()) <= _HEADING_WORDS[1] and not heading.endswith((".", "?", "!", ":"))
