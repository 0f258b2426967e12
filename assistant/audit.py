"""Every place in documents that quotes a canonical definition, or nearly, and whether it still has the words."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from assistant.check import INTACT
from assistant.records.grouping import harmless
from corpus.catalogue import is_temporary
from corpus.check import Check, Wording, compare_within
from corpus.errors import UserError
from corpus.locate import Locator
from corpus.readers.types import Reading
from corpus.sandbox import Sandbox
from corpus.types import Refused
from corpus.wording import folded

_READERS = 2
# So many words in a row leave no doubt that a place quotes.
_SURE_RUN = 12
_MEANT = 0.5
_NAMED, _QUOTED = 0.1, 0.15
_NEARBY = 200
# What is left of a place on either side of what was found in it may hold another quotation.
_REST = 0.4
_MOST_IN_PLACE = 20
_BEFORE_QUOTE, _AFTER_QUOTE = "\"'‘“„«‹「『", "\"'’”“»›」』"
_COLUMNS = (
    "document", "page", "section", "term", "body", "version", "verdict", "confidence", "start", "end", "quote",
    "differences",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """A place of a document that has, or nearly has, a canonical wording.

    `start` and `end` count in the document's text; `confidence`, from 0 to 1, is how surely it is meant
    as a quotation: half of it the share of its words that are the wording's, half the most of them in
    a row (12 are enough), and more where it stands in quotation marks or near the term's or the body's name.
    """

    document: str
    page: int | None
    section: str
    check: Check
    start: int
    end: int
    confidence: float

    @property
    def has_drifted(self) -> bool:
        """Whether it is meant as a quotation and no longer has the wording that is in force."""
        return self.confidence >= _MEANT and self.check.verdict not in INTACT


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in some documents, in the order of their names, and the files that could not be read."""

    documents: tuple[str, ...]
    findings: tuple[Finding, ...]
    refused: tuple[Refused, ...]
    pages: int

    @property
    def holds(self) -> bool:
        """Whether every quotation still has its wording."""
        return not any(one.has_drifted for one in self.findings)


Counting = Callable[[int, int], None]


def audit(paths: Sequence[Path], wordings: Sequence[Wording], counting: Counting | None = None) -> Audit:
    """Look through files, and all files of folders, each read in a child process with limits.

    Raises UserError where a path does not exist, or where there is no wording to look for.
    """
    if not wordings:
        raise UserError("There is no canonical definition to look for: this corpus has no definitions.toml.")
    files = list(_files(paths))
    auditor = Auditor(wordings)
    findings: list[Finding] = []
    refused: list[Refused] = []
    read: list[str] = []
    pages = 0
    for number, (name, reading) in enumerate(_readings(files), 1):
        if isinstance(reading, str):
            refused.append(Refused(name, reading))
        else:
            read.append(name)
            pages += max(1, len(reading.pages))
            findings += auditor.look(name, reading)
        if counting is not None:
            counting(number, len(files))
    return Audit(tuple(read), tuple(findings), tuple(refused), pages)


class Auditor:
    """Finds the places of some wordings in one text after the other."""

    def __init__(self, wordings: Sequence[Wording]) -> None:
        self._wordings = wordings
        self._locator = Locator([one.text for one in wordings])

    def look(self, name: str, reading: Reading) -> list[Finding]:
        """The findings of a document in reading order; of places that overlap, the nearest to its wording."""
        found = [
            self._finding(name, reading, one)
            for place in self._locator.places(reading.text)
            for one in self._checks(reading.text, self._wordings[place.wording], place.start, place.end)
        ]
        kept: list[Finding] = []
        for one in sorted(found, key=_worth, reverse=True):
            if all(one.end <= other.start or other.end <= one.start for other in kept):
                kept.append(one)
        return sorted(kept, key=lambda one: one.start)

    def _checks(self, text: str, wording: Wording, start: int, end: int) -> Iterator[Check]:
        """What a place has of a wording, and what is left of it on either side of that."""
        left = [(start, end)]
        for _ in range(_MOST_IN_PLACE):
            if not left:
                return
            first, last = left.pop()
            found = compare_within(text, wording, first, last)
            if found.verdict == "unrelated":
                continue
            yield _as_version(found)
            longest = _REST * len(wording.text)
            left += [one for one in ((first, found.start), (found.end, last)) if one[1] - one[0] > longest]

    def _finding(self, name: str, reading: Reading, found: Check) -> Finding:
        return Finding(
            document=name,
            page=_page_at(reading, found.start),
            section=_section_at(reading, found.start),
            check=found,
            start=found.start,
            end=found.end,
            confidence=_confidence(found),
        )


