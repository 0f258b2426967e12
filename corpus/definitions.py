"""The registry of canonical wordings: which exact span of which document defines which term."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.errors import UserError
from corpus.types import Definition, Document
from corpus.wording import folded

_REQUIRED = ("term", "body", "document", "quotation")
_OPTIONAL = ("names", "acronyms", "translations", "status", "valid_from", "question")


def load_definitions(path: Path, known: Sequence[str], document: Callable[[str], Document]) -> tuple[Definition, ...]:
    """The definitions that a file names, each resolved to its span; none where there is no file.

    `known` are the ids of the corpus' documents, `document` gives the one with an id.

    Raises UserError when an entry is incomplete, when its quotation is not in its document (with
    the first words that differ), or when two terms claim one name.
    """
    if not path.is_file():
        return ()
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("definition", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: it is not valid TOML ({error}); correct that place.") from error
    definitions = tuple(_resolve(path, number, row, known, document) for number, row in enumerate(rows, 1))
    _check_names(path, definitions)
    return definitions


def names_of(definition: Definition) -> Iterator[str]:
    """Every name under which a definition is asked for: term, other names, acronyms, translations."""
    yield definition.term
    yield from definition.names
    yield from definition.acronyms
    for names in definition.translations.values():
        yield from names


def _resolve(
    path: Path, number: int, row: Mapping[str, Any], known: Sequence[str], load: Callable[[str], Document]
) -> Definition:
    _check_row(path, number, row)
    if row["document"] not in known:
        raise UserError(
            f"{path}: the definition of {row['term']!r} is quoted from document {row['document']!r}, which is not in "
            f"the corpus; expected one of {_some(sorted(known))}."
        )
    document = load(row["document"])
    quotation: str = row["quotation"]
    start = document.text.find(quotation)
    if start < 0:
        raise UserError(f"{path}: the definition of {row['term']!r} {_first_difference(quotation, document)}")
    return Definition(
        term=row["term"],
        names=tuple(row.get("names", ())),
        acronyms=tuple(row.get("acronyms", ())),
        translations={language: tuple(names) for language, names in row.get("translations", {}).items()},
        body=row["body"],
        status=row.get("status", "current"),
        valid_from=_date(path, row),
        document_id=document.id,
        start=start,
        end=start + len(quotation),
        sha256=sha256(quotation.encode()).hexdigest(),
        question=row.get("question"),
    )


def _date(path: Path, row: Mapping[str, Any]) -> datetime.date | None:
    """The date of a row: TOML's own, or the same in quotation marks."""
    given = row.get("valid_from")
    if given is None or (isinstance(given, datetime.date) and not isinstance(given, datetime.datetime)):
        return given
    try:
        return datetime.date.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{path}: the definition of {row['term']!r} has valid_from {given!r}; expected a date such as 2026-05-01."
        ) from error


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _check_row(path: Path, number: int, row: Mapping[str, Any]) -> None:
    label = repr(row.get("term", f"entry {number}"))
    missing = [key for key in _REQUIRED if not isinstance(row.get(key), str) or not row[key].strip()]
    if missing:
        raise UserError(f"{path}: the definition {label} has no {', '.join(missing)}; add it as text.")
    unknown = sorted(set(row) - {*_REQUIRED, *_OPTIONAL})
    if unknown:
        expected = ", ".join((*_REQUIRED, *_OPTIONAL))
        raise UserError(f"{path}: the definition {label} has the unknown key {unknown[0]!r}; expected {expected}.")


def _check_names(path: Path, definitions: Sequence[Definition]) -> None:
    owners: dict[str, Definition] = {}
    for definition in definitions:
        for name in names_of(definition):
            owner = owners.setdefault(folded(name), definition)
            if owner is not definition:
                raise UserError(
                    f"{path}: {name!r} is a name of both {owner.term!r} and {definition.term!r}; "
                    "keep it in one of them."
                )


def _first_difference(quotation: str, document: Document) -> str:
    """Where a quotation leaves its document: the words that agree, then both continuations."""
    words = quotation.split(" ")
    agreed = 0
    while agreed < len(words) and " ".join(words[: agreed + 1]) in document.text:
        agreed += 1
    expected = " ".join(words[agreed : agreed + 5])
    if agreed == 0:
        return (
            f"is not in {document.path}: its first words {expected!r} stand nowhere in it; "
            "quote the document to the letter."
        )
    prefix = " ".join(words[:agreed])
    after = document.text.index(prefix) + len(prefix)
    found = " ".join(document.text[after : after + 80].split(" ")[1:6])
    return (
        f"is not in {document.path}: after {' '.join(words[max(0, agreed - 5) : agreed])!r} the quotation has "
        f"{expected!r}, the document has {found!r}; quote the document to the letter."
    )
