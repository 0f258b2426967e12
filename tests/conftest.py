"""Every test runs in a temporary directory of its own, with no setting from outside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from index.build import GRAPHS, _in_child, _prepare, build_index
from index.encode import SHIPPED_MODEL, open_encoder
from index.reader import OnnxReader
from index.search import Snapshot
from tests.fakes import HashingEncoder
from tests.servers import chroma

# An invented association; the shipped corpus has its own end-to-end test.
GARDENS = """The friends of shared gardens

Our purpose is to be the meeting place for shared gardens (SGs) and their neighbours.

Shared gardens (SGs)

growing together

Shared gardens are plots tended by neighbours, whose main aim is to grow food and company.
To reach this aim, shared gardens lend tools, keep seeds and hold open days.

The expressions “shared garden” and “common plot” are interchangeable.

Garden atlas

An “Atlas of Garden Kinds (AGK)”, a work of the Seed Library (SL), was published in May 2019 by Ana Ruiz and Tom Bell.
"""
REGISTRY = """
[[definition]]
term = "shared garden"
body = "FSG"
document = "gardens"
question = "What is a shared garden?"
names = ["shared gardens", "common plot"]
acronyms = ["SG", "SGs"]
quotation = '''Shared gardens are plots tended by neighbours, whose main aim is to grow food and company.
To reach this aim, shared gardens lend tools, keep seeds and hold open days.'''
[definition.translations]
es = ["huerto compartido"]
"""
CATALOGUE = """
[[document]]
file = "gardens.txt"
id = "gardens"
title = "Who we are"
url = "https://gardens.example/who-we-are"
language = "en"
kind = "definitions"
date = 2026-05-01
"""


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ASSISTANT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def corpus_folder(tmp_path: Path) -> Path:
    """A corpus of one catalogued document with one definition."""
    return write_corpus(tmp_path / "documents")


def write_corpus(folder: Path) -> Path:
    folder.mkdir()
    (folder / "gardens.txt").write_text(GARDENS, encoding="utf-8")
    (folder / "definitions.toml").write_text(REGISTRY, encoding="utf-8")
    (folder / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    return folder


@pytest.fixture
def index_folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server, really started."""
    folder = tmp_path_factory.mktemp("chroma")
    with chroma(folder) as address:
        yield address


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graphs of the shipped model and of the reader, made once: that takes longer than a small corpus's index."""
    folder = tmp_path_factory.mktemp("graphs")
    # As a build does it: in a process of its own.
    _in_child(partial(_prepare, open_encoder(SHIPPED_MODEL, folder)), None)
    _in_child(partial(_prepare, OnnxReader(folder)), None)
    return folder


def lend(graphs: Path, index: Path) -> None:
    """Put a ready graph where an index looks for it."""
    shutil.copytree(graphs, index / GRAPHS)


@pytest.fixture(params=["embedded", "server"])
def server(request: pytest.FixtureRequest) -> str | None:
    """Where the vectors of a build lie: in the index's folder, or on a Chroma server."""
    return request.getfixturevalue("chroma_server") if request.param == "server" else None


@pytest.fixture(scope="session", params=["embedded", "server"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real index of the invented association, with the tiny encoder; for reading only."""
    folder = tmp_path_factory.mktemp("built")
    server = request.getfixturevalue("chroma_server") if request.param == "server" else None
    build_index(write_corpus(folder / "documents"), folder / "index", HashingEncoder(), server=server)
    return folder / "index"


@pytest.fixture
def snapshot(built: Path) -> Iterator[Snapshot]:
    opened = Snapshot.current(built, HashingEncoder())
    yield opened
    opened.close()
