"""The index: what is found, and that a build is either the old index or the new one."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import time
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.catalogue import load_corpus
from corpus.errors import IndexMissingError, UserError
from corpus.wording import search_form
from index import generation
from index.acronyms import AcronymTable, mine, missing_forms
from index.build import WAITING, _missed, _silent, build_index, indexed_text
from index.encode import SHIPPED_MODEL, Model, Vectors, open_encoder
from index.late import coded, decoded, packed
from index.lexical import LexicalIndex, Part, best, frequency, rarity, scores_of
from index.search import Snapshot, convex, fuse, towards
from index.segment import Segment
from index.state import FORMAT
from index.store import Address, VectorStore
from index.words import terms, words
from tests.fakes import DIMENSIONS, DyingEncoder, HashingEncoder, OtherEncoder, UnpreparedEncoder


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_words_keep_what_a_default_tokenizer_drops() -> None:
    assert words("§ 5 R&D e.V. L'Évora well-being 3.5") == [
        "§",
        "5",
        "r",
        "d",
        "e",
        "v",
        "l",
        "evora",
        "well",
        "being",
        "3.5",
    ]


def test_scripts_without_spaces_become_pairs() -> None:
    assert terms("科技园区") == ["科技", "技园", "园区"]


def test_acronyms_are_mined_with_their_words_and_nothing_else(corpus_folder: Path) -> None:
    found = mine(load_corpus(corpus_folder).documents[0])
    assert [(a.short, a.long) for a in found] == [
        ("SGs", "shared gardens"),
        ("SGs", "Shared gardens"),
        ("AGK", "Atlas of Garden Kinds"),
        ("SL", "Seed Library"),
    ]


def test_a_bracket_that_is_no_acronym_of_the_words_before_it_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "a.txt").write_text("It grew (GDP) in Spain (EU) a lot.", encoding="utf-8")
    assert mine(load_corpus(folder).documents[0]) == []


def test_a_text_gets_the_form_of_an_acronym_that_it_lacks(corpus_folder: Path) -> None:
    garden = mine(load_corpus(corpus_folder).documents[0])[0]
    assert missing_forms(garden, "The SGs are open.") == ["shared gardens", "SG"]
    assert missing_forms(garden, "Shared gardens are open.") == ["SG"]
    assert missing_forms(garden, "Parks are open.") == []


def test_fusion_gives_the_formula_of_reciprocal_rank() -> None:
    assert fuse([5, 2], [2]) == [(2, 1 / 62 + 1 / 61), (5, 1 / 61)]


def test_the_convex_sum_gives_its_formula_and_survives_equal_scores() -> None:
    assert convex([0.1, 0.5, 0.3], [2.0, 0.0, 1.0]) == [0.45, 0.55, 0.5]
    assert convex([0.7], [0.0]) == [1.0]
    assert convex([], []) == []


def test_feedback_moves_a_question_towards_what_was_found_and_keeps_its_length() -> None:
    moved = towards(np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 1.0], [0.0, 1.0]], np.float32))
    np.testing.assert_allclose(moved, [[0.943858, 0.330350]], atol=1e-5)
    assert towards(moved, np.zeros((0, 0), np.float32)) is moved


def test_common_words_never_hide_a_better_passage(tmp_path: Path) -> None:
    """The ranking that leaves common terms for last is the one that adds them all up."""
    generator = np.random.default_rng(7)
    texts = [[f"t{int(t)}" for t in generator.zipf(1.4, 30) if t < 400] for _ in range(300)]
    LexicalIndex.build(texts, tmp_path / "lexical")
    gone = np.zeros(300, np.bool_)
    gone[::7] = True
    lost = Counter(term for terms in texts[::7] for term in set(terms))
    opened = LexicalIndex.open(tmp_path / "lexical")
    for part in (Part(opened), Part(opened, gone, lost)):
        for query in (["t1", "t2", "t90"], ["t1"], ["t3", "t1", "t2", "t50", "t7"]):
            weights = rarity([part], query)
            everything = scores_of(part, weights, range(300))
            live = [at for at in range(300) if everything[at] > 0 and (part.gone is None or not part.gone[at])]
            expected = sorted(live, key=lambda at: (-everything[at], at))[:5]
            assert [at for at, _ in best(part, weights, 5)] == expected


def test_a_removed_passage_no_longer_counts_for_how_rare_a_term_is(tmp_path: Path) -> None:
    """A term held only by what was removed would else be taken for known."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.txt").write_text(f"The {name}{name} beds are watered by neighbours.\n", encoding="utf-8")
    build_index(folder, tmp_path / "index", HashingEncoder())
    (folder / "b.txt").unlink()
    build_index(folder, tmp_path / "index", HashingEncoder())
    with closing(Snapshot.current(tmp_path / "index", HashingEncoder())) as snapshot:
        assert list(snapshot.manifest.gone) == ["b.txt"]
        assert [snapshot.frequency(word) for word in ("aa", "bb", "beds")] == [1, 0, 2]


