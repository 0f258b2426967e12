"""The assistant as programs use it: settings in, a ready `Assistant` out, the newest index always."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.ask import Assistant
from assistant.settings import Settings
from assistant.write import Writer
from corpus.errors import UserError
from corpus.spans import Span
from corpus.types import Drifted
from index import generation
from index.build import GRAPHS, BuildReport, Progress, build_index, corpus_differs
from index.encode import Encoder, open_encoder
from index.engine import LOCAL, open_engine
from index.generation import STATE
from index.hub import folder_of
from index.reader import Reader, Reading, open_reader
from index.search import Snapshot
from index.state import read_state
from index.tracing import span

log = logging.getLogger(__name__)
# A new index is answered from within 2 s; most of that is for opening it.
_LOOK_EVERY = 0.5
_PATIENCE = 10.0
REPLIES = "replies"
"""The folder beside the index in which a model's replies are kept."""


def has_index(settings: Settings) -> bool:
    """Whether an index has ever been published in the settings' folder."""
    return (settings.index_folder / "current").exists()


def build(
    settings: Settings, *, rebuild: bool = False, progress: Progress | None = None, engine: str = LOCAL
) -> BuildReport:
    """Make or refresh the index of the settings' corpus, on an engine of `index.engine`."""
    return build_index(
        settings.corpus,
        settings.index_folder,
        encoder_of(settings),
        reader=reader_of(settings),
        server=settings.server,
        rebuild=rebuild,
        progress=progress,
        engine=open_engine(engine),
    )


def drifted(settings: Settings) -> Sequence[Drifted]:
    """The definitions whose wording the documents of the index that serves no longer have."""
    return read_state(generation.current(settings.index_folder) / STATE).drifted


def encoder_of(settings: Settings) -> Encoder:
    """The encoder that the settings name, its graph beside the index."""
    model = folder_of(settings.encoder, allowed=settings.hub == "allow")
    return open_encoder(model, settings.index_folder / GRAPHS)


def reader_of(settings: Settings) -> Reader | None:
    """The reader that the settings name, its graph beside the index; None where it is off."""
    model = folder_of(settings.reader, allowed=settings.hub == "allow")
    return open_reader(model, settings.index_folder / GRAPHS)


def writer_of(settings: Settings) -> Writer | None:
    """What writes answers by the model that the settings name; None where they name none.

    Raises UserError where it cannot be used.
    """
    if not settings.model:
        return None
    # Who has no model does not wait for what speaks to one.
    from assistant.model import Model
    from assistant.replies import KeptReplies

    native = settings.model_citations == "native"
    if native and not settings.model.startswith("anthropic:"):
        raise UserError(
            f"ASSISTANT_MODEL_CITATIONS is native and the model {settings.model!r}: that works with anthropic:… alone; "
            "unset one of the two."
        )
    model = Model.open(settings.model, settings.model_url, seconds=settings.model_seconds, tokens=settings.model_tokens)
    return Writer(
        model,
        seconds=settings.model_seconds,
        calls=settings.model_calls,
        tokens=settings.model_tokens,
        native=native,
        url=settings.model_url,
        replies=KeptReplies(settings.index_folder / REPLIES),
    )


def is_outdated(settings: Settings, assistant: Assistant) -> bool:
    """Whether the documents have changed since the index was built."""
    return settings.corpus.is_dir() and corpus_differs(settings.corpus, assistant.snapshot.state)


@dataclass(frozen=True, slots=True)
class TracedReader:
    """A reader, each of whose readings is a span."""

    reader: Reader

    @property
    def name(self) -> str:
        return self.reader.name

    def prepare(self) -> None:
        """As `Reader.prepare`."""
        self.reader.prepare()

    def is_prepared(self) -> bool:
        return self.reader.is_prepared()

    def read(self, question: str, windows: Sequence[str], sentences: Sequence[Span]) -> list[Reading]:
        """As `Reader.read`."""
        with span("read", windows=len(set(windows))):
            return self.reader.read(question, windows, sentences)


class Service:
    """Hands out the assistant over the index that serves now, opened again when a new one appears."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._encoder = encoder_of(settings)
        reader = reader_of(settings)
        self._reader = TracedReader(reader) if reader else None
        self._writer = writer_of(settings)
        self._assistant: Assistant | None = None
        self._tried: Path | None = None
        self._follower: threading.Thread | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def assistant(self) -> Assistant:
        """Raises UserError where there is no index, or it cannot be used."""
        with self._lock:
            if self._assistant is None or (self._follower is None and self._is_behind()):
                self._assistant = self._open()
            return self._assistant

    def follow(self) -> None:
        """From now on open a new index behind the questions: none waits for it, and none is dropped."""
        if self._follower is None:
            self._follower = threading.Thread(target=self._look, name="look for a new index", daemon=True)
            self._follower.start()

    def close(self) -> None:
        """Look for new indexes no longer."""
        self._ended.set()
        if self._follower is not None:
            # It may be opening or closing an index: a program that ends meanwhile leaves that one's copy behind.
            self._follower.join(_PATIENCE)

    def warm_up(self) -> None:
        """Load the model now, so that the first question does not wait for it."""
        self._encoder.encode(["warm up"])
        if self._reader and self._reader.is_prepared():
            self._reader.read("Warm?", ["It is warm."], [(0, 11)])

    def _open(self) -> Assistant:
        # The snapshot before closes itself with its last reader.
        before = self._assistant.snapshot if self._assistant else None
        snapshot = Snapshot.current(self._settings.index_folder, self._encoder, before)
        settings = self._settings
        return Assistant.over(
            snapshot,
            settings.contact,
            self._reader,
            settings.index_folder,
            writer=self._writer,
            corpus=settings.corpus,
        )

    def _is_behind(self) -> bool:
        """Whether another generation is named than the one that was opened, or that could not be."""
        folder = generation.current(self._settings.index_folder)
        held = self._assistant.snapshot.folder if self._assistant else None
        behind = folder not in (held, self._tried)
        self._tried = folder
        return behind

    def _look(self) -> None:
        said = ""
        while not self._ended.wait(_LOOK_EVERY):
            try:
                if self._assistant is not None and self._is_behind():
                    self._assistant = self._open()
            except UserError as error:
                if str(error) != said:
                    said = str(error)
                    log.warning("The index before goes on serving: %s", error)
            except Exception:
                log.exception("A new index could not be opened; the one before goes on serving.")
