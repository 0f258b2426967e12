"""Every citation that was ever given, resolved again: which lead nowhere now, by document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from assistant.citations import resolve
from assistant.records.types import Kept
from corpus.types import DocumentInfo


@dataclass(frozen=True, slots=True)
class Lost:
    """Citations of a document that resolve no longer: their ids, and the ids of the answers that have them."""

    document_id: str
    title: str
    citations: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """How many answers and different citations were looked at, and what is lost, the document with the most first."""

    answers: int
    citations: int
    lost: tuple[Lost, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def check(kept: Iterable[Kept], documents: Sequence[DocumentInfo]) -> Check:
    """Resolve every citation of the answers, those of the nearest passages too, in the documents of an index."""
    resolves: dict[str, bool] = {}
    titles: dict[str, str] = {}
    lost: dict[str, dict[str, None]] = {}
    answers: dict[str, dict[str, None]] = {}
    count = 0
    for one in kept:
        count += 1
        for citation in (*one.answer.citations, *one.answer.nearest):
            if citation.id not in resolves:
                resolves[citation.id] = resolve(citation.id, documents) is not None
            if not resolves[citation.id]:
                titles[citation.document_id] = citation.title
                lost.setdefault(citation.document_id, {})[citation.id] = None
                answers.setdefault(citation.document_id, {})[one.id] = None
    found = [Lost(name, titles[name], tuple(lost[name]), tuple(answers[name])) for name in lost]
    return Check(count, len(resolves), tuple(sorted(found, key=lambda one: (-len(one.citations), one.document_id))))
