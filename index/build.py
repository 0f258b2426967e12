"""The build: read, split, encode, write, verify, publish. Until the last step the old index serves.

Reading and writing run in one child process and the verification in another, since a damaged
store or document can kill the process that opens it.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.catalogue import fingerprint, load_corpus, stamp
from corpus.errors import UserError
from corpus.sandbox import sandbox
from corpus.spans import Span, sentences
from corpus.split import passages
from corpus.types import Corpus, Definition, Document, Passage, Refused
from index import generation
from index.acronyms import Acronym, AcronymTable, mine, missing_forms
from index.content import FORMAT, Content, write_content
from index.encode import Encoder, Vectors
from index.generation import CONTENT, LEXICAL, VECTORS, Manifest
from index.words import terms

if TYPE_CHECKING:
    from index.store import VectorStore

Progress = Callable[[str, int, int], None]
GRAPHS = "encoders"
"""The folder inside an index for what encoders make of their models."""
_ROOM = 3
_SMALLEST_BUILD = 20 * 2**20


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `changed` is False where the index already was what a build would make."""

    manifest: Manifest
    refused: tuple[Refused, ...]
    changed: bool


def build_index(
    corpus_folder: Path,
    index_folder: Path,
    encoder: Encoder,
    *,
    rebuild: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Make or refresh the index of a folder of documents.

    The encoder goes to a child process, so it is one that can be pickled. Raises UserError where
    nothing can be built; the index that was there goes on serving.
    """
    with generation.writer_lock(index_folder):
        _in_child(partial(_prepare, encoder), progress)
        if not rebuild and (report := _up_to_date(corpus_folder, index_folder, encoder)):
            return report
        manifest, refused = _build(corpus_folder, index_folder, encoder, progress)
        generation.clean_up(index_folder)
        return BuildReport(manifest, refused, changed=True)


def _up_to_date(corpus_folder: Path, index_folder: Path, encoder: Encoder) -> BuildReport | None:
    try:
        folder = generation.current(index_folder)
        manifest = generation.read_manifest(folder)
        generation.check_files(folder, manifest)
    except UserError:
        # No index, or one that cannot be used: a build is what puts it right.
        return None
    if (manifest.fingerprint, manifest.encoder_sha256) != (fingerprint(corpus_folder), encoder.digest):
        return None
    content = Content(folder / CONTENT)
    try:
        return BuildReport(manifest, content.refused, changed=False)
    finally:
        content.close()


def _build(
    corpus_folder: Path, index_folder: Path, encoder: Encoder, progress: Progress | None
) -> tuple[Manifest, tuple[Refused, ...]]:
    generation.check_free_space(index_folder, _space_needed(index_folder))
    with _staging(index_folder) as folder:
        manifest, refused = _in_child(partial(_write, corpus_folder, folder, encoder), progress)
        _in_child(partial(_verify, folder), progress)
        generation.seal(folder, manifest)
        generation.publish(index_folder, folder)
    return manifest, refused


@contextmanager
def _staging(index_folder: Path) -> Iterator[Path]:
    try:
        folder = generation.staging(index_folder)
    except OSError as error:
        raise UserError(f"The index folder {index_folder} cannot be written ({error.strerror}).") from error
    try:
        yield folder
    except OSError as error:
        generation.discard(folder)
        raise UserError(
            f"The index could not be written to {index_folder} ({error.strerror}); the index that was there still "
            "serves."
        ) from error
    except BaseException:
        generation.discard(folder)
        raise


def _space_needed(index_folder: Path) -> int:
    try:
        return max(_SMALLEST_BUILD, _ROOM * generation.size(generation.current(index_folder)))
    except UserError:
        # No index, or one that names what is not there: the build is what puts it right.
        return _SMALLEST_BUILD


def _prepare(encoder: Encoder, progress: Progress) -> None:
    """In a child of its own: making a graph takes memory that a build should not keep."""
    progress("Checking the model", 0, 0)
    encoder.prepare()


def _write(
    corpus_folder: Path, folder: Path, encoder: Encoder, progress: Progress
) -> tuple[Manifest, tuple[Refused, ...]]:
    """In the child: everything of a generation but its manifest's list of files."""
    from index.lexical import LexicalIndex
    from index.store import VectorStore

    # Taken before reading: a file that changes meanwhile makes the index outdated, not wrong.
    taken, state = stamp(corpus_folder), fingerprint(corpus_folder)
    progress("Reading documents", 0, 0)
    with sandbox() as reader:
        corpus = load_corpus(corpus_folder, reader.read)
    acronyms = [acronym for document in corpus.documents for acronym in mine(document)]
    all_passages = [passage for document in corpus.documents for passage in passages(document)]
    all_sentences = sentences_of(corpus, all_passages)
    texts = indexed_texts(corpus, acronyms, all_passages)
    vectors = _encode(encoder, [*texts, *_sentence_texts(corpus, all_sentences)], progress)
    write_content(
        folder / CONTENT,
        corpus,
        acronyms,
        all_passages,
        vectors[: len(all_passages)],
        all_sentences,
        vectors[len(all_passages) :],
    )
    progress("Writing the index", 0, 0)
    LexicalIndex.build(
        [
            terms(text, document.language)
            for text, document in zip(texts, _documents_of(corpus, all_passages), strict=True)
        ],
        folder / LEXICAL,
    )
    VectorStore.build(folder / VECTORS, [passage.id for passage in all_passages], vectors[: len(all_passages)])
    manifest = Manifest(
        format=FORMAT,
        version=version_of(corpus, all_passages, encoder),
        built=datetime.now(UTC).isoformat(timespec="seconds"),
        encoder=encoder.name,
        encoder_sha256=encoder.digest,
        fingerprint=state,
        stamp=taken,
        documents=len(corpus.documents),
        passages=len(all_passages),
        sentences=len(all_sentences),
        files={},
    )
    return manifest, corpus.refused


def indexed_texts(corpus: Corpus, acronyms: list[Acronym], all_passages: list[Passage]) -> list[str]:
    """What each passage is searched by: its heading path, its text, and what its acronyms stand for."""
    documents = {document.id: document for document in corpus.documents}
    table = AcronymTable(acronyms)
    return [_indexed_text(documents[passage.document_id], passage, table) for passage in all_passages]


def _indexed_text(document: Document, passage: Passage, acronyms: AcronymTable) -> str:
    text = document.text[passage.start : passage.end]
    path = passage.heading_path
    if path and text.lstrip("# \t").startswith(path[-1]):
        path = path[:-1]
    added = {form for acronym in acronyms.spoken_of(text) for form in missing_forms(acronym, text)}
    return "\n".join(part for part in (" › ".join(path), text, ", ".join(sorted(added))) if part)


def sentences_of(corpus: Corpus, all_passages: list[Passage]) -> list[tuple[str, Span]]:
    """The sentences of all passages, each once, as (document id, span), headings among them."""
    documents = {document.id: document for document in corpus.documents}
    spans = {
        (passage.document_id, span)
        for passage in all_passages
        for span in sentences(documents[passage.document_id].text, passage.start, passage.end)
    }
    longest: dict[tuple[str, int], int] = {}
    for document_id, (start, end) in spans:
        longest[document_id, start] = max(end, longest.get((document_id, start), 0))
    return [(document_id, (start, end)) for (document_id, start), end in sorted(longest.items())]


def version_of(corpus: Corpus, all_passages: list[Passage], encoder: Encoder) -> str:
    """Twelve hexadecimal digits that change exactly when an answer could."""
    digest = sha256(f"{FORMAT}\0{encoder.digest}\0".encode())
    described: list[Document | Definition | Passage] = [*corpus.documents, *corpus.definitions, *all_passages]
    for value in described:
        digest.update(f"{_identity(value)}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]


def _identity(value: Document | Definition | Passage) -> tuple[Any, ...]:
    if isinstance(value, Document):
        return (value.id, value.sha256, value.title, value.url, value.language, value.kind, value.date)
    if isinstance(value, Definition):
        names = sorted((language, *names) for language, names in value.translations.items())
        return (value.term, value.names, value.acronyms, names, value.body, value.status, value.sha256)
    return (value.id,)


def _sentence_texts(corpus: Corpus, all_sentences: list[tuple[str, Span]]) -> list[str]:
    documents = {document.id: document for document in corpus.documents}
    return [documents[document_id].text[start:end] for document_id, (start, end) in all_sentences]


def _documents_of(corpus: Corpus, all_passages: list[Passage]) -> list[Document]:
    documents = {document.id: document for document in corpus.documents}
    return [documents[passage.document_id] for passage in all_passages]


def _encode(encoder: Encoder, texts: list[str], progress: Progress) -> Vectors:
    progress("Encoding", 0, len(texts))
    return encoder.encode(texts, lambda done: progress("Encoding", done, len(texts)))


def _verify(folder: Path, progress: Progress) -> None:
    """In a child of its own: the store opens, counts, and finds every passage by its own vector."""
    from index.lexical import LexicalIndex
    from index.store import VectorStore

    progress("Checking the index", 0, 0)
    content = Content(folder / CONTENT)
    LexicalIndex.open(folder / LEXICAL)
    with generation.serving_copy(folder) as copy:
        store = VectorStore.open(copy)
        _verify_store(store, content)
        store.close()
    content.close()


def _verify_store(store: VectorStore, content: Content) -> None:
    if store.count() != len(content.passages):
        raise UserError(f"The new index holds {store.count()} of {len(content.passages)} passages; build it again.")
    for passage, hits in zip(content.passages, store.search(content.passage_vectors(), 10), strict=True):
        # Passages with the same words have the same vector, so the best score counts, not the rank.
        if passage.id not in dict(hits) and (not hits or hits[0][1] < 0.9999):
            raise UserError(f"The new index does not find passage {passage.id} by its own vector; build it again.")


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
