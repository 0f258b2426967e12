"""The catalogue, the splitter and the registry: what is found, what is refused and in which words."""

from __future__ import annotations

import itertools
import os
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.catalogue import corpus_files, load_corpus
from corpus.errors import UserError
from corpus.readers.types import Heading, sections_from
from corpus.split import RUN, WHOLE_SECTION, body_start, passages
from corpus.types import Document


def document(text: str, headings: list[Heading] | None = None) -> Document:
    return Document(
        "d", "D", "d.txt", None, "en", "document", None, "f" * 64, text, sections_from(headings or [], len(text))
    )


def test_the_catalogue_gives_what_the_file_does_not_say(corpus_folder: Path) -> None:
    (corpus,) = load_corpus(corpus_folder).documents
    assert (corpus.id, corpus.title, corpus.kind, str(corpus.date)) == (
        "gardens",
        "Who we are",
        "definitions",
        "2026-05-01",
    )


def test_without_a_catalogue_the_title_comes_from_the_file_and_the_id_from_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "Sub folder").mkdir(parents=True)
    (folder / "Sub folder" / "Our rules.md").write_text("# House rules\n\nBe kind.", encoding="utf-8")
    (document,) = load_corpus(folder).documents
    assert (document.id, document.title) == ("Sub-folder/Our-rules.md", "House rules")


def test_one_bad_file_costs_only_itself(corpus_folder: Path) -> None:
    (corpus_folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (corpus_folder / "empty.txt").write_bytes(b"")
    corpus = load_corpus(corpus_folder)
    assert [document.id for document in corpus.documents] == ["gardens"]
    assert [item.path for item in corpus.refused] == ["broken.pdf", "empty.txt"]


def test_a_catalogue_that_names_a_missing_file_says_so_and_the_rest_goes_on(corpus_folder: Path) -> None:
    with (corpus_folder / "catalogue.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[document]]\nfile = "gone.txt"\n')
    corpus = load_corpus(corpus_folder)
    assert len(corpus.documents) == 1
    assert [(item.path, "there is no such file" in item.reason) for item in corpus.refused] == [("gone.txt", True)]


def test_the_same_text_twice_is_indexed_once_under_its_first_name(corpus_folder: Path) -> None:
    (corpus_folder / "zz-copy.txt").write_bytes((corpus_folder / "gardens.txt").read_bytes())
    corpus = load_corpus(corpus_folder)
    assert [document.path for document in corpus.documents] == ["gardens.txt"]
    assert corpus.refused[0].reason.startswith("it holds the same text as gardens.txt")


def test_what_the_catalogue_names_wins_over_a_copy_with_an_earlier_name(corpus_folder: Path) -> None:
    (corpus_folder / "a copy.txt").write_bytes((corpus_folder / "gardens.txt").read_bytes())
    (corpus_folder / "b-link.txt").symlink_to(corpus_folder / "gardens.txt")
    corpus = load_corpus(corpus_folder)
    assert [document.id for document in corpus.documents] == ["gardens"]
    assert [item.path for item in corpus.refused] == ["a copy.txt", "b-link.txt"]


def test_a_pipe_and_a_link_to_nothing_are_refused_and_do_not_hang(corpus_folder: Path) -> None:
    os.mkfifo(corpus_folder / "pipe.txt")
    (corpus_folder / "dangling.txt").symlink_to(corpus_folder / "gone.txt")
    refused = {item.path: item.reason for item in load_corpus(corpus_folder).refused}
    assert refused.keys() == {"pipe.txt", "dangling.txt"}
    assert all(reason.startswith("it is no file that can be read") for reason in refused.values())


def test_the_language_is_found_where_the_catalogue_does_not_say(corpus_folder: Path) -> None:
    (corpus_folder / "es.txt").write_text("La asociación fomenta los huertos de la ciudad.", encoding="utf-8")
    assert {d.path: d.language for d in load_corpus(corpus_folder).documents} == {"es.txt": "es", "gardens.txt": "en"}


def test_a_link_out_of_the_corpus_is_not_followed(corpus_folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("The canary sings.", encoding="utf-8")
    (corpus_folder / "link.txt").symlink_to(secret)
    corpus = load_corpus(corpus_folder)
    assert all("canary" not in document.text for document in corpus.documents)
    assert corpus.refused[0].reason.startswith("it is a link to a file outside")


def test_hidden_and_temporary_files_are_left_alone(corpus_folder: Path) -> None:
    for name in (".hidden.txt", "~$gardens.txt", "gardens.txt~", "gardens.tmp"):
        (corpus_folder / name).write_text("x", encoding="utf-8")
    assert [path.name for path in corpus_files(corpus_folder)] == ["gardens.txt"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "nowhere", "does not exist"),
        (lambda folder: folder, "holds no documents"),
    ],
)
def test_nothing_to_read_is_said_and_never_looks_like_an_empty_answer(tmp_path: Path, make, words: str) -> None:  # type: ignore[no-untyped-def]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match=words):
        load_corpus(make(empty))


def test_a_folder_of_unusable_files_names_each_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"")
    (folder / "b.exe").write_bytes(b"MZ")
    with pytest.raises(UserError, match=r"None of the 2 files .*a\.txt: it is empty.*b\.exe: its format \.exe"):
        load_corpus(folder)