ITEMS = [f"- Garden {number} lends {tool} to whoever asks for it in the month that the guild has set for it."
         for number, tool in enumerate(["spades", "rakes", "hoses", "seeds", "barrows", "ladders"] * 7)]  # fmt: skip


def test_a_hit_in_a_list_or_a_definition_is_joined_by_the_neighbours_that_hold_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    prose = " ".join(f"Paragraph {number} tells of weather and of soil in that year." for number in range(30))
    wording = " ".join(f"A commons is, as rule {number} has it, land that is held together." for number in range(30))
    text = f"# Guild\n\n{prose}\n\nThe guild lends:\n\n" + "\n".join(ITEMS) + f"\n\n{prose}\n\n# Commons\n\n{wording}\n"
    (folder / "guild.md").write_text(text, encoding="utf-8")
    (folder / "definitions.toml").write_text(
        f"[[definition]]\nterm = \"commons\"\nbody = \"Guild\"\ndocument = \"guild.md\"\nquotation = '''{wording}'''\n",
        encoding="utf-8",
    )
    build_index(folder, tmp_path / "index", HashingEncoder())
    with closing(Snapshot.current(tmp_path / "index", HashingEncoder())) as snapshot:

        def joined(words: str) -> str:
            (hit,) = snapshot.search(words, 1)
            together = snapshot.joined(hit.passage)
            assert hit.passage in together
            return text[together[0].start : together[-1].end]

        in_list = joined(ITEMS[20][2:])
        assert in_list.count("- Garden") == len(ITEMS)
        assert "The guild lends:" in in_list
        assert joined("A commons is, as rule 15 has it").endswith(wording[-40:])
        assert wording in joined("A commons is, as rule 15 has it")
        alone = joined("Paragraph 3 tells of weather and of soil in that year.")
        assert "- Garden" not in alone


def test_words_that_say_nothing_are_not_searched_for_unless_there_are_no_others(snapshot: Snapshot) -> None:
    assert snapshot.candidates("of the")[1]
    with_them, without = snapshot.candidates("what is the compost of the")[1], snapshot.candidates("compost")[1]
    assert with_them == without


def test_bm25_counts_passages_and_finds_only_what_shares_a_term(tmp_path: Path) -> None:
    LexicalIndex.build([["a", "b"], ["b"], ["c"]], tmp_path / "lexical")
    part = Part(LexicalIndex.open(tmp_path / "lexical"))
    assert [frequency([part], term) for term in "bcz"] == [2, 1, 0]
    assert [position for position, _ in best(part, rarity([part], ["a", "z"]), 10)] == [0]
    assert best(part, rarity([part], ["z"]), 10) == []


@pytest.mark.parametrize("question", ["SG?", "sgs", "shared garden"])
def test_an_acronym_finds_the_definition_and_not_a_bare_heading(snapshot: Snapshot, question: str) -> None:
    hits = snapshot.search(question)
    texts = [snapshot.document("gardens").text[hit.passage.start : hit.passage.end] for hit in hits]
    assert any("Shared gardens are plots" in text for text in texts[:2])
    assert all(hit.lexical_rank is not None for hit in hits[:2])
    assert all("\n" in text for text in texts)


def test_every_sentence_of_a_passage_has_its_vector(snapshot: Snapshot) -> None:
    for passage in snapshot.passages():
        spans, vectors = snapshot.sentences_in(passage)
        assert len(spans) == len(vectors) > 0
        text = snapshot.document(passage.document_id).text
        expected = HashingEncoder().encode([text[start:end] for start, end in spans])
        # They are stored in half precision.
        np.testing.assert_allclose(vectors, expected, rtol=1e-3)


