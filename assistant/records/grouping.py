"""Answers for staff to look at, put together where they ask the same, and as rows for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.language import tables
from assistant.question import content_words
from assistant.records.types import Kept, Review, Verdict
from index.spelling import alike_text
from index.words import terms

_COLUMNS = (
    "id", "asked_at", "question", "standalone_question", "outcome", "reason", "verdict", "comment", "answer",
    "citations", "configuration", "index_version", "resolution", "note", "resolved_by",
)  # fmt: skip
BEHAVIOURS = ("answer", "abstain", "partial", "correct_premise")
"""What a question of a set wants, as the contract names it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Reviews of questions that ask the same, the newest first; there is one at least."""

    reviews: tuple[Review, ...]

    @property
    def first(self) -> Review:
        return self.reviews[0]

    @property
    def identifiers(self) -> tuple[str, ...]:
        return tuple(one.kept.id for one in self.reviews)

    @property
    def refused(self) -> int:
        """How many of the answers say that it is not in the documents, or only in part."""
        return sum(one.kept.answer.outcome != "answered" for one in self.reviews)

    def said(self, verdict: Verdict) -> int:
        """How many of the answers were called so."""
        return sum(one.kept.verdict == verdict for one in self.reviews)


def grouped(reviews: Sequence[Review]) -> list[Group]:
    """Reviews by what their questions ask, in the order of each group's first: the newest, where they come so.

    Questions ask the same where their words of content are the same, in any order, up to a few letters.
    """
    keys: list[str] = []
    places: dict[str, int] = {}
    groups: list[list[Review]] = []
    for one in reviews:
        key = _key(one.kept)
        place = places.get(key)
        if place is None:
            place = alike_text(key, keys)
        if place is None:
            place = len(groups)
            keys.append(key)
            groups.append([])
        places[key] = place
        groups[place].append(one)
    return [Group(tuple(group)) for group in groups]


def _key(kept: Kept) -> str:
    """The stems of a question's words of content; of all its words where none has content."""
    asked, language = kept.answer.standalone_question, kept.answer.language
    found = terms(" ".join(content_words(asked, _known(language))), language)
    return " ".join(found or terms(asked, language)) or asked


def _known(language: str) -> str:
    return language if language in tables() else "en"


def csv_of(reviews: Iterable[Review]) -> str:
    """Reviews as CSV under a line of names, without who asked; no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for one in reviews:
        kept, answer = one.kept, one.kept.answer
        row = (
            kept.id, kept.asked_at.isoformat(timespec="seconds"), answer.question, answer.standalone_question,
            answer.outcome, answer.reason, kept.verdict, kept.comment, answer.text,
            " ".join(citation.id for citation in answer.citations), kept.configuration, answer.index_version,
            one.resolution, one.note, one.resolved_by,
        )  # fmt: skip
        writer.writerow([harmless(str(value or "")) for value in row])
    return out.getvalue()


def question_row(
    identifier: str, question: str, behaviour: str, quotes: Sequence[str], documents: Mapping[str, str]
) -> dict[str, Any]:
    """A question of a set in the contract's shape; `documents` gives the id of the document where a quote stands."""
    evidence = [{"document_id": documents[quote], "quote": quote} if quote in documents else quote for quote in quotes]
    row = {"id": identifier, "question": question, "behaviour": behaviour, "type": "review"}
    return {**row, "evidence": evidence} if evidence and behaviour != "abstain" else row


def as_json_line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def as_csv(row: Mapping[str, Any]) -> str:
    """A question as staff write them in a table: `evidence`, `evidence 2` and so on, each with its document."""
    cells = {name: row[name] for name in ("id", "question", "behaviour", "type")}
    for number, one in enumerate(row.get("evidence", ()), 1):
        suffix = "" if number == 1 else f" {number}"
        quote, document = (one, "") if isinstance(one, str) else (one["quote"], one["document_id"])
        # A quote must stay in its document's words: what a formula begins with is left out, not masked.
        quote = quote.lstrip("=+-@ ")
        cells |= {f"evidence{suffix}": quote, f"document{suffix}": document}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(cells)
    writer.writerow([harmless(str(cell)) for cell in cells.values()])
    return out.getvalue()


# What a spreadsheet begins a formula with, in the wide forms of East Asian keyboards too.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless(" @x"), harmless("-"), harmless("1+1")
    ("'=1+1", "' @x", "'-", '1+1')
    """
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell
