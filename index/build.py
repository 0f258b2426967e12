"""The build: survey, read, split, encode, write, verify, publish. Until the last step the old index serves.

Reading and writing run in one child process and the verification in another, since a damaged
store can kill the process that opens it; a few changes, which no store is opened for, are written
without. What has not changed is neither read nor encoded again: the base of the index before is
carried on and the changes go into a small part beside it, until they are many and a new base is
made from what is stored.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import numpy as np

from corpus.catalogue import definitions_path, nothing_to_read
from corpus.definitions import load_definitions
from corpus.errors import UserError
from corpus.spans import Span, sentences
from corpus.split import passages
from corpus.types import Document, Passage, Refused
from corpus.wording import search_form
from index import generation
from index.acronyms import AcronymTable, mine, missing_forms
from index.changes import Stock, Survey, survey, take_stock
from index.content import Content, ContentWriter, Row
from index.encode import Encoder, Vectors
from index.engine import PARTS, Batch, Crew, Encoded, Engine, LocalEngine, Work
from index.faults import crash_point
from index.generation import BASE, RECENT, STATE, Manifest
from index.late import Bits, Codes
from index.lexical import LexicalIndex
from index.reader import Reader
from index.segment import CONTENT, EF_SEARCH, LEXICAL, MISSED, address_of
from index.state import FORMAT, State, read_state
from index.words import terms

if TYPE_CHECKING:
    from index.store import VectorStore

Progress = Callable[[str, int, int], None]
_Value = TypeVar("_Value")
_Written = tuple[Manifest, tuple[Refused, ...], int]
WAITING = "Waiting for another build of this index to end"
GRAPHS = "encoders"
"""The folder inside an index for what encoders make of their models."""
_ROOM = 3
_SMALLEST_BUILD = 20 * 2**20
# More changes than this, in passages or as a share of the base, are worth a new base.
_RECENT = 1000
_RECENT_SHARE = 0.05
_WORDS_AT_ONCE = 128
_FEW_FILES = 20
_FEW_BYTES = 10 * 2**20
_SAMPLE = 100
_NEAREST = 10
RECALL = 0.99
_WIDEST_SEARCH = 3200
_ITSELF = 0.9999
# More than this share is passed by where vectors are damaged, not where a graph is large: 0.7 % of 99,438 passages are,
# and 11 % of 996,831, most of them made up around the same few. They are compared with exactly.
_MISSED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `changed` is False where the index already was what a build would make.

    `read` counts the documents that were read anew.
    """

    manifest: Manifest
    refused: tuple[Refused, ...]
    changed: bool
    read: int = 0


@dataclass(frozen=True, slots=True)
class Before:
    """The index that a build starts from. `whole` is False where only its texts and vectors can be used."""

    folder: Path
    manifest: Manifest
    state: State
    whole: bool


@dataclass(frozen=True, slots=True)
class _Task:
    """What a build's child needs to know. `folder` is the new generation's, `server` a Chroma server's URL."""

    found: Survey
    before: Before | None
    folder: Path
    encoder: Encoder
    server: str | None
    engine: Engine

    @property
    def work(self) -> Work:
        """What the engine is to do."""
        new = self.found.to_read(self.before.state.files if self.before else ())
        digests = {record.name: record.sha256 for record in new}
        files = tuple((source.path, digests[source.name]) for source in self.found.files if digests.get(source.name))
        return Work(self.encoder, files, _parts(self.folder.parents[1]))

    def is_small(self) -> bool:
        """Whether so little has changed that starting a process would take longer than writing it."""
        if self.before is None or not self.before.whole:
            return False
        changed = self.found.to_read(self.before.state.files)
        return len(changed) <= _FEW_FILES and sum(record.size for record in changed) <= _FEW_BYTES


