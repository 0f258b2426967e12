"""Does a text still have a canonical wording: the registry's wordings, one check, and a file of them."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, cast

from assistant.citations import citation_id, cite, page_name
from assistant.registry import Registry
from assistant.shapes import CheckRecord, DefinitionRecord, DifferenceRecord, SurroundingRecord, VersionRecord
from assistant.types import Citation
from corpus.check import LONGEST, Check, Wording, check, check_text, find
from corpus.definitions import names_of
from corpus.errors import UserError
from corpus.types import Definition, Document

Line = tuple[int, str]
_SHAPE = 'a JSON object {"id", "term", "pasted_text"}'
INTACT = ("exact", "formatting_only")
"""Verdicts of a text that has the wording and nothing else."""


class Canon(Protocol):
    """Definitions with the documents that they are of."""

    @property
    def registry(self) -> Registry: ...

    def document(self, document_id: str, /) -> Document | None:
        """A document with its text; None where there is none with this id."""
        ...

    def mentions(self, term: str, /) -> Sequence[Citation]:
        """The places at which the documents mention a term."""
        ...


def wording_of(canon: Canon, definition: Definition) -> Wording:
    """A definition with its text."""
    document = _document(canon, definition)
    return Wording(
        definition, document.text[definition.start : definition.end], (*names_of(definition), definition.body)
    )


def wordings(canon: Canon) -> list[Wording]:
    """Every wording of the registry: of all bodies, and the earlier ones."""
    return [wording_of(canon, definition) for definition in canon.registry.wordings]


def check_wording(canon: Canon, text: str, term: str | None = None) -> Check:
    """What a text has of the canonical wording of a term; without a term, of the one that it is nearest to.

    Raises UserError where the registry has no such term, or where there is no text to check.
    """
    check_text(text)
    known = wordings(canon)
    asked = _asked(canon, known, text, term)
    return check(text, asked, [one for one in known if one is not asked])


def text_to_check(path: Path | None) -> str:
    """The text of a file to check; of standard input where there is none, or it is "-".

    Raises UserError for what is no text in UTF-8, in words.
    """
    name = "Standard input" if path is None or str(path) == "-" else str(path)
    try:
        data = sys.stdin.buffer.read(4 * LONGEST + 1) if path is None or str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise UserError(f"{name} cannot be read ({error.strerror}): give a file of text.") from error
    if b"\x00" in data[:4000] or data.startswith((b"%PDF", b"PK\x03\x04")):
        raise UserError(f"{name} is no plain text: `assistant definitions audit` reads PDF, Word and HTML files.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{name} is not UTF-8 (byte {error.start}): save it as UTF-8.") from error


def unknown_term(canon: Canon, term: str) -> str:
    """What is said of a term that the registry lacks: where it is mentioned, and the terms that are near."""
    if not canon.registry.definitions:
        return f"There is no canonical definition of {term!r}: this corpus has no definitions.toml."
    near = canon.registry.near(term)
    known = ", ".join(near) if len(near) < len(canon.registry.definitions) else ""
    others = f"the nearest terms are {known}" if known else (
        f"the registry has {', '.join(one.term for one in canon.registry.definitions)}"
    )  # fmt: skip
    mentions = canon.mentions(term)
    if not mentions:
        return f"There is no canonical definition of {term!r}; {others}."
    first = mentions[0]
    place = " · ".join(part for part in (first.title, first.section, page_name(first.page, first.page_label)) if part)
    more = f" and {len(mentions) - 1} more places" if len(mentions) > 1 else ""
    return f"There is no canonical definition of {term!r}, it is only mentioned ({place}{more}); {others}."


def check_record(found: Check, canon: Canon, id: Any = None) -> CheckRecord:
    """A check as plain values, in the contract's shape and with what belongs to it."""
    definition = found.definition
    document = _document(canon, definition)
    return {
        "id": id,
        "term": definition.term,
        "verdict": found.verdict,
        "differences": [cast(DifferenceRecord, asdict(one)) for one in found.differences],
        "formatting": list(found.formatting),
        "surroundings": [cast(SurroundingRecord, asdict(one)) for one in found.surroundings],
        "match": None if found.match is None else _named(found.match),
        **_named(definition),
        "canonical": found.canonical,
        "given": found.text[found.start : found.end],
        "share": round(found.share, 4),
        "citation_id": citation_id(document, definition.start, definition.end),
    }


