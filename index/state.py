"""What an index is about: its documents, definitions, refused files and acronyms, and the files behind them.

One JSON file of a generation. The documents' texts and passages lie in its parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from corpus.errors import UserError
from corpus.types import Definition, DocumentInfo, Drifted, Refused
from index.acronyms import Acronym
from index.changes import FileRecord

FORMAT = 5


@dataclass(frozen=True, slots=True)
class State:
    """`documents` in the order of their paths; `files` and `definitions_digest` tell the next build what changed."""

    documents: tuple[DocumentInfo, ...]
    definitions: tuple[Definition, ...]
    refused: tuple[Refused, ...]
    acronyms: tuple[Acronym, ...]
    files: tuple[FileRecord, ...]
    definitions_digest: str
    drifted: tuple[Drifted, ...] = ()

    def version(self, encoder_digest: str) -> str:
        """Twelve hexadecimal digits that change exactly when an answer could."""
        digest = sha256(f"{FORMAT}\0{encoder_digest}\0".encode())
        for document in self.documents:
            digest.update(_DOCUMENT.dump_json(document))
        for definition in self.definitions:
            digest.update(_DEFINITION.dump_json(definition))
        return digest.hexdigest()[:12]

    def write(self, path: Path) -> None:
        path.write_bytes(_STATE.dump_json(self))


_STATE = TypeAdapter(State)
_DOCUMENT = TypeAdapter(DocumentInfo)
_DEFINITION = TypeAdapter(Definition)


def read_state(path: Path) -> State:
    """Raises UserError where the file is missing or damaged."""
    try:
        return _STATE.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UserError(f"{path} cannot be read: run `assistant index build --rebuild`.") from error