def test_the_words_of_each_sentence_are_stored_in_its_place_and_not_encoded_for_a_question(
    corpus_folder: Path, index_folder: Path
) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    snapshot = Snapshot.current(index_folder, encoder)
    before = len(encoder.encoded)
    places = [(one, at) for one in snapshot.passages() for at in range(len(snapshot.sentences_in(one)[0]))]
    found = snapshot.words_in(list(reversed(places)), DIMENSIONS)
    assert len(encoder.encoded) == before
    for (passage, at), vectors in zip(places, reversed(found), strict=True):
        start, end = snapshot.sentences_in(passage)[0][at]
        (expected,) = HashingEncoder().encode_words([search_form(snapshot.document("gardens").text[start:end])])
        np.testing.assert_array_equal(vectors, decoded(coded(expected.vectors), DIMENSIONS))
    snapshot.close()


def test_a_changed_document_keeps_the_words_of_its_unchanged_sentences(corpus_folder: Path, index_folder: Path) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    first = Snapshot.current(index_folder, encoder)
    passage = next(iter(first.passages()))
    before = first.words_in([(passage, 0)], DIMENSIONS)[0]
    first.close()
    with (corpus_folder / "gardens.txt").open("a", encoding="utf-8") as file:
        file.write("\nBees are welcome in every plot.\n")
    build_index(corpus_folder, index_folder, encoder)
    second = Snapshot.current(index_folder, encoder)
    same = next(one for one in second.passages() if one.start == passage.start)
    np.testing.assert_array_equal(second.words_in([(same, 0)], DIMENSIONS)[0], before)
    second.close()


def test_a_second_build_changes_nothing_and_a_changed_document_is_found(
    corpus_folder: Path, index_folder: Path
) -> None:
    encoder = HashingEncoder()
    first = build_index(corpus_folder, index_folder, encoder)
    assert (first.changed, build_index(corpus_folder, index_folder, encoder).changed) == (True, False)
    with (corpus_folder / "gardens.txt").open("a", encoding="utf-8") as file:
        file.write("\nBees are welcome in every plot.\n")
    second = build_index(corpus_folder, index_folder, encoder)
    assert second.changed
    assert second.manifest.version != first.manifest.version
    snapshot = Snapshot.current(index_folder, encoder)
    found = snapshot.search("bees")[0].passage
    assert "Bees are welcome" in snapshot.document("gardens").text[found.start : found.end]
    snapshot.close()


def test_the_version_depends_on_the_content_alone(corpus_folder: Path, tmp_path: Path) -> None:
    built = [build_index(corpus_folder, tmp_path / name, HashingEncoder()).manifest for name in ("one", "two")]
    assert built[0].version == built[1].version


def test_reading_never_changes_a_published_file(corpus_folder: Path, index_folder: Path) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    before = files_of(generation.current(index_folder))
    for _ in range(3):
        snapshot = Snapshot.current(index_folder, encoder)
        snapshot.search("garden")
        snapshot.close()
    assert files_of(generation.current(index_folder)) == before
    assert list((index_folder / "serving").iterdir()) == []


@pytest.mark.parametrize("how", ["flip", "cut", "remove"])
def test_a_damaged_file_is_named_before_it_is_opened(corpus_folder: Path, index_folder: Path, how: str) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    folder = generation.current(index_folder)
    for name in [name for name in files_of(folder) if name != "manifest.json"]:
        path = folder / name
        original = path.read_bytes()
        if how == "flip" and original:
            path.write_bytes(bytes([original[0] ^ 1]) + original[1:])
        elif how == "cut" and original:
            path.write_bytes(original[:-1])
        elif how == "remove":
            path.unlink()
        else:
            continue
        with pytest.raises(UserError, match=f"is damaged: {name.replace('.', '[.]')} is"):
            Snapshot.current(index_folder, encoder)
        path.write_bytes(original)
    Snapshot.current(index_folder, encoder).close()


def test_a_damaged_index_is_put_right_by_the_next_build(corpus_folder: Path, index_folder: Path) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    (generation.current(index_folder) / "base" / "content.sqlite").write_bytes(b"rubbish")
    assert build_index(corpus_folder, index_folder, encoder).changed
    Snapshot.current(index_folder, encoder).close()


