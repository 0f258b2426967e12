"""The list of documents: those that were asked for, sorted, a hundred a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from urllib.parse import urlencode

from assistant.web.site import Answerer
from assistant.web.speech import language_name
from corpus.types import DocumentInfo, Refused
from corpus.wording import folded, without_accents

A_PAGE = 100
HERE = "/documents"
_Key = Callable[[DocumentInfo], tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks of the list; `page` counts from 1."""

    words: str = ""
    kind: str = ""
    language: str = ""
    sort: str = "title"
    page: int = 1

    @property
    def address(self) -> str:
        given = {"q": self.words, "kind": self.kind, "language": self.language}
        asked = {name: value for name, value in given.items() if value}
        asked |= {"sort": self.sort} if self.sort != "title" else {}
        asked |= {"page": str(self.page)} if self.page > 1 else {}
        return f"{HERE}?{urlencode(asked)}" if asked else HERE


@dataclass(frozen=True, slots=True)
class Row:
    """A document as the list shows it; `definitions` counts the canonical wordings that it holds."""

    document: DocumentInfo
    language: str
    definitions: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to choose, its name, and how many documents have it."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of the list: `found` of `total` documents, the rows from number `first` to `last`."""

    wanted: Wanted
    rows: tuple[Row, ...]
    found: int
    total: int
    first: int
    last: int
    before: str
    after: str
    kinds: tuple[Choice, ...]
    languages: tuple[Choice, ...]
    refused: tuple[Refused, ...]
    refused_total: int

    @property
    def is_narrowed(self) -> bool:
        return bool(self.wanted.words or self.wanted.kind or self.wanted.language)


def shelf(answerer: Answerer, wanted: Wanted) -> Shelf:
    """The page of the list that was asked for; the last one where there are fewer."""
    documents = answerer.documents
    found = sorted((one for one in documents if _is_wanted(one, wanted)), key=_order(wanted.sort))
    pages = max((len(found) + A_PAGE - 1) // A_PAGE, 1)
    wanted = replace(wanted, page=min(max(wanted.page, 1), pages))
    first = (wanted.page - 1) * A_PAGE
    held = Counter(definition.document_id for definition in answerer.registry.definitions)
    rows = [Row(one, language_name(one.language), held[one.id]) for one in found[first : first + A_PAGE]]
    return Shelf(
        wanted=wanted,
        rows=tuple(rows),
        found=len(found),
        total=len(documents),
        first=first + 1,
        last=first + len(rows),
        before=replace(wanted, page=wanted.page - 1).address if wanted.page > 1 else "",
        after=replace(wanted, page=wanted.page + 1).address if wanted.page < pages else "",
        kinds=_choices([one.kind for one in documents], str),
        languages=_choices([one.language for one in documents], language_name),
        refused=tuple(answerer.refused[:A_PAGE]),
        refused_total=len(answerer.refused),
    )


def _is_wanted(document: DocumentInfo, wanted: Wanted) -> bool:
    return (
        wanted.kind in ("", document.kind)
        and wanted.language in ("", document.language)
        and all(word in _words(document) for word in _plain(wanted.words).split())
    )


def _words(document: DocumentInfo) -> str:
    language = language_name(document.language)
    return _plain(f"{document.title} {document.path} {document.kind} {document.language} {language}")


@lru_cache(maxsize=20_000)
def _plain(words: str) -> str:
    # A list of thousands is looked through at each letter that somebody types.
    return folded(without_accents(words))


def _order(sort: str) -> _Key:
    if sort == "date":
        return lambda one: (-(one.date or date.min).toordinal(), _plain(one.title))
    return lambda one: (_plain(one.title), one.path)


def _choices(values: Sequence[str], name: Callable[[str], str]) -> tuple[Choice, ...]:
    counts = Counter(values)
    return tuple(sorted((Choice(value, name(value), counts[value]) for value in counts), key=lambda one: one.name))
