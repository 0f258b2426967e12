"""Drafts of questions for staff to edit, from a document or from answers that somebody was not content with.

Without a language model a draft is plain: what a heading names, what a sentence defines, what an
acronym stands for, each with the sentence as its evidence. Nothing enters a set by itself: drafts go
to standard output or to a file of their own, marked as drafts in their type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.ask import Assistant
from assistant.types import Answer, answer_of
from corpus.errors import UserError
from corpus.spans import sentences
from corpus.split import body_start
from corpus.types import Document
from evals.questions import Question, Quote
from index.acronyms import mine

TYPE = "draft"
# "Shared gardens are …", "A repair café is …": in other languages the headings have to do.
_DEFINES = re.compile(r"[‘“\"']?((?:[A-ZÀ-Ý][\w’'-]*)(?: [\w’'-]+){0,4}?) (is|are) (?:an? |the )?\w")
_OPENERS = {"it", "this", "that", "these", "those", "there", "they", "he", "she", "we", "you", "i", "what", "which"}


def from_document(assistant: Assistant, document_id: str) -> list[Question]:
    """Drafts from a document that is indexed. Raises UserError where there is no such document."""
    document = assistant.document(document_id)
    if document is None:
        known = ", ".join(info.id for info in assistant.documents[:20])
        raise UserError(f"There is no document {document_id!r}; expected one of {known}.")
    drafts = dict(_drafts(document))
    return [
        Question(f"{TYPE}-{number:03}", text, "answer", TYPE, (Quote(quote, document.id),))
        for number, (text, quote) in enumerate(drafts.items(), 1)
    ]


def from_answers(path: Path) -> list[Question]:
    """Drafts from a file of answer records, a line each: what was cited is put down as evidence to be checked.

    Raises UserError naming the line that holds no answer record.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): expected answer records.") from error
    drafts = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                drafts.append(_from_answer(number, answer_of(json.loads(line))))
            except (ValueError, TypeError, KeyError) as error:
                raise UserError(f"{path}:{number}: found no answer record ({error}), expected one as JSON.") from error
    return drafts


def lines_of(drafts: Sequence[Question]) -> str:
    """The drafts as JSON Lines."""
    return "".join(json.dumps(draft.as_dict(), ensure_ascii=False) + "\n" for draft in drafts)


def _from_answer(number: int, answer: Answer) -> Question:
    return Question(
        f"{TYPE}-{number:03}",
        answer.question,
        "answer" if answer.citations else "abstain",
        TYPE,
        tuple(Quote(one.quote, one.document_id) for one in answer.citations),
        answer=answer.text if answer.citations else "",
    )


def _drafts(document: Document) -> Iterator[tuple[str, str]]:
    for acronym in mine(document):
        section = document.section_at(acronym.start)
        spans = sentences(document.text, section.start, section.end)
        around = next(span for span in spans if span[0] <= acronym.start < span[1])
        yield f"What does {acronym.short} stand for?", document.text[slice(*around)]
    for section in document.sections:
        spans = sentences(document.text, body_start(document.text, section), section.end)
        texts = [document.text[slice(*span)] for span in spans]
        for text in texts:
            match = _DEFINES.match(text)
            if match and match[1].split()[0].lower() not in _OPENERS:
                yield f"What {match[2]} {match[1][0].lower()}{match[1][1:]}?", text
        if section.heading_path and texts:
            heading = section.heading_path[-1].strip()
            yield heading if heading.endswith("?") else f"What do the documents say about {heading}?", texts[0]
