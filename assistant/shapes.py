"""The shapes of the records that programs get, as types: schemas of the HTTP API and of the MCP tools come from them.

An answer's shape is `assistant.types.Answer`, a citation's `assistant.types.Citation`.
"""

from __future__ import annotations

from typing import Literal

# Before Python 3.12, pydantic makes schemas of these only.
from typing_extensions import TypedDict

from corpus.check import Verdict


class DocumentRecord(TypedDict):
    """A document without its text; `characters` are Unicode code points, `pages` null where the format has none."""

    id: str
    title: str
    path: str
    url: str | None
    language: str
    kind: str
    date: str | None
    pages: int | None
    characters: int
    sha256: str


class SectionRecord(TypedDict):
    """A heading with what stands under it; `heading_path` runs from the outermost heading to this one."""

    title: str
    heading_path: list[str]
    start: int
    end: int


class PageRecord(TypedDict):
    """A page; `number` counts from 1, `label` is what the file calls it where that differs."""

    number: int
    label: str | None
    start: int
    end: int


class DocumentDetails(DocumentRecord):
    """A document with its sections and pages, as spans of its text."""

    sections: list[SectionRecord]
    page_spans: list[PageRecord]


class Joined(TypedDict):
    """A passage with its neighbours that hold the rest of a definition or a list."""

    start: int
    end: int
    text: str


class PassageRecord(TypedDict):
    """A passage that was found; `score`: higher is better, ranks count from 1, null where it is unranked.

    `text` is the document's text from `start` to `end`; `joined` is null where the passage is whole by itself.
    """

    passage_id: str
    document_id: str
    title: str
    section: str
    page: int | None
    page_label: str | None
    start: int
    end: int
    score: float
    dense_rank: int | None
    lexical_rank: int | None
    text: str
    joined: Joined | None
    citation_id: str
    url: str | None


class DefinitionRecord(TypedDict):
    """A canonical definition: `wording` is the document's text from `start` to `end`, to the letter."""

    term: str
    names: list[str]
    acronyms: list[str]
    translations: dict[str, list[str]]
    body: str
    status: str
    version: str | None
    valid_from: str | None
    valid_to: str | None
    approved_by: str | None
    approved_on: str | None
    wording: str
    document_id: str
    title: str
    section: str
    page: int | None
    page_label: str | None
    start: int
    end: int
    sha256: str
    citation_id: str
    url: str | None


class DefinitionAnswer(DefinitionRecord):
    """A definition with the other wordings of its term: of other bodies, and earlier ones."""

    others: list[DefinitionRecord]


class DifferenceRecord(TypedDict):
    """What a text has instead of the words `start` to `end` of the canonical wording."""

    operation: Literal["replace", "insert", "delete"]
    canonical: str
    given: str
    start: int
    end: int
    given_start: int
    given_end: int
    note: str | None


class SurroundingRecord(TypedDict):
    """What stands around the quoted wording in the text."""

    kind: str
    text: str


class VersionRecord(TypedDict):
    """Which wording it is: the term, whose it is, and since when."""

    term: str
    body: str
    version: str | None
    status: str
    valid_from: str | None
    valid_to: str | None


class CheckRecord(VersionRecord):
    """Whether a text still has a canonical wording: the verdict and the differences, word by word."""

    id: str | int | None
    verdict: Verdict
    differences: list[DifferenceRecord]
    formatting: list[str]
    surroundings: list[SurroundingRecord]
    match: VersionRecord | None
    canonical: str
    given: str
    share: float
    citation_id: str


class Passages(TypedDict):
    """Passages, the best first."""

    passages: list[PassageRecord]