@pytest.mark.parametrize("pointer", [b"g000042", b"", b"\xff\xfe", b"../../etc"])
def test_a_pointer_to_nothing_leaves_the_last_index_serving_and_does_not_stop_the_next_build(
    corpus_folder: Path, index_folder: Path, pointer: bytes
) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    (index_folder / "current").write_bytes(pointer)
    with closing(Snapshot.current(index_folder, encoder)) as snapshot:
        assert "which is not there: run `assistant index build --rebuild`" in str(snapshot.notice)
        assert snapshot.search("garden")[0].lexical_rank == 1
    assert build_index(corpus_folder, index_folder, encoder).changed
    Snapshot.current(index_folder, encoder).close()


def test_a_build_that_dies_leaves_the_old_index_and_the_next_build_cleans_up(
    corpus_folder: Path, index_folder: Path
) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    serving = generation.current(index_folder)
    before = files_of(serving)
    with pytest.raises(UserError, match="was stopped by the system"):
        build_index(corpus_folder, index_folder, DyingEncoder(), rebuild=True)
    assert generation.current(index_folder) == serving
    assert files_of(serving) == before
    (index_folder / "generations" / "g000099").mkdir()  # what a killed builder leaves behind
    build_index(corpus_folder, index_folder, encoder, rebuild=True)
    assert not (index_folder / "generations" / "g000099").exists()


def test_at_most_two_generations_stay_and_a_reader_keeps_its_own(corpus_folder: Path, index_folder: Path) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    reader = Snapshot.current(index_folder, encoder)
    for _ in range(3):
        build_index(corpus_folder, index_folder, encoder, rebuild=True)
    kept = sorted(path.name for path in (index_folder / "generations").iterdir())
    assert kept == ["g000001", "g000003", "g000004"]
    assert reader.search("garden")[0].lexical_rank == 1
    reader.close()
    build_index(corpus_folder, index_folder, encoder, rebuild=True)
    assert sorted(path.name for path in (index_folder / "generations").iterdir()) == ["g000004", "g000005"]


def test_a_second_build_waits_for_the_first_and_says_so(corpus_folder: Path, index_folder: Path) -> None:
    steps: list[str] = []
    with ThreadPoolExecutor() as pool:
        with generation.writer_lock(index_folder, lambda: None):
            second = pool.submit(
                build_index, corpus_folder, index_folder, HashingEncoder(), progress=lambda step, *_: steps.append(step)
            )
            while not steps:
                time.sleep(0.01)
            assert (steps, second.done()) == ([WAITING], False)
        assert second.result().changed


def test_an_empty_corpus_keeps_the_old_index(corpus_folder: Path, index_folder: Path) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    version = generation.read_manifest(generation.current(index_folder)).version
    shutil.rmtree(corpus_folder)
    corpus_folder.mkdir()
    with pytest.raises(UserError, match="holds no documents"):
        build_index(corpus_folder, index_folder, encoder)
    assert generation.read_manifest(generation.current(index_folder)).version == version
    assert [path.name for path in (index_folder / "generations").iterdir()] == ["g000001"]


def test_no_index_yet_is_said_with_the_command_that_makes_one(index_folder: Path) -> None:
    with pytest.raises(IndexMissingError, match="run `assistant index build`"):
        Snapshot.current(index_folder, HashingEncoder())