@pytest.mark.parametrize(
    ("catalogue", "words"),
    [
        ("[[document]\nfile = 1", "not valid TOML"),
        ("[[document]]\ntitle = 'T'", "has no `file`"),
        ("[[document]]\nfile = 'a.txt'\ncolour = 'red'", "unknown key 'colour'"),
        ("[[document]]\nfile = 'a.txt'\ndate = 'May'", "date = 'May'; expected a date"),
        ("[[document]]\nfile = 'a.txt'\n[[document]]\nfile = 'a.txt'", "a second time"),
    ],
)
def test_a_wrong_catalogue_names_the_entry(corpus_folder: Path, catalogue: str, words: str) -> None:
    (corpus_folder / "catalogue.toml").write_text(catalogue, encoding="utf-8")
    with pytest.raises(UserError, match=words):
        load_corpus(corpus_folder)


def test_a_definition_is_its_exact_span(corpus_folder: Path) -> None:
    corpus = load_corpus(corpus_folder)
    (definition,) = corpus.definitions
    text = corpus.documents[0].text
    assert text[definition.start : definition.end].startswith("Shared gardens are plots")
    assert text[definition.start : definition.end].endswith("hold open days.")


def change_registry(folder: Path, old: str, new: str) -> None:
    path = folder / "definitions.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_a_quotation_that_differs_is_listed_with_the_first_words_that_differ_and_the_text_there_now(
    corpus_folder: Path,
) -> None:
    change_registry(corpus_folder, "to grow food and company", "to grow flowers and company")
    corpus = load_corpus(corpus_folder)
    assert corpus.definitions == ()
    (drifted,) = corpus.drifted
    assert (drifted.term, drifted.body, drifted.document_id) == ("shared garden", "FSG", "gardens")
    assert "after 'main aim is to grow'" in drifted.reason
    assert "the quotation has 'flowers and company.\\nTo reach this'" in drifted.reason
    assert "has 'food and company.\\nTo reach" in drifted.reason
    assert "whose main aim is to grow food and company." in drifted.nearest


def as_ends(folder: Path, more: str = "") -> None:
    """The registry's one entry, its wording given by its first and last words."""
    change_registry(
        folder,
        "quotation = '''Shared gardens are plots tended by neighbours, whose main aim is to grow food and company.\n"
        "To reach this aim, shared gardens lend tools, keep seeds and hold open days.'''",
        f"first = 'Shared gardens are plots'\nlast = 'hold open days.'\n{more}",
    )


WORDING = (
    "Shared gardens are plots tended by neighbours, whose main aim is to grow food and company.\n"
    "To reach this aim, shared gardens lend tools, keep seeds and hold open days."
)


def test_a_wording_is_taken_from_its_document_by_its_first_and_last_words(corpus_folder: Path) -> None:
    digest = sha256(WORDING.encode()).hexdigest()
    as_ends(corpus_folder, f'sha256 = "{digest}"\nversion = "2"\napproved_by = "the board"\napproved_on = 2020-02-03\n')
    corpus = load_corpus(corpus_folder)
    (definition,) = corpus.definitions
    assert corpus.documents[0].text[definition.start : definition.end] == WORDING
    assert (definition.version, definition.approved_by, definition.approved_on) == ("2", "the board", date(2020, 2, 3))


def test_a_word_that_changed_inside_an_approved_wording_makes_it_drift(corpus_folder: Path) -> None:
    digest = sha256(WORDING.encode()).hexdigest()
    as_ends(corpus_folder, f'sha256 = "{digest}"\n')
    path = corpus_folder / "gardens.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("keep seeds", "sell seeds"), encoding="utf-8")
    corpus = load_corpus(corpus_folder)
    assert corpus.definitions == ()
    (drifted,) = corpus.drifted
    assert drifted.nearest == WORDING.replace("keep seeds", "sell seeds")
    assert sha256(drifted.nearest.encode()).hexdigest() in drifted.reason


def test_first_words_that_are_gone_are_named_with_the_sentence_most_like_them(corpus_folder: Path) -> None:
    as_ends(corpus_folder)
    path = corpus_folder / "gardens.txt"
    path.write_text(
        path.read_text(encoding="utf-8").replace("gardens are plots", "gardens may be plots"), encoding="utf-8"
    )
    (drifted,) = load_corpus(corpus_folder).drifted
    assert drifted.reason == "its first words 'Shared gardens are plots' stand nowhere in gardens.txt"
    assert drifted.nearest.startswith("Shared gardens may be plots")


