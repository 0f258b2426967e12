"""The assistant as programs use it: settings in, a ready `Assistant` out, the newest index always."""

from __future__ import annotations

import threading

from assistant.ask import Assistant
from assistant.settings import Settings
from corpus.catalogue import fingerprint, stamp
from index import generation
from index.build import GRAPHS, BuildReport, Progress, build_index
from index.encode import Encoder, open_encoder
from index.search import Snapshot


def has_index(settings: Settings) -> bool:
    """Whether an index has ever been published in the settings' folder."""
    return (settings.index / "current").exists()


def build(settings: Settings, *, rebuild: bool = False, progress: Progress | None = None) -> BuildReport:
    """Make or refresh the index of the settings' corpus."""
    return build_index(settings.corpus, settings.index, encoder_of(settings), rebuild=rebuild, progress=progress)


def encoder_of(settings: Settings) -> Encoder:
    """The encoder that the settings name, its graph beside the index."""
    return open_encoder(settings.encoder, settings.index / GRAPHS)


def is_outdated(settings: Settings, assistant: Assistant) -> bool:
    """Whether the documents have changed since the index was built."""
    manifest = assistant.snapshot.manifest
    if not settings.corpus.is_dir() or stamp(settings.corpus) == manifest.stamp:
        return False
    # The times may have changed with a copy; only the content counts.
    return fingerprint(settings.corpus) != manifest.fingerprint


class Service:
    """Hands out the assistant over the index that serves now, opened again when a new one appears."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._encoder = encoder_of(settings)
        self._assistant: Assistant | None = None
        self._lock = threading.Lock()

    def assistant(self) -> Assistant:
        """Raises UserError where there is no index, or it cannot be used."""
        folder = generation.current(self._settings.index)
        with self._lock:
            if self._assistant is None or self._assistant.snapshot.folder != folder:
                # The snapshot before closes itself with its last reader.
                snapshot = Snapshot.current(self._settings.index, self._encoder)
                self._assistant = Assistant.over(snapshot, self._settings.contact)
            return self._assistant

    def warm_up(self) -> None:
        """Load the model now, so that the first question does not wait for it."""
        self._encoder.encode(["warm up"])
