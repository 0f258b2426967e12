"""A question word for word in another language."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.language import detect, listed_words, plain, tables
from assistant.translate import from_english, into_english, lexicon

LISTS = sorted((Path(__file__).parents[1] / "assistant" / "lexicon").glob("??.tsv"))


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_every_line_of_a_word_list_is_a_word_and_its_english(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    wrong = [line for line in lines if line.count("\t") != 1 or not line.split("\t")[0].strip()]
    assert wrong == []
    assert len(lines) > 1500


def test_each_language_of_the_tables_but_english_has_a_word_list() -> None:
    assert {path.stem for path in LISTS} == set(tables()) - {"en"}


@pytest.mark.parametrize(
    ("question", "english"),
    [
        ("¿Cuándo es la reunión?", "when is the meeting?"),
        ("wie viele Mitglieder hat der Verband", "how many members has the association"),
        ("Combien de membres ?", "how many members?"),
        ("Quem escreveu o atlas?", "who wrote the atlas?"),
        # Words that no list holds, as names, stay as they were typed.
        ("¿Quién es Ada Lovelace?", "who is Ada Lovelace?"),
        # A compound is its parts.
        ("Wie hoch ist die Gartenversicherung?", "how much is the garden insurance?"),
    ],
)
def test_a_question_comes_word_for_word_in_english(question: str, english: str) -> None:
    assert into_english(question, detect(question), {}) == english


def test_a_script_without_spaces_is_taken_by_its_longest_entries() -> None:
    assert into_english("会员有多少", "zh", {}) == "member how many"


def test_arabic_loses_its_article_before_a_word_that_is_known() -> None:
    words = lexicon("ar")
    assert words is not None
    assert words.meaning(plain("والشجرة")) == words.meaning(plain("شجرة"))


def test_names_of_the_registry_become_the_term() -> None:
    found = into_english("¿Cuándo abre el huerto compartido?", "es", {"huerto compartido": "shared garden"})
    assert found == "when open the shared garden?"


@pytest.mark.parametrize(
    ("language", "question", "english"),
    [
        # The stem of "publicada" is that of "publicación" too: the answer's "published" was not found.
        ("es", "¿Fue publicada en 2021?", "was published in 2021?"),
        ("fr", "Quand a-t-elle été publiée ?", "when has it been published?"),
        ("it", "Quando è stata pubblicata?", "when is been published?"),
        ("pt", "Foram publicadas em 2021?", "were published in 2021?"),
    ],
)
def test_a_participle_is_one_in_every_gender_and_number(language: str, question: str, english: str) -> None:
    assert into_english(question, language, {}) == english


def test_an_unknown_word_is_what_the_documents_have_like_it() -> None:
    found = into_english("quien escribio el zzatlante", "es", {}, lambda word: "atlas" if word == "zzatlante" else None)
    assert found == "who wrote the atlas"


def test_a_language_without_a_list_gives_nothing() -> None:
    assert into_english("hvad koster det", "da", {}) is None
    assert from_english("what does it cost", "da", ()) is None


def test_english_content_comes_with_every_common_rendering_and_names_stay() -> None:
    form = from_english("which insurance does Ada need", "fr", tables()["en"].function)
    assert form is not None
    assert form.language == "fr"
    assert any("assurance" in group for group in form.alternatives)
    assert ("Ada",) in form.alternatives
    assert set(form.text.split()) >= {"assurance", "Ada"}


def test_english_words_are_known_as_such_and_slips_are_not() -> None:
    assert {"insurance", "meeting", "publish"} <= listed_words("en")
    assert "insurence" not in listed_words("en")
    assert "reunion" in listed_words("es")