def test_an_index_folder_that_is_no_folder_is_said(corpus_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        build_index(corpus_folder, tmp_path / "file" / "index", HashingEncoder())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to a folder whatever its mode; run the tests as a user")
def test_a_read_only_index_folder_serves_but_cannot_be_built(corpus_folder: Path, index_folder: Path) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    for path in [index_folder, *index_folder.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    Snapshot.current(index_folder, encoder).close()
    with pytest.raises(UserError, match="cannot be written"):
        build_index(corpus_folder, index_folder, encoder, rebuild=True)


def test_a_store_that_cannot_be_copied_beside_the_index_is_copied_elsewhere(
    corpus_folder: Path, index_folder: Path
) -> None:
    encoder = HashingEncoder()
    build_index(corpus_folder, index_folder, encoder)
    (index_folder / "serving").rmdir()
    (index_folder / "serving").write_text("in the way, as a read-only disk would be", encoding="utf-8")
    snapshot = Snapshot.current(index_folder, encoder)
    assert snapshot.search("garden")[0].dense_rank is not None
    snapshot.close()


def test_an_index_of_another_model_is_refused_with_the_command_that_rebuilds_it(
    corpus_folder: Path, index_folder: Path
) -> None:
    build_index(corpus_folder, index_folder, HashingEncoder())
    with pytest.raises(UserError, match=r"built with hashing.*assistant index build --rebuild"):
        Snapshot.current(index_folder, OtherEncoder())
    build_index(corpus_folder, index_folder, OtherEncoder())
    Snapshot.current(index_folder, OtherEncoder()).close()


def test_an_index_of_another_format_is_refused(corpus_folder: Path, index_folder: Path) -> None:
    build_index(corpus_folder, index_folder, HashingEncoder())
    path = generation.current(index_folder) / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace(f'"format": {FORMAT}', '"format": 99'), encoding="utf-8")
    with pytest.raises(UserError, match=f"format 99, this program reads format {FORMAT}"):
        Snapshot.current(index_folder, HashingEncoder())


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"tampered")
    with pytest.raises(UserError, match="the installed package is not the published model"):
        Model(SHIPPED_MODEL, tmp_path).check()


def test_a_setting_that_is_no_model_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no modules\.json"):
        open_encoder(str(tmp_path), tmp_path)


def test_weights_in_another_format_are_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(UserError, match=r"no \.safetensors weights"):
        Model("x", tmp_path).check()


def test_our_own_file_holds_everything_to_make_the_rest_again(snapshot: Snapshot) -> None:
    database = sqlite3.connect(snapshot.folder / "base" / "content.sqlite")
    count, smallest = database.execute("SELECT count(*), min(length(vector)) FROM passages").fetchone()
    database.close()
    assert (count, smallest) == (snapshot.passage_count, 64 * 4)


def test_a_full_disk_is_said_before_the_build_begins(
    corpus_folder: Path, index_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))
    with pytest.raises(UserError, match="has 0 MB free, the build needs 20 MB"):
        build_index(corpus_folder, index_folder, HashingEncoder())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("neighbuors", "neighbours"),
        ("nieghbours", "neighbours"),
        # Twice in one passage.
        ("garnden", "garden"),
        # Known in another form; another ending; another first letter; a rare word; a short word.
        ("neighbouring", None),
        ("neighbourx", None),
        ("geighbours", None),
        ("vompany", None),
        ("compnay", None),
        ("plats", None),
    ],
)
def test_an_unknown_word_is_matched_to_a_frequent_near_form_and_to_nothing_else(
    snapshot: Snapshot, typed: str, meant: str | None
) -> None:
    assert snapshot.meant_by(typed, "en") == meant
    assert snapshot.meant_by(typed, "de") is None


def test_the_words_of_every_passage_are_kept_packed_in_its_place(snapshot: Snapshot) -> None:
    passages = list(snapshot.passages())
    document = snapshot.document("gardens")
    texts = [search_form(indexed_text(document, passage, AcronymTable(mine(document)))) for passage in passages]
    expected = [packed(words, "en") for words in HashingEncoder().encode_words(texts)]
    found = snapshot.base().content.words(range(len(passages)))
    assert [bits.tolist() for bits in found] == [bits.tolist() for bits in expected]
    assert snapshot.base().content.words([2, 0])[1].tolist() == expected[0].tolist()


def test_a_store_that_finds_too_little_searches_more_widely(tmp_path: Path, server: str | None) -> None:
    """What was open went on as it was, so the search was widened to its end and found no more."""
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(3100, 256)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    questions, held = vectors[:100], vectors[100:]
    nearest = np.argsort(-(questions @ held.T), axis=1)[:, :10]

    def recall(store: VectorStore) -> float:
        found = store.search(questions, 10)
        return float(
            np.mean([len({at for at, _ in hits} & set(row)) / 10 for hits, row in zip(found, nearest, strict=True)])
        )

    store = VectorStore.build(Address(server or tmp_path / "vectors", f"widening-{os.getpid()}"), [held], ef_search=10)
    assert recall(store) < 0.8
    store = store.widened(2000, [held])
    assert recall(store) > 0.99
    assert store.count() == 3000
    store.close()