def build_index(
    corpus_folder: Path,
    index_folder: Path,
    encoder: Encoder,
    *,
    reader: Reader | None = None,
    server: str | None = None,
    rebuild: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> BuildReport:
    """Make or refresh the index of a folder of documents.

    The encoder goes to a child process, so it is one that can be pickled. The reader's graph is made where
    it is missing; an index does not depend on it. With `server`, the URL
    of a Chroma server, the vectors lie there. `rebuild` reads and encodes everything again.
    `engine` says where, by default in this machine's own processes.
    Another build is waited for. Raises UserError where nothing can be built; the index that was
    there goes on serving.
    """
    tell = progress or _silent
    with generation.writer_lock(index_folder, lambda: tell(WAITING, 0, 0)):
        crash_point("locked")
        generation.clean_up(index_folder, _forget)
        tell("Looking for changes", 0, 0)
        before = None if rebuild else _before(index_folder, encoder, server)
        found = survey(corpus_folder, before.state.files if before else ())
        crash_point("surveyed")
        if before is None or not encoder.is_prepared():
            _in_child(partial(_prepare, encoder), progress)
        if reader is not None and not reader.is_prepared():
            _in_child(partial(_prepare, reader), progress)
        if before and before.whole and not found.changed(before.state.files, before.state.definitions_digest):
            return BuildReport(before.manifest, before.state.refused, changed=False)
        return _build(index_folder, found, before, encoder, server, progress, engine or LocalEngine())


def corpus_differs(corpus_folder: Path, state: State) -> bool:
    """Whether the documents have changed since an index was built. Raises UserError as `survey` does."""
    return survey(corpus_folder, state.files).changed(state.files, state.definitions_digest)


def _before(index_folder: Path, encoder: Encoder, server: str | None) -> Before | None:
    """The index that serves, where this build can go on from it."""
    try:
        folder = generation.current(index_folder)
        manifest = generation.read_manifest(folder)
        if (manifest.encoder_sha256, manifest.server) != (encoder.digest, server):
            return None
        ours = (STATE, f"{BASE}/{CONTENT}", f"{RECENT}/{CONTENT}")
        generation.check_files(folder, manifest, only=ours)
        state = read_state(folder / STATE)
    except UserError:
        # No index, or one that cannot be used: a build is what puts it right.
        return None
    return Before(folder, manifest, state, _is_whole(folder, manifest, set(manifest.files) - set(ours)))


def _is_whole(folder: Path, manifest: Manifest, others: set[str]) -> bool:
    """Whether the store and the words are as they were built too; `others` are their files."""
    try:
        generation.check_files(folder, manifest, only=others)
        if manifest.server is not None:
            from index.store import VectorStore

            store = VectorStore.open(address_of(folder, manifest.server, manifest.collection))
            try:
                return store.count() == manifest.base
            finally:
                store.close()
    except UserError:
        return False
    return True


def _build(
    index_folder: Path,
    found: Survey,
    before: Before | None,
    encoder: Encoder,
    server: str | None,
    progress: Progress | None,
    engine: Engine,
) -> BuildReport:
    generation.check_free_space(index_folder, _space_needed(index_folder))
    with _staging(index_folder) as folder:
        crash_point("staged")
        task = _Task(found, before, folder, encoder, server, engine)
        # A few changes are done before others are asked to do them.
        small = replace(task, engine=LocalEngine())
        written = _write_beside(small, progress or _silent) if task.is_small() else None
        manifest, refused, read = written or _in_child(partial(_write, task), progress)
        if not manifest.files:
            _in_child(partial(_verify, folder, manifest), progress)
        crash_point("verified")
        generation.seal(folder, manifest)
        crash_point("sealed")
        generation.publish(index_folder, folder)
        crash_point("published")
        shutil.rmtree(_parts(index_folder), ignore_errors=True)
    crash_point("cleaned up")
    return BuildReport(manifest, refused, changed=True, read=read)


@contextmanager
def _staging(index_folder: Path) -> Iterator[Path]:
    try:
        folder = generation.staging(index_folder)
    except OSError as error:
        raise UserError(f"The index folder {index_folder} cannot be written ({error.strerror}).") from error
    try:
        yield folder
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UserError(
            f"The index could not be written to {index_folder} ({reason}); the index that was there still serves."
        ) from error
    finally:
        # Whatever was not published goes; what was stays.
        generation.clean_up(index_folder, _forget)


def _parts(index_folder: Path) -> Path:
    """Where an engine may keep what is done of a build that is not published yet."""
    return index_folder / PARTS


def _space_needed(index_folder: Path) -> int:
    try:
        return max(_SMALLEST_BUILD, _ROOM * generation.size(generation.current(index_folder)))
    except UserError:
        # No index, or one that names what is not there: the build is what puts it right.
        return _SMALLEST_BUILD


def _prepare(model: Encoder | Reader, progress: Progress) -> None:
    """In a child of its own: making a graph takes memory that a build should not keep."""
    progress("Checking the model", 0, 0)
    model.prepare()


def _write(task: _Task, progress: Progress) -> _Written:
    """In the child: everything of a generation but its manifest's list of files."""
    with ExitStack() as resources:
        crew = resources.enter_context(task.engine.crew(task.work))
        stock = _read(task, crew, progress)
        contents = _contents(task.before, resources)
        return _put(task, crew, contents, stock, _Plan.of(task.before, stock, contents), progress)


def _write_beside(task: _Task, progress: Progress) -> _Written | None:
    """The same in this process, where Chroma is not opened; None where a new base is worth making."""
    with ExitStack() as resources:
        crew = resources.enter_context(task.engine.crew(task.work))
        stock = _read(task, crew, progress)
        contents = _contents(task.before, resources)
        plan = _Plan.of(task.before, stock, contents)
        return None if plan.new_base else _put(task, crew, contents, stock, plan, progress)


def _read(task: _Task, crew: Crew, progress: Progress) -> Stock:
    # An index of this encoder is there, so its graph is too: this only checks it.
    if task.before is not None:
        _prepare(task.encoder, progress)
    progress("Reading documents", 0, 0)
    files, infos = (task.before.state.files, task.before.state.documents) if task.before else ((), ())
    stock = take_stock(task.found, files, infos, crew.read)
    if not stock.kept and not stock.added:
        raise UserError(nothing_to_read(task.found.folder, list(stock.refused)))
    crash_point("read")
    return stock


def _put(
    task: _Task, crew: Crew, contents: dict[str, Content], stock: Stock, plan: _Plan, progress: Progress
) -> _Written:
    state = _state(task, stock, contents)
    manifest = _Writing(task, crew, contents, stock, progress).write(plan, state)
    _check_parts(task.folder)
    return manifest, stock.refused, len(stock.added)


def _contents(before: Before | None, resources: ExitStack) -> dict[str, Content]:
    """The files of texts and vectors of the index before, by the part that they are of."""
    found = {}
    for part in (BASE, RECENT):
        if before and (before.folder / part / CONTENT).is_file():
            found[part] = Content(before.folder / part / CONTENT)
            resources.callback(found[part].close)
    return found


def _state(task: _Task, stock: Stock, contents: dict[str, Content]) -> State:
    added = {document.id: document for document in stock.added}
    infos = [*stock.kept, *(document.info for document in stock.added)]
    places = {identifier: content for content in contents.values() for identifier in content.document_ids}

    def document(identifier: str) -> Document:
        return added.get(identifier) or places[identifier].document(identifier)

    definitions, drifted = load_definitions(definitions_path(task.found.folder), [info.id for info in infos], document)
    kept = {info.id for info in stock.kept}
    past = task.before.state.acronyms if task.before else ()
    acronyms = [
        *(acronym for acronym in past if acronym.document_id in kept),
        *(acronym for document in stock.added for acronym in mine(document)),
    ]
    order = {info.id: at for at, info in enumerate(sorted(infos, key=lambda info: info.path))}
    return State(
        documents=tuple(sorted(infos, key=lambda info: info.path)),
        definitions=definitions,
        refused=stock.refused,
        acronyms=tuple(sorted(acronyms, key=lambda acronym: (order[acronym.document_id], acronym.start))),
        files=stock.records,
        definitions_digest=task.found.definitions,
        drifted=drifted,
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which documents go where: `gone` out of the base, `recent` beside it; or all into a new base."""

    gone: tuple[str, ...]
    recent: tuple[str, ...]
    new_base: bool

    @classmethod
    def of(cls, before: Before | None, stock: Stock, contents: dict[str, Content]) -> _Plan:
        added = [document.id for document in stock.added]
        if before is None or not before.whole:
            return cls((), (), new_base=True)
        was_recent = set(contents[RECENT].document_ids) if RECENT in contents else set()
        kept = {info.id for info in stock.kept}
        gone = tuple(i for i in contents[BASE].document_ids if i not in kept or i in was_recent)
        recent = (*(i for i in kept if i in was_recent), *added)
        limit = max(_RECENT, int(_RECENT_SHARE * before.manifest.base))
        changed = sum(len(passages(document)) for document in stock.added)
        if RECENT in contents:
            changed += len(contents[RECENT].positions_of(i for i in kept if i in was_recent))
        too_many = max(changed, len(contents[BASE].positions_of(gone))) > limit
        return cls(gone, recent, new_base=too_many)


class _Writing:
    """The files of a new generation: what is known is copied, what is new is encoded."""

    def __init__(self, task: _Task, crew: Crew, contents: dict[str, Content], stock: Stock, progress: Progress) -> None:
        self._task = task
        self._crew = crew
        self._contents = contents
        self._added = {document.id: document for document in stock.added}
        self._passages = {document.id: passages(document) for document in stock.added}
        self._progress = progress
        self._done = 0

    def write(self, plan: _Plan, state: State) -> Manifest:
        paths = {info.id: info.path for info in state.documents}
        state.write(self._task.folder / STATE)
        if plan.new_base or self._task.before is None:
            return self._new_base(sorted(paths, key=paths.__getitem__), state)
        return self._beside(self._task.before, plan.gone, sorted(plan.recent, key=paths.__getitem__), state)

    def _new_base(self, documents: Sequence[str], state: State) -> Manifest:
        from index.store import COLLECTION, VectorStore

        folder, server = self._task.folder, self._task.server
        counts = self._part(folder / BASE, documents, None)
        collection = f"{COLLECTION}-{uuid4().hex[:12]}" if server else COLLECTION
        if server:
            generation.note_collection(folder, server, collection)
        content = Content(folder / BASE / CONTENT)
        store = VectorStore.build(address_of(folder, server, collection), content.all_vectors())
        store, ef_search, recall = _wide_enough(store, content)
        store.close()
        content.close()
        crash_point("vectors written")
        return self._manifest(state, counts, counts.passages, (), ef_search, recall, collection, {})

    def _beside(self, before: Before, gone: Sequence[str], recent: Sequence[str], state: State) -> Manifest:
        folder, manifest = self._task.folder, before.manifest
        generation.carry_on(before.folder, folder)
        if manifest.server:
            generation.note_collection(folder, manifest.server, manifest.collection)
        counts = _Counts(0, 0)
        if recent:
            length = LexicalIndex.open(folder / BASE / LEXICAL).average_length
            counts = self._part(folder / RECENT, recent, length)
        base = self._contents[BASE]
        live = set(base.document_ids) - set(gone)
        counts = _Counts(
            counts.passages + base.size - len(base.positions_of(gone)), counts.sentences + base.sentence_count(live)
        )
        files = {name: found for name, found in manifest.files.items() if name.startswith(f"{BASE}/")}
        return self._manifest(
            state, counts, base.size, gone, manifest.ef_search, manifest.recall, manifest.collection, files
        )

    def _manifest(
        self,
        state: State,
        counts: _Counts,
        base: int,
        gone: Sequence[str],
        ef_search: int,
        recall: float,
        collection: str,
        files: dict[str, Any],
    ) -> Manifest:
        encoder = self._task.encoder
        return Manifest(
            format=FORMAT,
            version=state.version(encoder.digest),
            built=datetime.now(UTC).isoformat(timespec="seconds"),
            encoder=encoder.name,
            encoder_sha256=encoder.digest,
            documents=len(state.documents),
            passages=counts.passages,
            sentences=counts.sentences,
            base=base,
            gone=list(gone),
            ef_search=ef_search,
            recall=recall,
            server=self._task.server,
            collection=collection,
            files=files,
        )

    def _part(self, folder: Path, documents: Sequence[str], average_length: float | None) -> _Counts:
        """Write a part of an index but its vectors' store."""
        folder.mkdir()
        writer = ContentWriter(folder / CONTENT)
        for chunk, fresh in self._encoded_chunks(documents):
            for identifier in chunk:
                if identifier in fresh:
                    writer.add(self._added[identifier], fresh[identifier])
                else:
                    content = self._place(identifier)
                    writer.add(content.document(identifier), content.rows(identifier))
        writer.close()
        crash_point("content written")
        self._progress("Writing the index", 0, 0)
        content = Content(folder / CONTENT)
        LexicalIndex.build(content.all_terms(), folder / LEXICAL, average_length)
        content.close()
        crash_point("lexical written")
        return _Counts(writer.passages, writer.sentences)

    def _chunks(self, documents: Sequence[str]) -> Iterator[list[str]]:
        """Documents in runs of about as many new passages as are encoded at once."""
        chunk: list[str] = []
        waiting = 0
        for identifier in documents:
            chunk.append(identifier)
            waiting += len(self._passages.get(identifier, ()))
            if waiting >= self._task.engine.passages_at_once:
                yield chunk
                chunk, waiting = [], 0
        yield chunk

    def _place(self, document_id: str) -> Content:
        """Where a document is stored; what is recent stands for what the base had under that id."""
        recent = self._contents.get(RECENT)
        return recent if recent and document_id in recent.document_ids else self._contents[BASE]

    def _encoded_chunks(self, documents: Sequence[str]) -> Iterator[tuple[list[str], dict[str, list[Row]]]]:
        """Runs of documents, each with the rows of those of them that are new; some runs are handed out together."""
        chunks = self._chunks(documents)
        while some := list(islice(chunks, self._task.engine.runs_at_once)):
            drafts = [self._new(chunk) for chunk in some]
            results = self._crew.encode([batch for one in drafts for batch in one.batches])
            for chunk, new in zip(some, drafts, strict=True):
                # A document without a passage is new too.
                nothing: dict[str, list[Row]] = {identifier: [] for identifier in chunk if identifier in self._added}
                yield chunk, nothing | self._rows(new, results)

    def _new(self, chunk: Sequence[str]) -> _New:
        return _New([draft for identifier in chunk if identifier in self._added for draft in self._drafts(identifier)])

    def _rows(self, new: _New, results: Iterator[Encoded]) -> dict[str, list[Row]]:
        """The passages of new documents; `results` go on with what comes of their batches."""
        tell = self._teller(sum(len(batch.texts) for batch in new.batches), len(new.drafts))
        of_passages: dict[tuple[str, str], tuple[Vectors, Bits]] = {}
        of_sentences: dict[str, tuple[Vectors, Codes]] = {}
        done = 0
        for batch in new.batches:
            found = next(results)
            values = list(zip(found.vectors, found.words, strict=True))
            if batch.kind == "passages":
                of_passages |= zip(zip(batch.languages, batch.texts, strict=True), values, strict=True)
            else:
                of_sentences |= zip(batch.texts, values, strict=True)
            done += len(batch.texts)
            tell(done)
        self._done += len(new.drafts)
        rows: dict[str, list[Row]] = {}
        for draft in new.drafts:
            rows.setdefault(draft.passage.document_id, []).append(draft.row(of_passages, of_sentences))
        return rows

    def _drafts(self, document_id: str) -> Iterator[_Draft]:
        document = self._added[document_id]
        known = self._known_rows(document.id)
        table = AcronymTable(mine(document))
        for passage in self._passages[document.id]:
            draft = _Draft.of(document, passage, table)
            yield replace(draft, known=known.get(draft.key))

    def _known_rows(self, document_id: str) -> dict[bytes, Row]:
        for part in (RECENT, BASE):
            content = self._contents.get(part)
            if content and document_id in content.document_ids:
                return {row.key: row for row in content.rows(document_id)}
        return {}

    def _teller(self, texts: int, passages_now: int) -> Callable[[int], None]:
        """Tells of texts that are encoded, in passages."""
        total = sum(map(len, self._passages.values()))
        return lambda done: self._progress("Encoding", self._done + round(done / texts * passages_now), total)


class _New:
    """Drafts on their way into the index, and the batches of what is not known of them from the index before.

    Texts of like length go together; a few at once, since word vectors take 1.5 kB each until they are packed.
    """

    def __init__(self, drafts: list[_Draft]) -> None:
        self.drafts = drafts
        unknown = [draft for draft in drafts if draft.known is None]
        wholes = sorted(
            dict.fromkeys((draft.language, draft.text) for draft in unknown), key=lambda whole: len(whole[1])
        )
        pieces = sorted(dict.fromkeys(text for draft in unknown for text in draft.sentence_texts), key=len)
        self.batches = [
            *(
                Batch("passages", tuple(text for _, text in some), tuple(language for language, _ in some))
                for some in _in_runs(wholes)
            ),
            *(Batch("sentences", tuple(some)) for some in _in_runs(pieces)),
        ]


def _in_runs(texts: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    return (texts[at : at + _WORDS_AT_ONCE] for at in range(0, len(texts), _WORDS_AT_ONCE))


@dataclass(frozen=True, slots=True)
class _Counts:
    passages: int
    sentences: int


@dataclass(frozen=True, slots=True)
class _Draft:
    """A passage on its way into the index: what is encoded of it, and the row that it had before, if any."""

    passage: Passage
    key: bytes
    terms: tuple[str, ...]
    language: str
    text: str
    sentence_texts: tuple[str, ...]
    spans: tuple[Span, ...]
    known: Row | None = None

    @classmethod
    def of(cls, document: Document, passage: Passage, acronyms: AcronymTable) -> _Draft:
        indexed = indexed_text(document, passage, acronyms)
        spans = sentences(document.text, passage.start, passage.end)
        text = search_form(indexed)
        of_sentences = tuple(search_form(document.text[start:end]) for start, end in spans)
        described = "\0".join((document.language, text, *of_sentences)).encode("utf-8", "surrogatepass")
        return cls(
            passage=passage,
            key=sha256(described).digest()[:16],
            terms=tuple(terms(indexed, document.language)),
            language=document.language,
            text=text,
            sentence_texts=of_sentences,
            spans=tuple((start - passage.start, end - passage.start) for start, end in spans),
        )

    def row(
        self,
        passages: Mapping[tuple[str, str], tuple[Vectors, Bits]],
        sentences: Mapping[str, tuple[Vectors, Codes]],
    ) -> Row:
        """The row of the index, from what was encoded of passages by (language, text) and of sentences."""
        if self.known is not None:
            return replace(self.known, passage=self.passage)
        vector, words = passages[self.language, self.text]
        return Row(
            passage=self.passage,
            key=self.key,
            terms=self.terms,
            vector=vector,
            spans=self.spans,
            sentences=np.array([sentences[text][0] for text in self.sentence_texts], np.float32),
            words=words,
            meanings=tuple(sentences[text][1] for text in self.sentence_texts),
        )


def indexed_text(document: Document, passage: Passage, acronyms: AcronymTable) -> str:
    """What a passage is searched by: its heading path, its text, and what its acronyms stand for.

    `acronyms` are the document's own, so that what one document says never changes the index of another.
    """
    text = document.text[passage.start : passage.end]
    path = passage.heading_path
    if path and text.lstrip("# \t").startswith(path[-1]):
        path = path[:-1]
    added = {form for acronym in acronyms.spoken_of(text) for form in missing_forms(acronym, text)}
    return "\n".join(part for part in (" › ".join(path), text, ", ".join(sorted(added))) if part)


def _wide_enough(store: VectorStore, content: Content) -> tuple[VectorStore, int, float]:
    """The store, searching so widely that the recall of the nearest holds; with the width and the recall."""
    queries, exact = _exact_nearest(content)
    width = EF_SEARCH
    while (recall := _recall(store, queries, exact, content)) < RECALL and width < _WIDEST_SEARCH:
        width *= 2
        store = store.widened(width, content.all_vectors())
    return store, width, round(recall, 4)


def _exact_nearest(content: Content) -> tuple[Vectors, list[float]]:
    """A sample of the stored vectors, and for each the similarity of its tenth nearest, exactly."""
    step = max(1, content.size // _SAMPLE)
    sample = list(range(0, content.size, step))[:_SAMPLE]
    queries = content.vectors(sample)
    best = np.zeros((len(queries), 0), np.float32)
    for block in content.all_vectors():
        best = np.sort(np.concatenate([best, queries @ block.T], axis=1), axis=1)[:, -_NEAREST:]
    return queries, [float(row[0]) for row in best]


def _recall(store: VectorStore, queries: Vectors, exact: Sequence[float], content: Content) -> float:
    """The share of the ten nearest that a search finds, by similarity: equal ones count alike."""
    limit = min(_NEAREST, content.size)
    found = store.search(queries, limit)
    wanted = limit * len(queries)
    hits = sum(score >= least - 1e-5 for near, least in zip(found, exact, strict=True) for _, score in near)
    return hits / wanted if wanted else 1.0


def _verify(folder: Path, manifest: Manifest, progress: Progress) -> None:
    """In a child of its own: a new store opens, counts, and finds every passage by its own vector.

    The few of very many that it passes by are written down, to be compared with exactly.
    """
    progress("Checking the index", 0, 0)
    with ExitStack() as resources:
        base = Content(folder / BASE / CONTENT)
        resources.callback(base.close)
        missed = _missed(_open_store(folder, manifest, resources), base, progress)
    if missed:
        np.save(folder / BASE / MISSED, np.array(missed, np.int64))


def _check_parts(folder: Path) -> None:
    """All parts open and count alike. Our own files cannot kill who opens them, so this needs no child."""
    for part in (BASE, RECENT):
        if (folder / part).is_dir():
            with closing(Content(folder / part / CONTENT)) as content:
                _check_count(part, LexicalIndex.open(folder / part / LEXICAL).size, content.size)


def _open_store(folder: Path, manifest: Manifest, resources: ExitStack) -> VectorStore:
    from index.store import VectorStore

    copied = None if manifest.server else resources.enter_context(generation.serving_copy(folder))
    store = VectorStore.open(address_of(folder, manifest.server, manifest.collection, copied))
    resources.callback(store.close)
    return store


def _missed(store: VectorStore, content: Content, progress: Progress) -> list[int]:
    """The positions of the passages that a store does not find by their own vectors.

    A graph of near neighbours leaves some nodes that no path leads to. Raises UserError where they
    are more than that explains.
    """
    _check_count("vector", store.count(), content.size)
    missed: list[int] = []
    at = 0
    for block in content.all_vectors():
        missed += [position for position, hits in enumerate(store.search(block, 1), at) if not _has(hits, position)]
        at += len(block)
        progress("Checking the index", at, content.size)
    if len(missed) > _MISSED_SHARE * content.size:
        raise UserError(
            f"The new index does not find {len(missed)} of {content.size} passages by their own vectors, passage "
            f"{missed[0]} among them; build it again."
        )
    return missed


def _has(hits: Sequence[tuple[int, float]], position: int) -> bool:
    """Whether a search by a passage's own vector found it, or one with the same words and so the same vector."""
    return any(found == position for found, _ in hits) or bool(hits and hits[0][1] >= _ITSELF)


def _check_count(part: str, found: int, expected: int) -> None:
    if found != expected:
        raise UserError(f"The new index holds {found} of {expected} passages ({part}); build it again.")


def _forget(server: str, collection: str) -> bool:
    """Remove a collection that no generation needs; False where the server does not answer now."""
    from index.store import Address, remove

    try:
        remove(Address(server, collection))
    except UserError:
        return False
    return True


def _silent(step: str, done: int, total: int) -> None:
    """Where nobody watches."""


def _in_child(task: Callable[[Progress], Any], progress: Progress | None) -> Any:
    """Run `task` in a fresh process, pass its progress on, and return what it returns."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(task, sending))
    process.start()
    sending.close()
    try:
        return _receive(receiving, progress)
    except EOFError:
        process.join()
        raise UserError(f"{_end_of(process.exitcode or 0)}; the index that was there still serves.") from None
    except KeyboardInterrupt:
        process.terminate()
        raise
    finally:
        receiving.close()
        process.join()


def _end_of(exitcode: int) -> str:
    if exitcode < 0:
        return f"The build was stopped by the system (signal {-exitcode}), often for lack of memory"
    return f"The build's process ended before it was done (exit code {exitcode}); what it printed says why"


def _receive(receiving: Connection, progress: Progress | None) -> Any:
    while True:
        kind, *values = receiving.recv()
        if kind == "done":
            return values[0]
        if kind == "refused":
            raise UserError(values[0])
        if kind == "failed":
            raise values[0]
        if progress:
            progress(*values)


def _child(task: Callable[[Progress], Any], sending: Connection) -> None:
    # Ctrl-C reaches every process of a terminal; the parent says what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def report(step: str, done: int, total: int) -> None:
        sending.send(("progress", step, done, total))

    try:
        sending.send(("done", task(report)))
    except UserError as error:
        sending.send(("refused", str(error)))
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        error.add_note(traceback.format_exc())
        sending.send(("failed", error))
    finally:
        sending.close()


def _end_with_parent() -> None:
    """A build that was killed must not go on writing in its child."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
