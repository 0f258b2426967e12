"""The proofs of docs/reliability.md, small: each promise holds for a few trials, and each proof notices a breach."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from assistant import citations
from assistant.citations import resolve
from assistant.web import main
from corpus import intake
from corpus.errors import UserError
from evals.reliability import __main__ as command
from evals.reliability.__main__ import Tally, tally
from evals.reliability.clocks import settable
from evals.reliability.forgeries import not_genuine
from evals.reliability.promise import Faults, Plan, Promise
from evals.reliability.registry import PROMISES
from evals.reliability.small_disk import SmallDisk, small_disk
from evals.reliability.world import World, questions
from evals.statistics import upper_bound
from index import generation
from index.build import build_index
from index.search import Snapshot
from tests.fakes import HashingEncoder, MemoryRecords

KNOWN = {promise.name: promise for promise in PROMISES}
# So many trials of each are made here; the kills of the program, whose start takes long, are made once.
FEW = {
    "build-killed": 1, "program-killed": 1, "chroma-killed": 1, "run-killed": 1, "disk-full": 1, "read-only": 2,
    "damaged": 12, "growth": 2, "forged-citations": 21, "forging-model": 8, "traversal": 24, "clock-jumps": 5,
    "rebuilds": 4, "flapping-model": 4, "stop": 1,
}  # fmt: skip


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.name)
def test_a_promise_holds(promise: Promise) -> None:
    done = tally(promise, FEW[promise.name], 60.0, seed=1)
    if promise.name == "read-only" and not done.trials:
        pytest.skip("This user may mount no disk and is kept out of none: nothing can be made read-only here.")
    assert (done.faults, done.trials) == ([], FEW[promise.name])


def faults_of(name: str, folder: Path, trials: int) -> list[str]:
    with closing(KNOWN[name].run(Plan(folder, trials))) as running:  # type: ignore[type-var]
        return [fault for fault in running if fault]


def test_a_trial_that_breaks_a_promise_is_counted_told_and_bounded() -> None:
    def run(given: Plan) -> Faults:
        yield from ("", "the lamp went out", "")[: given.trials]

    done = tally(Promise("lamp", "the lamp burns", 3, run), 3, 60.0, seed=1)
    assert (done.trials, done.faults) == (3, ["the lamp went out"])
    assert done.row.startswith("| the lamp burns | 3 | 1 | 0.9057 |")
    assert Tally(done.promise).row == "| the lamp burns | 0 | 0 | – | 0 |"


def test_time_ends_a_proof_after_a_trial_at_least() -> None:
    def run(_: Plan) -> Faults:
        while True:
            yield ""

    assert tally(Promise("lamp", "the lamp burns", 3, run), 10**6, 0.0, seed=1).trials == 1


@pytest.mark.parametrize(
    ("failures", "trials", "bound"),
    [(0, 1, 1.0), (0, 1000, 0.003), (1, 1000, 0.005558), (50, 100, 0.601683), (9, 9, 1)],
)
def test_a_rate_is_bounded_as_tables_of_clopper_and_pearson_say(failures: int, trials: int, bound: float) -> None:
    assert upper_bound(failures, trials) == pytest.approx(bound, abs=1e-5)


def test_the_command_prints_the_table_and_ends_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["reliability", "--only", "clock-jumps", "--trials", "1"])
    try:
        assert command.main() == 0
    finally:
        logging.disable(logging.NOTSET)
    head, _, row, *rest = capsys.readouterr().out.splitlines()
    assert head == "| promise | trials | failures | rate below, at 95 % | seconds |"
    assert row.startswith("| the clock jumps: nothing is lost, mistaken or locked | 1 | 0 | 1.0000 |")
    assert rest == ["", "No faults."]


# What the proofs notice


def test_a_manifest_that_nobody_seals_is_noticed_by_the_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "_digest", lambda _: "always the same")
    monkeypatch.setattr(generation, "_state", lambda path: {"size": path.stat().st_size})
    found = faults_of("damaged", tmp_path, 12)
    assert any("it was opened as if nothing had happened" in fault for fault in found)


def test_an_id_that_resolves_in_other_digits_is_noticed_by_the_proof(
    corpus_folder: Path, index_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(corpus_folder, index_folder, HashingEncoder())
    with closing(Snapshot.current(index_folder, HashingEncoder())) as snapshot:
        (document,) = (snapshot.document(one.id) for one in snapshot.state.documents)
    digest = document.sha256[:12]
    genuine = citations.citation_id(document, 3, 14)
    assert resolve(genuine, [document.info]) == (document.info, 3, 14)
    for forged in (f"c_{digest}_03_14", f"c_{digest}_3_014", f"c_{digest}_٣_١٤", f"c_{digest}_3_0", f"{genuine}\n"):
        assert resolve(forged, [document.info]) is None, forged


def test_a_citation_with_other_words_is_noticed_by_the_proof(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    world.build()
    with world.opened() as assistant:
        documents = [document for one in assistant.documents if (document := assistant.document(one.id))]
        answer = assistant.ask(questions()[0])
    assert answer.outcome == "answered"
    assert list(not_genuine(answer.as_dict(), documents)) == []
    forged = replace(answer.citations[0], quote="All members may vote twice.")
    (fault,) = not_genuine(replace(answer, citations=(forged,)).as_dict(), documents)
    assert fault.endswith("quotes 'All members may vote twice.'")
    sentence = replace(answer.sentences[0], text="All members may vote twice.", support="verbatim")
    (fault,) = not_genuine(replace(answer, sentences=(sentence,)).as_dict(), documents)
    assert fault == "the sentence 'All members may vote twice.' is verbatim"


def test_what_is_written_after_a_build_in_the_past_is_in_the_next_one(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    with settable() as clock:
        clock.ahead = -(10**9)
        world.build()
        clock.ahead = 0
        world.write("news.txt", "The pier is closed on Mondays.\n")
        assert world.build().changed


# What the proofs found


@pytest.fixture
def two_generations(corpus_folder: Path, index_folder: Path) -> Path:
    """An index folder with the generations g000001 and g000002."""
    build_index(corpus_folder, index_folder, HashingEncoder())
    (corpus_folder / "bees.txt").write_text("Bees are welcome in every plot.", encoding="utf-8")
    build_index(corpus_folder, index_folder, HashingEncoder())
    return index_folder


def test_a_pointer_that_was_changed_to_the_generation_before_is_not_believed(two_generations: Path) -> None:
    pointer = two_generations / "current"
    pointer.write_text(pointer.read_text(encoding="utf-8").replace("g000002", "g000001"), encoding="utf-8")
    with pytest.raises(UserError, match="current is damaged: found 'g000001'"):
        generation.current(two_generations)
    with closing(Snapshot.current(two_generations, HashingEncoder())) as snapshot:
        assert "current is damaged" in str(snapshot.notice)
        assert snapshot.document("bees.txt").text.startswith("Bees")


def test_a_pointer_of_an_earlier_version_is_read(two_generations: Path) -> None:
    (two_generations / "current").write_text("g000001", encoding="utf-8")
    assert generation.current(two_generations).name == "g000001"


@pytest.mark.parametrize("key", ["version", "documents", "gone", "recall"])
def test_a_manifest_that_says_something_else_is_not_believed(two_generations: Path, key: str) -> None:
    path = generation.current(two_generations) / "manifest.json"
    row = json.loads(path.read_text(encoding="utf-8"))
    row[key] = {"version": "0" * 12, "documents": 7, "gone": ["gardens"], "recall": 0.5}[key]
    path.write_text(json.dumps(row), encoding="utf-8")
    with closing(Snapshot.current(two_generations, HashingEncoder())) as snapshot:
        assert "manifest.json is not as the build left it" in str(snapshot.notice)
        assert snapshot.folder.name == "g000001"


def test_a_manifest_of_an_earlier_version_is_read(two_generations: Path) -> None:
    folder = generation.current(two_generations)
    row = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del row["sha256"]
    (folder / "manifest.json").write_text(json.dumps(row), encoding="utf-8")
    assert generation.read_manifest(folder).documents == 2


@contextmanager
def full(folder: Path) -> Iterator[SmallDisk]:
    with small_disk(folder) as disk:
        if not disk.mounted:
            pytest.skip("This user may mount no disk: run as root to run this test.")
        yield disk


def test_an_index_on_a_full_disk_is_opened(corpus_folder: Path, tmp_path: Path) -> None:
    with full(tmp_path / "disk") as disk:
        build_index(corpus_folder, disk.folder / "index", HashingEncoder())
        with disk.filled(0), closing(Snapshot.current(disk.folder / "index", HashingEncoder())) as snapshot:
            assert snapshot.search("shared garden")[0].passage.document_id == "gardens"


def test_a_disk_that_fills_during_a_build_is_told_in_a_sentence(
    corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "check_free_space", lambda *_: None)
    with full(tmp_path / "disk") as disk:
        index = disk.folder / "index"
        build_index(corpus_folder, index, HashingEncoder())
        with disk.filled(200_000), pytest.raises(UserError, match=r"^The index could not be written to"):
            build_index(corpus_folder, index, HashingEncoder(), rebuild=True)
        assert generation.current(index).name == "g000001"
        assert build_index(corpus_folder, index, HashingEncoder(), rebuild=True).changed


def test_a_file_for_a_read_only_corpus_is_refused_in_a_sentence(corpus_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bees.txt").write_text("Bees.", encoding="utf-8")
    with full(tmp_path / "disk") as disk:
        (disk.folder / "documents").mkdir()
        with disk.read_only(), pytest.raises(UserError, match="could not be copied"):
            intake.add_files(disk.folder / "documents", [tmp_path / "bees.txt"])


class Sweeping(MemoryRecords):
    """Remembers for which moments it was swept."""

    def __init__(self) -> None:
        super().__init__(days=365)
        self.swept: list[int] = []

    def expire(self, now: datetime) -> int:
        self.swept.append(now.year)
        return super().expire(now)


def test_a_clock_that_jumps_ahead_for_a_while_removes_nothing() -> None:
    records = Sweeping()
    with settable() as clock:
        sweep = main.Sweep(records)
        sweep.once()
        clock.ahead = 400 * 86_400
        sweep.once()
        assert len(records.swept) == 1
        clock.ahead = 0
        # It was put right: that is a jump too, and the time after that is as always.
        sweep.once()
        sweep.once()
    assert len(records.swept) == 2
