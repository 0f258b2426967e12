"""Unofficial translations are shown only where numbers, dates, names and acronyms are those of the original."""

from __future__ import annotations

import pytest

from assistant.language import tables
from assistant.messages import messages
from assistant.unofficial import is_possible, lines, reason_against

FEE = "The yearly fee is 40 euros for adults and 15 euros for children."
CRANES = "The harbour has 24 moorings and two cranes."
SEAT = "IASP has had its seat in Málaga since October 1996."


@pytest.mark.parametrize(
    ("language", "sentence", "translation"),
    [
        ("es", FEE, "La cuota anual es de 40 euros para adultos y de 15 euros para niños."),
        ("de", FEE, "Die jährliche Gebühr beträgt 40 Euro für Erwachsene und 15 Euro für Kinder."),
        ("zh", FEE, "年费为成人40欧元，儿童15欧元。"),
        ("es", CRANES, "El puerto tiene 24 amarres y dos grúas."),
        ("fr", CRANES, "Le port compte 24 postes d'amarrage et deux grues."),
        ("ru", CRANES, "В гавани 24 причала и два крана."),
        ("zh", CRANES, "港口有24个泊位和两台起重机。"),
        ("es", SEAT, "La IASP tiene su sede en Málaga desde octubre de 1996."),
        ("zh", SEAT, "IASP 自1996年10月起总部设在 Málaga。"),
        ("de", "It costs 1,200.50 euros.", "Es kostet 1.200,50 Euro."),
    ],
)
def test_a_faithful_translation_is_shown(language: str, sentence: str, translation: str) -> None:
    assert reason_against(translation, sentence, "en", language) is None


@pytest.mark.parametrize(
    ("trap", "sentence", "translation"),
    [
        ("an altered number", FEE, "La cuota anual es de 45 euros para adultos y de 15 euros para niños."),
        ("a number less", FEE, "La cuota anual es de 40 euros para adultos y para niños."),
        ("a number more", FEE, "La cuota anual de 2024 es de 40 euros para adultos y de 15 euros para niños."),
        ("another number in words", CRANES, "El puerto tiene 24 amarres y tres grúas."),
        ("no number in words", CRANES, "El puerto tiene 24 amarres y grúas."),
        ("thousands for decimals", "The price is 1.250 euros.", "El precio es de 1.250 euros."),
    ],
)
def test_a_translation_with_other_numbers_is_dropped(trap: str, sentence: str, translation: str) -> None:
    assert reason_against(translation, sentence, "en", "es") == "its numbers are others", trap


@pytest.mark.parametrize(
    ("translation", "reason"),
    [
        ("La IASP tiene su sede en Málaga desde marzo de 1996.", "its dates are others"),
        ("La IASP tiene su sede en Madrid desde octubre de 1996.", "its names are others"),
        ("La IASP tiene su sede en una ciudad desde octubre de 1996.", "its names are others"),
        ("La IASP de Pedro tiene su sede en Málaga desde octubre de 1996.", "its names are others"),
        ("La APTE tiene su sede en Málaga desde octubre de 1996.", "its acronyms are others"),
        ("La asociación tiene su sede en Málaga desde octubre de 1996.", "its acronyms are others"),
        ("IASP has had its seat in Málaga since October 1996.", "it is in another language"),
        (f"La IASP tiene su sede en Málaga desde octubre de 1996{', y es muy buena' * 30}.", "it is much longer"),
        (
            "La IASP tiene su sede en Málaga desde octubre de 1996, https://x.example.",
            "it has marks that are none of a sentence",
        ),
        ("La IASP tiene su sede en Málaga desde octubre de 1996 [2].", "it has marks that are none of a sentence"),
    ],
)
def test_a_translation_that_says_something_else_is_dropped_with_its_reason(translation: str, reason: str) -> None:
    assert reason_against(translation, SEAT, "en", "es") == reason


# Each with the word that is lost in the second.
REFUNDS = [
    ("es", "Las cuotas pagadas no se devuelven.", "Las cuotas pagadas se devuelven."),
    ("fr", "Les cotisations payées ne sont pas remboursées.", "Les cotisations payées sont remboursées."),
    ("pt", "As quotas pagas não são devolvidas.", "As quotas pagas são devolvidas."),
    ("de", "Bezahlte Beiträge werden nicht erstattet.", "Bezahlte Beiträge werden erstattet."),
    ("it", "Le quote pagate non vengono rimborsate.", "Le quote pagate vengono rimborsate."),
    ("zh", "已缴纳的费用不予退还。", "已缴纳的费用予以退还。"),
    ("ar", "لا تُرد الرسوم المدفوعة.", "تُرد الرسوم المدفوعة."),
    ("ru", "Взносы не возвращаются.", "Взносы возвращаются."),
    ("ja", "支払われた会費は返金されません。", "支払われた会費は返金されます。"),
    ("ko", "납부한 회비는 환불되지 않습니다.", "납부한 회비는 환불됩니다."),
]


@pytest.mark.parametrize(("language", "faithful", "turned"), REFUNDS)
def test_a_translation_that_lost_or_gained_a_not_is_dropped(language: str, faithful: str, turned: str) -> None:
    said, denied = "Paid fees are refunded.", "Paid fees are not refunded."
    other = "one says no where the other does not"
    assert reason_against(faithful, denied, "en", language) is None
    assert reason_against(turned, denied, "en", language) == other
    assert reason_against(turned, said, "en", language) is None
    assert reason_against(faithful, said, "en", language) == other


@pytest.mark.parametrize(
    ("language", "sentence", "translation"),
    [
        ("es", "However, the fee is due in spring.", "Sin embargo, la cuota se paga en primavera."),
        ("fr", "The fee is due in spring at the latest.", "La cotisation est due au printemps, pas plus tard."),
        ("zh", "Members meet very often.", "会员非常频繁地聚会。"),
        ("ja", "The members must pay.", "会員は支払わなければなりません。"),
        ("ru", "The fee is due in spring at the latest.", "Взнос платят не позднее весны."),
    ],
)
def test_words_that_only_look_like_a_not_are_none(language: str, sentence: str, translation: str) -> None:
    assert reason_against(translation, sentence, "en", language) is None


def test_a_number_that_is_given_twice_has_no_translation() -> None:
    assert lines("Here you are:\n1: uno\n2. dos\n2: tres\n7: siete", 3) == {1: "uno"}


def test_what_no_word_list_can_check_is_not_translated() -> None:
    assert is_possible("en", "es")
    assert is_possible("es", "en")
    assert not is_possible("en", "nl")
    assert not is_possible("", "es")


def test_the_label_is_there_in_every_language() -> None:
    assert len({messages(code)["model"]["unofficial"] for code in tables()}) == 11