def definition_record(canon: Canon, definition: Definition) -> DefinitionRecord:
    """A definition with its wording and the citation that leads to it, as plain values."""
    document = _document(canon, definition)
    citation = cite(1, document, definition.start, definition.end)
    return {
        "term": definition.term,
        "names": list(definition.names),
        "acronyms": list(definition.acronyms),
        "translations": {language: list(names) for language, names in definition.translations.items()},
        "body": definition.body,
        "status": definition.status,
        "version": definition.version,
        "valid_from": _day(definition.valid_from),
        "valid_to": _day(definition.valid_to),
        "approved_by": definition.approved_by,
        "approved_on": _day(definition.approved_on),
        "wording": citation.quote,
        "document_id": document.id,
        "title": document.title,
        "section": citation.section,
        "page": citation.page,
        "page_label": citation.page_label,
        "start": definition.start,
        "end": definition.end,
        "sha256": definition.sha256,
        "citation_id": citation.id,
        "url": citation.url,
    }


def checked(canon: Canon, line: str) -> CheckRecord:
    """The result of one check that a JSON object asks for, {"id", "term", "pasted_text"}; without a term the nearest.

    Raises UserError in words.
    """
    row = _object(line)
    _check_fields({"term": "", **row} if row.get("term") is None else row)
    return check_record(check_wording(canon, row["pasted_text"], row.get("term")), canon, row.get("id"))


def checked_lines(canon: Canon, path: Path, lines: Sequence[Line]) -> Iterator[tuple[Mapping[str, object], str | None]]:
    """For each line its result and, where it could not be checked, the problem in words; no line is skipped."""
    for number, line in lines:
        row: dict[str, Any] = {}
        try:
            row = _object(line)
            # Known before the rest is read, so that a problem is told with them.
            _check_fields(row)
            found = check_wording(canon, row["pasted_text"], row["term"])
        except UserError as error:
            empty: dict[str, Any] = {"id": row.get("id"), "term": row.get("term"), "verdict": None, "differences": []}
            yield {**empty, "problem": str(error)}, f"{path}:{number}: {error}"
        else:
            yield check_record(found, canon, row.get("id")), None


def _document(canon: Canon, definition: Definition) -> Document:
    document = canon.document(definition.document_id)
    assert document is not None  # noqa: S101 - a definition was resolved in a document of the index
    return document


def _asked(canon: Canon, known: Sequence[Wording], text: str, term: str | None) -> Wording:
    if term is not None:
        found = canon.registry.find(term)
        if found is None:
            raise UserError(unknown_term(canon, term))
        return next(one for one in known if one.definition is found.definition)
    nearest = find(text, known)
    if nearest is None:
        raise UserError("The text is near to none of the canonical wordings: name the term that it should define.")
    first = canon.registry.versions(nearest.definition.term)[0]
    return next(one for one in known if one.definition is first)


def _named(definition: Definition) -> VersionRecord:
    return {
        "term": definition.term,
        "body": definition.body,
        "version": definition.version,
        "status": definition.status,
        "valid_from": _day(definition.valid_from),
        "valid_to": _day(definition.valid_to),
    }


def _day(day: datetime.date | None) -> str | None:
    return day.isoformat() if day else None


def _object(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UserError(f"Found {line.strip()[:60]!r}, expected {_SHAPE} ({error}).") from error
    if not isinstance(row, dict):
        raise UserError(f"Found {line.strip()[:60]!r}, expected {_SHAPE}.")
    return row


def _check_fields(row: dict[str, Any]) -> None:
    for key in ("term", "pasted_text"):
        if not isinstance(row.get(key), str):
            raise UserError(f"Found {key} = {row.get(key)!r}, expected it as a string: a line is {_SHAPE}.")
