"""What of a corpus has changed since an index was built, told by the content of its files.

A file whose size and times are as they were is not read again to hash it, unless it was written so
shortly before it was looked at that a later write could have left the same times (git's rule).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path

from corpus.catalogue import Read, Shelf, Source, check_place, definitions_path, read_source, sources
from corpus.errors import UserError
from corpus.types import Document, DocumentInfo, Refused

# The coarsest clock of a file system: FAT counts in steps of 2 s.
_TIME_STEP_NS = 2_000_000_000
_UNREADABLE = ""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of one file.

    Its size, its two times and when it was looked at, in nanoseconds; the digests of its content
    (empty where it cannot be read) and of its catalogue entry; and what became of it: the SHA-256
    of the text that it holds, or the reason for which its reader refused it.
    """

    name: str
    size: int
    modified: int
    changed: int
    looked_at: int
    sha256: str
    entry: str
    text_sha256: str | None = None
    refusal: str | None = None

    def same_as(self, other: FileRecord) -> bool:
        """Whether two files give the same document."""
        return (self.sha256, self.entry) == (other.sha256, other.entry)


@dataclass(frozen=True, slots=True)
class Survey:
    """A corpus as its files are now; `definitions` is the digest of the file of definitions."""

    folder: Path
    files: tuple[Source, ...]
    records: Mapping[str, FileRecord]
    missing: tuple[Refused, ...]
    definitions: str

    def changed(self, before: Sequence[FileRecord], definitions: str) -> bool:
        """Whether an index that was made from files in that state would come out otherwise now."""
        known = {record.name: (record.sha256, record.entry) for record in before}
        now = {name: (record.sha256, record.entry) for name, record in self.records.items()}
        return known != now or definitions != self.definitions

    def to_read(self, before: Sequence[FileRecord]) -> list[FileRecord]:
        """The files that are new since that state, or whose content is."""
        known = {record.name: record for record in before}
        return [now for now in self.records.values() if not ((past := known.get(now.name)) and now.same_as(past))]


@dataclass(frozen=True, slots=True)
class Stock:
    """What a build starts from: documents as they were, documents read anew, what was refused, and
    the records for the next build."""

    kept: tuple[DocumentInfo, ...]
    added: tuple[Document, ...]
    refused: tuple[Refused, ...]
    records: tuple[FileRecord, ...]


def survey(folder: Path, before: Sequence[FileRecord] = ()) -> Survey:
    """Look at every file of a corpus. Raises UserError where there is no folder or no usable catalogue."""
    files, missing = sources(folder)
    known = {record.name: record for record in before}
    records = {source.name: _look_at(folder, source, known.get(source.name)) for source in files}
    # What the catalogue names in vain changes with the catalogue: it counts with the definitions.
    named = json.dumps([item.path for item in missing])
    definitions = _digest_of(definitions_path(folder)) + sha256(named.encode()).hexdigest()
    return Survey(folder, tuple(files), records, tuple(missing), definitions)


def take_stock(found: Survey, before: Sequence[FileRecord], infos: Sequence[DocumentInfo], read: Read) -> Stock:
    """Read what is new or changed; documents of unchanged files stay as they are.

    `infos` are the documents that were made from `before`. A file with the same text as another
    one is read again only when that one is gone.
    """
    past = {record.name: record for record in before}
    known = {info.path: info for info in infos}
    shelf = Shelf()
    kept: list[DocumentInfo] = []
    added: list[Document] = []
    refused = list(found.missing)
    records: list[FileRecord] = []
    for source in found.files:
        record = _with_outcome(found.records[source.name], past.get(source.name))
        document: DocumentInfo | Document | None = known.get(source.name) if record.text_sha256 else None
        try:
            if not record.sha256:
                # It could not be looked at: this says why.
                check_place(found.folder, source.path)
            if record.text_sha256:
                shelf.check_text(record.text_sha256)
            if document is None and record.refusal is None:
                record, document = _read(found.folder, source, record, read)
            if document is None:
                raise UserError(record.refusal or "")
            shelf.put(document.path, document.id, document.sha256)
        except UserError as error:
            refused.append(Refused(source.name, str(error)))
        else:
            if isinstance(document, Document):
                added.append(document)
            else:
                kept.append(document)
        records.append(record)
    return Stock(tuple(kept), tuple(added), tuple(refused), tuple(records))


def _read(folder: Path, source: Source, record: FileRecord, read: Read) -> tuple[FileRecord, Document | None]:
    try:
        document = read_source(folder, source, read)
    except UserError as error:
        return replace(record, text_sha256=None, refusal=str(error)), None
    return replace(record, text_sha256=document.sha256, refusal=None), document


def _with_outcome(record: FileRecord, past: FileRecord | None) -> FileRecord:
    """What became of a file of the same content; one that could not be read is tried again."""
    if past is None or not record.sha256 or not record.same_as(past):
        return record
    return replace(record, text_sha256=past.text_sha256, refusal=past.refusal)


def _look_at(folder: Path, source: Source, past: FileRecord | None) -> FileRecord:
    entry = _entry_digest(source) if source.entry else ""
    looked_at = time.time_ns()
    try:
        check_place(folder, source.path)
        state = source.path.stat()
        seen = FileRecord(source.name, state.st_size, state.st_mtime_ns, state.st_ctime_ns, looked_at, "", entry)
        if past is not None and _is_untouched(seen, past):
            return replace(seen, sha256=past.sha256, looked_at=past.looked_at)
        return replace(seen, sha256=_digest_of(source.path))
    except (OSError, UserError):
        # Its reader says why; a change of the reason is a change of what is refused, not of an answer.
        return FileRecord(source.name, 0, 0, 0, looked_at, _UNREADABLE, entry)


def _entry_digest(source: Source) -> str:
    return sha256(json.dumps(source.entry, sort_keys=True, default=str).encode()).hexdigest()


def _is_untouched(seen: FileRecord, past: FileRecord) -> bool:
    same = (seen.size, seen.modified, seen.changed) == (past.size, past.modified, past.changed)
    settled = past.looked_at - max(past.modified, past.changed) > _TIME_STEP_NS
    return same and settled and bool(past.sha256)


def _digest_of(path: Path) -> str:
    if not path.is_file():
        return _UNREADABLE
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