def test_a_definition_of_a_document_that_is_gone_is_listed_and_the_rest_goes_on(corpus_folder: Path) -> None:
    change_registry(corpus_folder, 'document = "gardens"', 'document = "atlas"')
    corpus = load_corpus(corpus_folder)
    assert len(corpus.documents) == 1
    assert [one.reason for one in corpus.drifted] == [
        "its document 'atlas' is not in the corpus; expected one of gardens"
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('body = "FSG"', "", "has no body"),
        ('body = "FSG"', 'body = "FSG"\nshade = "dark"', "unknown key 'shade'"),
        ('body = "FSG"', 'body = "FSG"\nstatus = "old"', "status 'old'; expected 'current' or 'superseded'"),
        ('body = "FSG"', 'body = "FSG"\nvalid_from = "May"', "valid_from 'May'; expected a date"),
        ('body = "FSG"', 'body = "FSG"\nvalid_from = 2020-01-02\nvalid_to = 2019-01-01', "expected the earlier date"),
        ('body = "FSG"', 'body = "FSG"\nslips = ["a"]', "expected pairs of words"),
        ('body = "FSG"', 'body = "FSG"\nfirst = "Shared"\nlast = "days."', "does not say once where its wording is"),
        ('names = ["shared gardens", "common plot"]', "names = 'plot'", "expected a list of texts"),
    ],
)
def test_a_wrong_definition_is_an_error_at_load(corpus_folder: Path, old: str, new: str, words: str) -> None:
    change_registry(corpus_folder, old, new)
    with pytest.raises(UserError) as caught:
        load_corpus(corpus_folder)
    assert words in str(caught.value)


def add_wording(folder: Path, quotation: str, **more: str) -> None:
    """One more entry of the term in the registry."""
    keys = {"term": "shared garden", "body": "FSG", "document": "gardens", "quotation": quotation} | more
    with (folder / "definitions.toml").open("a", encoding="utf-8") as file:
        file.write("\n[[definition]]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items()))


def test_a_term_may_have_wordings_of_several_bodies_and_earlier_ones(corpus_folder: Path) -> None:
    add_wording(corpus_folder, "Garden atlas", body="Seed Library")
    add_wording(corpus_folder, "growing together", status="superseded", valid_to="2010-12-31")
    found = load_corpus(corpus_folder).definitions
    assert [(one.body, one.status) for one in found] == [
        ("FSG", "current"), ("Seed Library", "current"), ("FSG", "superseded")
    ]  # fmt: skip


def test_one_body_has_one_current_wording_of_a_term(corpus_folder: Path) -> None:
    add_wording(corpus_folder, "Garden atlas")
    with pytest.raises(UserError, match="FSG has two current wordings of 'shared garden'"):
        load_corpus(corpus_folder)


def test_two_definitions_may_not_claim_one_acronym(corpus_folder: Path) -> None:
    with (corpus_folder / "definitions.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[definition]]\nterm = "atlas"\nbody = "FSG"\ndocument = "gardens"\n'
            'acronyms = ["sgs"]\nquotation = "Garden atlas"\n'
        )
    with pytest.raises(UserError, match="'sgs' is a name of both 'shared garden' and 'atlas'"):
        load_corpus(corpus_folder)


def test_a_heading_with_nothing_under_it_is_no_passage() -> None:
    text = "Empty\n\nFull\n\nThere is text here."
    found = passages(document(text, [Heading(0, 1, "Empty"), Heading(7, 1, "Full")]))
    assert [(p.heading_path, text[p.start : p.end]) for p in found] == [(("Full",), "Full\n\nThere is text here.")]


def test_a_section_that_fits_stays_whole() -> None:
    text = "Term\n\n" + "A sentence of a definition. " * 40
    assert len(text.strip()) <= WHOLE_SECTION
    (found,) = passages(document(text, [Heading(0, 1, "Term")]))
    assert (found.start, found.end) == (0, len(text.strip()))


def test_a_long_section_becomes_runs_of_whole_sentences_that_overlap() -> None:
    text = " ".join(f"This is sentence number {number} of many." for number in range(100))
    found = passages(document(text))
    assert all(text[p.start : p.end].startswith("This") and text[p.start : p.end].endswith(".") for p in found)
    assert all(p.end - p.start <= RUN for p in found)
    assert all(right.start < left.end for left, right in itertools.pairwise(found))


@given(st.text(st.sampled_from("aB. \n") | st.characters(), max_size=4000))
def test_the_passages_of_a_section_cover_its_words(text: str) -> None:
    made = document(text)
    found = passages(made)
    covered = set().union(*(range(p.start, p.end) for p in found)) if found else set()
    body = body_start(text, made.sections[0]) if made.sections else 0
    assert all(at in covered for at in range(body, len(text)) if not text[at].isspace())
    assert len({p.id for p in found}) == len(found)


def test_one_endless_line_is_still_cut_into_passages() -> None:
    text = "word " * 2000
    found = passages(document(text))
    assert max(p.end - p.start for p in found) <= WHOLE_SECTION
    assert found[-1].end == len(text.rstrip())