def finding_record(one: Finding) -> dict[str, Any]:
    """A finding as plain values."""
    definition = one.check.definition
    return {
        "document": one.document,
        "page": one.page,
        "section": one.section,
        "start": one.start,
        "end": one.end,
        "term": definition.term,
        "body": definition.body,
        "version": definition.version,
        "verdict": one.check.verdict,
        "confidence": one.confidence,
        "drifted": one.has_drifted,
        "quote": one.check.text[one.start : one.end],
        "differences": [asdict(change) for change in one.check.differences],
        "formatting": list(one.check.formatting),
    }


def audit_record(found: Audit) -> dict[str, Any]:
    """An audit as plain values."""
    return {
        "documents": list(found.documents),
        "pages": found.pages,
        "holds": found.holds,
        "findings": [finding_record(one) for one in found.findings],
        "refused": [{"path": one.path, "reason": one.reason} for one in found.refused],
    }


def audit_csv(found: Audit) -> str:
    """The findings as CSV, a line each under a line of names."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for one in found.findings:
        record = finding_record(one)
        changes = "; ".join(_change(change) for change in record["differences"])
        writer.writerow({key: _as_cell(value) for key, value in {**record, "differences": changes}.items()})
    return out.getvalue()


def _change(change: dict[str, Any]) -> str:
    return f"{change['operation']} “{change['canonical']}” → “{change['given']}”"


def _as_cell(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for path in paths:
        if path.is_dir():
            for folder, names, files in os.walk(path):
                names[:] = sorted(name for name in names if not is_temporary(name))
                for name in sorted(files):
                    if not is_temporary(name):
                        yield str(Path(folder, name)), Path(folder, name)
        elif path.is_file():
            yield str(path), path
        else:
            raise UserError(f"{path} does not exist or is no file: give files or folders to look through.")


def _readings(files: Sequence[tuple[str, Path]]) -> Iterator[tuple[str, Reading | str]]:
    """Each file's name with its reading, or why it could not be read, in order; read by two children at once."""
    with ExitStack() as stack:
        children = [Sandbox() for _ in range(min(_READERS, len(files)))]
        for child in children:
            stack.callback(child.close)
        pool = stack.enter_context(ThreadPoolExecutor(max(1, len(children))))
        free = list(children)

        def read(path: Path) -> Reading | str:
            child = free.pop()
            try:
                return child.read(path)
            except UserError as error:
                return str(error)
            finally:
                free.append(child)

        yield from zip((name for name, _ in files), pool.map(read, (path for _, path in files)), strict=True)


def _as_version(found: Check) -> Check:
    """An earlier wording that stands there word for word is no quotation of what is in force."""
    superseded = found.definition.status != "current"
    return replace(found, verdict="earlier_version") if superseded and found.is_intact else found


def _worth(one: Finding) -> tuple[bool, bool, float]:
    return one.check.verdict in INTACT, one.check.verdict == "earlier_version", one.check.nearness


def _confidence(found: Check) -> float:
    text, start, end = found.text, found.start, found.end
    changed = sum(len(change.given) for change in found.differences)
    own = max(0.0, 1 - changed / max(1, end - start))
    value = 0.5 * own + 0.5 * min(1.0, found.run / _SURE_RUN)
    if text[max(0, start - 1) : start] in tuple(_BEFORE_QUOTE) or text[end : end + 1] in tuple(_AFTER_QUOTE):
        value += _QUOTED
    near = folded(text[max(0, start - _NEARBY) : start] + " " + text[end : end + _NEARBY])
    names = (found.definition.term, *found.definition.acronyms, found.definition.body)
    if any(folded(name) in near for name in names):
        value += _NAMED
    return round(min(1.0, value), 2)


def _page_at(reading: Reading, offset: int) -> int | None:
    return next((page.number for page in reversed(reading.pages) if page.start <= offset), None)


def _section_at(reading: Reading, offset: int) -> str:
    return next((section.title for section in reversed(reading.sections) if section.start <= offset), "")
