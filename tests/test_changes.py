"""What has changed is told by content; a build in steps gives the index that a build at once gives."""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from corpus.catalogue import definitions_path
from corpus.errors import UserError
from corpus.readers import read_file
from corpus.readers.types import Reading
from index import build
from index.build import build_index
from index.changes import FileRecord, Survey, survey, take_stock
from index.search import Snapshot
from tests.fakes import HashingEncoder


class CountingReader:
    """Reads for real and remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, path: Path) -> Reading:
        self.names.append(path.name)
        return read_file(path)


def stock_of(found: Survey) -> tuple[tuple[FileRecord, ...], CountingReader]:
    reader = CountingReader()
    return take_stock(found, (), (), reader).records, reader


def changed(folder: Path, before: Survey) -> bool:
    return survey(folder, tuple(before.records.values())).changed(tuple(before.records.values()), before.definitions)


def test_nothing_has_changed_where_nothing_was_done(corpus_folder: Path) -> None:
    assert not changed(corpus_folder, survey(corpus_folder))


def test_times_alone_are_no_change_and_the_same_size_and_times_do_not_hide_one(corpus_folder: Path) -> None:
    path = corpus_folder / "gardens.txt"
    before = survey(corpus_folder)
    os.utime(path, (1, 1))
    assert not changed(corpus_folder, before)
    before = survey(corpus_folder)
    text = path.read_bytes()
    path.write_bytes(text.replace(b"a", b"e"))
    os.utime(path, (1, 1))
    assert changed(corpus_folder, before)


def test_a_file_that_settled_long_ago_is_not_read_to_be_hashed(corpus_folder: Path) -> None:
    before = survey(corpus_folder)
    long_after = [
        FileRecord(r.name, r.size, r.modified, r.changed, time.time_ns() + 10**10, "as it was then", r.entry)
        for r in before.records.values()
    ]
    after = survey(corpus_folder, long_after)
    assert {record.sha256 for record in after.records.values()} == {"as it was then"}


@pytest.mark.parametrize("what", ["new", "moved", "removed", "catalogue", "definitions", "named in vain"])
def test_every_other_change_is_seen(corpus_folder: Path, what: str) -> None:
    (corpus_folder / "z.txt").write_text("Z is last.", encoding="utf-8")
    before = survey(corpus_folder)
    if what == "new":
        (corpus_folder / "new.txt").write_text("New.", encoding="utf-8")
    elif what == "moved":
        (corpus_folder / "sub").mkdir()
        (corpus_folder / "z.txt").rename(corpus_folder / "sub" / "z.txt")
    elif what == "removed":
        (corpus_folder / "z.txt").unlink()
    elif what == "definitions":
        with definitions_path(corpus_folder).open("a", encoding="utf-8") as file:
            file.write("# reviewed\n")
    else:
        name = "z.txt" if what == "catalogue" else "missing.txt"
        with (corpus_folder / "catalogue.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[[document]]\nfile = "{name}"\ntitle = "The last"\n')
    assert changed(corpus_folder, before)


def test_a_copy_is_read_again_only_when_the_first_is_gone(corpus_folder: Path) -> None:
    text = (corpus_folder / "gardens.txt").read_bytes()
    (corpus_folder / "copy.txt").write_bytes(text)
    first = take_stock(survey(corpus_folder), (), (), CountingReader())
    assert [document.path for document in first.added] == ["gardens.txt"]
    infos = [document.info for document in first.added]
    reader = CountingReader()
    second = take_stock(survey(corpus_folder, first.records), first.records, infos, reader)
    assert (reader.names, [info.path for info in second.kept]) == ([], ["gardens.txt"])
    assert [item.path for item in second.refused] == ["copy.txt"]
    (corpus_folder / "gardens.txt").unlink()
    third = take_stock(survey(corpus_folder, second.records), second.records, infos, reader)
    assert (reader.names, [document.path for document in third.added]) == (["copy.txt"], ["copy.txt"])


def test_a_refused_file_is_read_again_only_when_it_changes(corpus_folder: Path) -> None:
    (corpus_folder / "b.docx").write_bytes(b"no document")
    first = take_stock(survey(corpus_folder), (), (), CountingReader())
    infos = [document.info for document in first.added]
    reader = CountingReader()
    second = take_stock(survey(corpus_folder, first.records), first.records, infos, reader)
    assert (reader.names, second.refused) == ([], first.refused)
    (corpus_folder / "b.docx").write_bytes(b"still no document")
    take_stock(survey(corpus_folder, first.records), first.records, infos, reader)
    assert reader.names == ["b.docx"]


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")


def results(index_folder: Path, questions: list[str]) -> list[list[tuple[str, float]]]:
    with closing(Snapshot.current(index_folder, HashingEncoder())) as snapshot:
        assert snapshot.passage_count == len(list(snapshot.passages()))
        return [[(hit.passage.id, round(hit.score, 5)) for hit in snapshot.search(q)] for q in questions]


def test_builds_in_steps_find_what_one_build_finds(corpus_folder: Path, tmp_path: Path, server: str | None) -> None:
    encoder, steps, at_once = HashingEncoder(), tmp_path / "steps", tmp_path / "at once"
    questions = ["bees in gardens", "owls", "shared garden", "compost heap", "SGs"]
    write(corpus_folder, bees="Bees like gardens.", owls="Owls live in barns.", heap="A compost heap is warm.")
    build_index(corpus_folder, steps, encoder, server=server)
    write(corpus_folder, owls="Owls live in gardens now.", new="A new compost heap for bees.")
    second = build_index(corpus_folder, steps, encoder, server=server)
    assert (second.read, second.manifest.gone) == (2, ["owls.txt"])
    (corpus_folder / "bees.txt").unlink()
    write(corpus_folder, new="A new compost heap for owls.")
    third = build_index(corpus_folder, steps, encoder, server=server)
    assert (third.read, sorted(third.manifest.gone)) == (1, ["bees.txt", "owls.txt"])
    whole = build_index(corpus_folder, at_once, encoder)
    assert (third.manifest.version, third.manifest.passages, third.manifest.sentences) == (
        whole.manifest.version,
        whole.manifest.passages,
        whole.manifest.sentences,
    )
    for in_steps, in_one in zip(results(steps, questions), results(at_once, questions), strict=True):
        assert [passage for passage, _ in in_steps] == [passage for passage, _ in in_one]
        # The average length of a passage stays that of the base until there is a new one.
        assert [score for _, score in in_steps] == pytest.approx([score for _, score in in_one], abs=0.01)


def test_a_damaged_store_is_made_again_from_our_own_file_without_reading_or_encoding(
    corpus_folder: Path, index_folder: Path
) -> None:
    encoder = HashingEncoder()
    write(corpus_folder, bees="Bees like gardens.")
    build_index(corpus_folder, index_folder, encoder)
    vectors = next((index_folder / "generations").glob("*/base/vectors/chroma.sqlite3"))
    vectors.write_bytes(b"damaged")
    report = build_index(corpus_folder, index_folder, encoder)
    assert (report.changed, report.read, report.manifest.gone) == (True, 0, [])
    assert results(index_folder, ["bees"])[0][0][0].startswith("p_")


def test_removing_every_document_keeps_the_old_index(corpus_folder: Path, index_folder: Path) -> None:
    build_index(corpus_folder, index_folder, HashingEncoder())
    (corpus_folder / "gardens.txt").unlink()
    (corpus_folder / "definitions.toml").unlink()
    with pytest.raises(UserError, match=r"could be used|holds no documents"):
        build_index(corpus_folder, index_folder, HashingEncoder())
    assert results(index_folder, ["shared garden"])[0]


def test_a_few_changes_start_no_process_and_many_do(
    corpus_folder: Path, index_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(corpus_folder, index_folder, HashingEncoder())
    started: list[object] = []
    real = build._in_child

    def counting(task: Any, progress: Any) -> Any:
        started.append(task)
        return real(task, progress)

    monkeypatch.setattr(build, "_in_child", counting)
    write(corpus_folder, bees="Bees like gardens.")
    assert (build_index(corpus_folder, index_folder, HashingEncoder()).read, started) == (1, [])
    write(corpus_folder, **{f"note{number}": f"Note {number}." for number in range(21)})
    assert build_index(corpus_folder, index_folder, HashingEncoder()).read == 21
    assert len(started) == 1
