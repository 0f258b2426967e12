"""What the published index holds, read from its files: the index that serves may be one behind for a moment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from assistant.calibration import FILE, calibration_for
from assistant.service import reader_of
from assistant.settings import Settings
from corpus.catalogue import SHIPPED_DOCUMENTS, sources
from corpus.errors import UserError
from corpus.types import DocumentInfo, Drifted, Refused
from index import generation
from index.build import corpus_differs
from index.generation import STATE
from index.state import State, read_state


@dataclass(frozen=True, slots=True)
class Holdings:
    """The index by its manifest and its state. `size` in bytes; `reader` is None where it is off.

    `outdated` says whether the documents have changed since it was built, None where `trouble` says
    why that cannot be told. `calibrated_here` is whether ranking and gate were fitted beside it.
    """

    version: str
    built: datetime
    documents: Sequence[DocumentInfo]
    passages: int
    sentences: int
    definitions: int
    encoder: str
    reader: str | None
    calibrated_here: bool
    remark: str | None
    size: int
    refused: Sequence[Refused]
    drifted: Sequence[Drifted]
    outdated: bool | None
    trouble: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain values; of the documents their number."""
        return {
            "version": self.version,
            "built": self.built.isoformat(),
            "documents": len(self.documents),
            "passages": self.passages,
            "sentences": self.sentences,
            "definitions": self.definitions,
            "encoder": self.encoder,
            "reader": self.reader,
            "calibration": "beside the index" if self.calibrated_here else "shipped",
            "notice": self.remark,
            "bytes": self.size,
            "outdated": self.outdated,
            "refused": [asdict(one) for one in self.refused],
            "drifted": [asdict(one) for one in self.drifted],
        }


def holdings(settings: Settings) -> Holdings:
    """What the index of the settings holds. Raises UserError where there is none, or it cannot be read."""
    folder = generation.current(settings.index_folder)
    manifest, state = generation.read_manifest(folder), read_state(folder / STATE)
    reader = reader_of(settings)
    outdated, trouble = _outdated(settings, state)
    return Holdings(
        version=manifest.version,
        built=datetime.fromisoformat(manifest.built),
        documents=state.documents,
        passages=manifest.passages,
        sentences=manifest.sentences,
        definitions=len({one.term for one in state.definitions}),
        encoder=manifest.encoder,
        reader=reader.name if reader else None,
        calibrated_here=(settings.index_folder / FILE).is_file(),
        remark=calibration_for(settings.index_folder, manifest.encoder)[1],
        size=generation.size(folder),
        refused=state.refused,
        drifted=state.drifted,
        outdated=outdated,
        trouble=trouble,
    )


@dataclass(frozen=True, slots=True)
class Held:
    """A file of the corpus and what became of it: its title where it is indexed, the reason where it was refused.

    `fresh` says that no build has seen it yet; `gone` that the index has it and the corpus no longer.
    """

    name: str
    title: str = ""
    refusal: str = ""
    fresh: bool = False
    gone: bool = False


def files(settings: Settings, found: Holdings | None) -> list[Held]:
    """Every file of the corpus, and what the index has beyond them.

    Raises UserError where the corpus cannot be read.
    """
    titles = {one.path: one.title for one in found.documents} if found else {}
    reasons = {one.path: one.reason for one in found.refused} if found else {}
    here = {source.name for source in sources(settings.corpus)[0]}
    held = [
        Held(name, titles.get(name, ""), reasons.get(name, ""), fresh=name not in titles and name not in reasons)
        for name in here
    ]
    gone = [Held(name, titles.get(name, ""), reasons.get(name, ""), gone=True) for name in {*titles, *reasons} - here]
    return sorted((*held, *gone), key=lambda one: one.name)


def is_shipped(settings: Settings) -> bool:
    """Whether the documents are the ones that came with the program."""
    return settings.corpus.resolve() == SHIPPED_DOCUMENTS.resolve()


def fixed_corpus(settings: Settings) -> str | None:
    """Why documents can neither be added to the corpus nor removed from it, in words; None where they can."""
    folder = settings.corpus
    if is_shipped(settings):
        return (
            "The documents in use came with the program and stay as they are: name a folder of your own with "
            "ASSISTANT_CORPUS, or with corpus in assistant.toml, and start the program again."
        )
    if not folder.is_dir():
        return f"The corpus folder {folder} does not exist: create it, or name another one with ASSISTANT_CORPUS."
    if not os.access(folder, os.W_OK):
        return (
            f"The corpus folder {folder} cannot be written: make it writable, or name another one with "
            "ASSISTANT_CORPUS."
        )
    return None


def _outdated(settings: Settings, state: State) -> tuple[bool | None, str]:
    try:
        return corpus_differs(settings.corpus, state), ""
    except UserError as error:
        return None, str(error)
