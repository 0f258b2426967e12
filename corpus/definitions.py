"""The registry of canonical wordings: which exact span of which document defines which term.

The wording is never typed twice: an entry gives its first and last words, or its offsets, and the
text is the document's. The digest tells whether it is still the one that was approved.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.errors import UserError
from corpus.locate import Locator
from corpus.spans import Span, sentences
from corpus.types import Definition, Document, Drifted
from corpus.wording import folded

CURRENT, SUPERSEDED = "current", "superseded"
_REQUIRED = ("term", "body", "document")
# Three ways to say which words are the wording.
_PLACES = (("first", "last"), ("start", "end"), ("quotation",))
_TEXTS = ("first", "last", "quotation", "sha256", "status", "question", "version", "approved_by")
_DATES = ("valid_from", "valid_to", "approved_on")
_LISTS = ("names", "acronyms")
_OPTIONAL = (*_TEXTS, *_DATES, *_LISTS, "start", "end", "translations", "slips")
_WORDS = re.compile(r"\w+")

Load = Callable[[str], Document]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a wording is in its document; where it is not, why, and the text that is nearest to it."""

    span: Span | None
    problem: str = ""
    nearest: str = ""


def load_definitions(
    path: Path, known: Sequence[str], document: Load
) -> tuple[tuple[Definition, ...], tuple[Drifted, ...]]:
    """The definitions that a file names, each resolved to its span, and those whose wording is gone.

    None of either where there is no file. `known` are the ids of the corpus' documents, `document`
    gives the one with an id.

    Raises UserError when an entry is incomplete or says something that cannot be, or when two terms
    claim one name.
    """
    if not path.is_file():
        return (), ()
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("definition", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: it is not valid TOML ({error}); correct that place.") from error
    found = [_resolve(path, number, row, known, document) for number, row in enumerate(rows, 1)]
    definitions = tuple(one for one in found if isinstance(one, Definition))
    _check_names(path, definitions)
    _check_versions(path, definitions)
    return definitions, tuple(one for one in found if isinstance(one, Drifted))


def names_of(definition: Definition) -> Iterator[str]:
    """Every name under which a definition is asked for: term, other names, acronyms, translations."""
    yield definition.term
    yield from definition.names
    yield from definition.acronyms
    for names in definition.translations.values():
        yield from names


def _resolve(path: Path, number: int, row: Mapping[str, Any], known: Sequence[str], load: Load) -> Definition | Drifted:
    _check_row(path, number, row)
    term, body, identifier = row["term"], row["body"], row["document"]
    if identifier not in known:
        reason = f"its document {identifier!r} is not in the corpus; expected one of {_some(sorted(known))}"
        return Drifted(term, body, identifier, reason, "")
    document = load(identifier)
    place = _place(row, document)
    if place.span is None:
        return Drifted(term, body, identifier, place.problem, place.nearest)
    start, end = place.span
    wording = document.text[start:end]
    digest = sha256(wording.encode("utf-8", "surrogatepass")).hexdigest()
    if (approved := row.get("sha256")) and approved != digest:
        reason = (
            f"its wording in {document.path} is no longer the one that was approved (SHA-256 {approved[:12]}…, now "
            f'{digest[:12]}…); read it, and where it is right put sha256 = "{digest}" into the registry'
        )
        return Drifted(term, body, identifier, reason, wording)
    return Definition(
        term=term,
        names=tuple(row.get("names", ())),
        acronyms=tuple(row.get("acronyms", ())),
        translations={language: tuple(names) for language, names in row.get("translations", {}).items()},
        body=body,
        status=row.get("status", SUPERSEDED if _is_over(_date(path, row, "valid_to")) else CURRENT),
        valid_from=_date(path, row, "valid_from"),
        document_id=document.id,
        start=start,
        end=end,
        sha256=digest,
        question=row.get("question"),
        valid_to=_date(path, row, "valid_to"),
        version=row.get("version"),
        approved_by=row.get("approved_by"),
        approved_on=_date(path, row, "approved_on"),
        slips=tuple((wrong, right) for wrong, right in row.get("slips", ())),
    )


def _place(row: Mapping[str, Any], document: Document) -> _Place:
    """Where an entry says that its wording is."""
    text = document.text
    if "quotation" in row:
        start = text.find(row["quotation"])
        if start >= 0:
            return _Place((start, start + len(row["quotation"])))
        return _Place(None, _first_difference(row["quotation"], document), _nearest(row["quotation"], text))
    if "start" in row:
        if 0 <= row["start"] < row["end"] <= len(text):
            return _Place((row["start"], row["end"]))
        return _Place(
            None, f"its characters {row['start']}–{row['end']} are not in {document.path}, which has {len(text)}"
        )
    return _between(row, document)


def _between(row: Mapping[str, Any], document: Document) -> _Place:
    """The place that begins and ends with the words that an entry gives."""
    text, first, last = document.text, row["first"], row["last"]
    starts = [match.start() for match in re.finditer(re.escape(first), text)]
    if not starts:
        words = f"its first words {first!r} stand nowhere in {document.path}"
        return _Place(None, words, _sentence_like(first, text))
    ends = [text.find(last, max(start, start + len(first) - len(last))) for start in starts]
    spans = [(start, at + len(last)) for start, at in zip(starts, ends, strict=True) if at >= 0]
    if not spans:
        words = f"its last words {last!r} do not stand after its first ones in {document.path}"
        return _Place(None, words, _sentence_like(last, text))
    approved = [span for span in spans if sha256(text[slice(*span)].encode()).hexdigest() == row.get("sha256")]
    if len(spans) > 1 and not approved and "sha256" not in row:
        return _Place(
            None, f"its first words {first!r} stand {len(starts)} times in {document.path}; give more of them"
        )
    return _Place((approved or spans)[0])


def _nearest(quotation: str, text: str) -> str:
    """The part of a text that follows a quotation most closely; empty where none does."""
    places = Locator([quotation]).places(text)
    best = max(places, key=lambda place: place.runs, default=None)
    return text[best.start : best.end] if best else ""


def _sentence_like(words: str, text: str) -> str:
    """The sentence of a text that shares most words with some others; empty where it shares less than half."""
    wanted = set(_WORDS.findall(folded(words)))
    shared = [(len(wanted & set(_WORDS.findall(folded(text[a:b])))), -a, text[a:b]) for a, b in sentences(text)]
    count, _, sentence = max(shared, default=(0, 0, ""))
    return sentence if 2 * count > len(wanted) else ""


def _is_over(day: datetime.date | None) -> bool:
    return day is not None and day < datetime.date.today()


def _date(path: Path, row: Mapping[str, Any], key: str) -> datetime.date | None:
    """The date of a row: TOML's own, or the same in quotation marks."""
    given = row.get(key)
    if given is None or (isinstance(given, datetime.date) and not isinstance(given, datetime.datetime)):
        return given
    try:
        return datetime.date.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{path}: the definition of {row['term']!r} has {key} {given!r}; expected a date such as 2026-05-01."
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
    if sum(all(key in row for key in keys) for keys in _PLACES) != 1:
        raise UserError(
            f"{path}: the definition {label} does not say once where its wording is; give its `first` and `last` "
            "words, or `start` and `end`, or the whole `quotation`."
        )
    _check_values(path, label, row)


def _check_values(path: Path, label: str, row: Mapping[str, Any]) -> None:
    for key, value in row.items():
        if key in _TEXTS and not (isinstance(value, str) and value.strip()):
            raise UserError(f"{path}: the definition {label} has {key} = {value!r}; expected text.")
        if key in ("start", "end") and not (isinstance(value, int) and not isinstance(value, bool)):
            raise UserError(f"{path}: the definition {label} has {key} = {value!r}; expected a number of characters.")
        if key in _LISTS and not _is_texts(value):
            raise UserError(f"{path}: the definition {label} has {key} = {value!r}; expected a list of texts.")
        if key == "slips" and not _is_pairs(value):
            raise UserError(f"{path}: the definition {label} has slips = {value!r}; expected pairs of words.")
        if key == "translations" and not _is_named_texts(value):
            raise UserError(f"{path}: the definition {label} has translations that are no lists of texts by language.")
    if row.get("status", CURRENT) not in (CURRENT, SUPERSEDED):
        raise UserError(
            f"{path}: the definition {label} has status {row['status']!r}; expected {CURRENT!r} or {SUPERSEDED!r}."
        )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)


