"""A small association to put to the test: documents of a shipped set, their index by the tiny encoder, records."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from assistant.ask import Assistant
from assistant.calibration import FILE
from assistant.records.store import Store
from assistant.settings import Settings, load_settings
from assistant.write import Writer
from evals.made_up import HashingEncoder
from evals.questions import read_questions
from index.build import BuildReport, build_index
from index.search import Snapshot

SET = Path(__file__).parents[1] / "sets" / "lists.jsonl"
# For the tiny encoder: what a question's words are held by decides alone.
_CALIBRATION = """\
encoder = "hashing"
[sentences]
intercept = -4.0
coefficients = { own = 5.0, late = 2.0, is_heading = -4.0 }
[questions]
threshold = 0.5
intercept = -4.0
coefficients = { coverage = 4.0, own = 3.0 }
"""


def questions() -> Sequence[str]:
    """Questions that the documents of a world answer."""
    return [one.question for one in read_questions(SET) if one.behaviour == "answer"]


class World:
    """`corpus`, `index` and `records` of an association in a folder, the documents copied from a shipped set."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.corpus = folder / "documents"
        self.index = folder / "index"
        self.records = folder / "records.sqlite"
        shutil.copytree(SET.with_suffix(""), self.corpus)
        self.index.mkdir()
        (self.index / FILE).write_text(_CALIBRATION, encoding="utf-8")

    def settings(self) -> Settings:
        return load_settings(corpus=self.corpus, index=str(self.index), records=str(self.records), port=0, reader="off")

    def build(self, *, rebuild: bool = False) -> BuildReport:
        return build_index(self.corpus, self.index, HashingEncoder(), rebuild=rebuild)

    def write(self, name: str, text: str) -> None:
        """Put a document into the corpus, or another one in its place."""
        (self.corpus / name).write_text(text, encoding="utf-8")

    @contextmanager
    def opened(self, writer: Writer | None = None) -> Iterator[Assistant]:
        """The assistant over the index that serves now."""
        snapshot = Snapshot.current(self.index, HashingEncoder())
        try:
            yield Assistant.over(snapshot, index_folder=self.index, corpus=self.corpus, writer=writer)
        finally:
            snapshot.close()

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The records, opened by this process."""
        store = Store(str(self.records), keep_days=365)
        try:
            yield store
        finally:
            store.close()