class ForgetfulStore:
    """Exact, but for one position that no search finds."""

    def __init__(self, vectors: Vectors, lost: int) -> None:
        self._vectors, self._lost = vectors, lost

    def count(self) -> int:
        return len(self._vectors)

    def search(self, vectors: Vectors, limit: int) -> list[list[tuple[int, float]]]:
        return [self._nearest(row, limit) for row in vectors @ self._vectors.T]

    def _nearest(self, scores: Vectors, limit: int) -> list[tuple[int, float]]:
        order = [int(at) for at in np.argsort(-scores, kind="stable") if at != self._lost]
        return [(at, float(scores[at])) for at in order[:limit]]


def test_a_passage_that_the_store_passes_by_is_compared_with_exactly(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph of 100,000 vectors has hundreds that no path leads to."""
    content = snapshot.base().content
    vectors = content.vectors(range(content.size))
    store: Any = ForgetfulStore(vectors, 2)
    with pytest.raises(UserError, match=f"does not find 1 of {content.size} passages .* passage 2 among them"):
        _missed(store, content, _silent)
    monkeypatch.setattr("index.build._MISSED_SHARE", 0.5)
    folder = shutil.copytree(snapshot.folder / "base", tmp_path / "base")
    np.save(folder / "missed.npy", _missed(store, content, _silent))
    with closing(Segment(folder, store, ExitStack())) as segment:
        (first, score), *others = segment.nearest(vectors[2:3], content.size, None)
        assert first == 2
        assert score == pytest.approx(1.0, abs=1e-5)
        assert [at for at, _ in others] == [at for at, _ in store.search(vectors[2:3], content.size)[0]]
        gone = np.arange(content.size) == 2
        assert segment.nearest(vectors[2:3], content.size, gone) == others


def test_what_an_encoder_needs_is_made_again_although_no_document_has_changed(
    corpus_folder: Path, index_folder: Path, tmp_path: Path
) -> None:
    encoder = UnpreparedEncoder(tmp_path)
    build_index(corpus_folder, index_folder, encoder)
    encoder.made.unlink()
    assert not build_index(corpus_folder, index_folder, encoder).changed
    assert encoder.made.exists()


def test_a_word_in_small_letters_is_no_acronym_where_it_is_a_word_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text("Good old elms (GOE) and useful new dams (UND) are kept.", encoding="utf-8")
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"Und is a word in note {number}.", encoding="utf-8")
    build_index(folder, tmp_path / "index", HashingEncoder())
    with closing(Snapshot.current(tmp_path / "index", HashingEncoder())) as snapshot:
        found = {
            text: [a.short for a in snapshot.acronyms.spoken_of(text)]
            for text in ("goe rules", "GOE rules", "UND rules", "und rules", "UND RULES", "old useful new dams")
        }
    assert found == {
        "goe rules": ["GOE"],
        "GOE rules": ["GOE"],
        "UND rules": ["UND"],
        "und rules": [],
        # Where all is in capitals, they say nothing.
        "UND RULES": [],
        "old useful new dams": ["UND"],
    }


def test_an_acronym_is_searched_for_with_its_words_only_where_there_are_no_others(corpus_folder: Path) -> None:
    table = AcronymTable(mine(load_corpus(corpus_folder).documents[0]))
    assert table.other_forms("SGs?") == "SGs? shared gardens"
    assert table.other_forms("who tends SGs?") == "who tends SGs?"
    assert table.other_forms("who tends shared gardens?") == "who tends shared gardens? SG"


def test_a_snapshot_goes_with_its_last_reader_and_does_not_wait_for_the_collector(
    corpus_folder: Path, index_folder: Path
) -> None:
    # A circle of references kept each old generation on disk, and its files open, until the collector came by:
    # 41 generations lay there after 100 builds.
    build_index(corpus_folder, index_folder, HashingEncoder())
    opened = Snapshot.current(index_folder, HashingEncoder())
    opened.search("shared gardens (SGs)")
    gone = weakref.ref(opened)
    gc.disable()
    try:
        del opened
        assert gone() is None
    finally:
        gc.enable()