def _is_pairs(value: object) -> bool:
    return isinstance(value, list) and all(_is_texts(pair) and len(pair) == 2 for pair in value)


def _is_named_texts(value: object) -> bool:
    return isinstance(value, dict) and all(_is_texts(names) for names in value.values())


def _check_names(path: Path, definitions: Sequence[Definition]) -> None:
    owners: dict[str, Definition] = {}
    for definition in definitions:
        for name in names_of(definition):
            owner = owners.setdefault(folded(name), definition)
            if folded(owner.term) != folded(definition.term):
                raise UserError(
                    f"{path}: {name!r} is a name of both {owner.term!r} and {definition.term!r}; "
                    "keep it in one of them."
                )


def _check_versions(path: Path, definitions: Sequence[Definition]) -> None:
    """One body has one current wording of a term, and its wordings are in force one after the other."""
    of: dict[tuple[str, str], list[Definition]] = {}
    for definition in definitions:
        of.setdefault((folded(definition.term), folded(definition.body)), []).append(definition)
    for some in of.values():
        if sum(one.status == CURRENT for one in some) > 1:
            raise UserError(
                f"{path}: {some[0].body} has two current wordings of {some[0].term!r}; "
                f"give the earlier one status = {SUPERSEDED!r} and valid_to."
            )
        for one in some:
            if one.valid_from and one.valid_to and one.valid_from > one.valid_to:
                raise UserError(
                    f"{path}: the wording of {one.term!r} by {one.body} is valid from {one.valid_from} "
                    f"to {one.valid_to}; expected the earlier date first."
                )


def _first_difference(quotation: str, document: Document) -> str:
    """Where a quotation leaves its document: the words that agree, then both continuations."""
    words = quotation.split(" ")
    agreed = 0
    while agreed < len(words) and " ".join(words[: agreed + 1]) in document.text:
        agreed += 1
    expected = " ".join(words[agreed : agreed + 5])
    if agreed == 0:
        return f"its first words {expected!r} stand nowhere in {document.path}"
    prefix = " ".join(words[:agreed])
    after = document.text.index(prefix) + len(prefix)
    found = " ".join(document.text[after : after + 80].split(" ")[1:6])
    return (
        f"after {' '.join(words[max(0, agreed - 5) : agreed])!r} the quotation has {expected!r}, "
        f"{document.path} has {found!r}"
    )
