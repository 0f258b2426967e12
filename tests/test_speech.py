"""The interface in other languages: every word of it is there, and fills in what the English fills in."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.web import app, cards, chat, conversation, definitions, review, site, speech
from assistant.web.speech import LANGUAGES, chosen, counted, said, speaking

WEB = Path(speech.__file__).parent
ASSISTANT = WEB.parent
STATUSES = ("current", "superseded")
# What stands in these tables is looked up by its English words as the pages show it.
TABLES = {
    *chat.WORDS.values(),
    *(kind.words for kind in vars(cards).values() if isinstance(kind, cards.Kind) and kind.words),
    *(kind.words for kind in cards.UNSEARCHED.values() if kind.words),
    *(name for name, _ in site.Site(lambda: None, lambda: None, "", None).pages),
    *(review.name(verdict) for verdict in review.VERDICTS),
    *STATUSES,
    definitions.DAMAGED,
    *(name for name, _ in app.STAFF_PAGES),
    conversation.BUG,
    conversation.STOPPED,
    site.LOADING,
}
_TEMPLATE = re.compile(r"""(?:\b_|counted)\(\s*"((?:[^"\\]|\\.)*)"(?:\s*,\s*"((?:[^"\\]|\\.)*)")?""")


def in_templates() -> Iterator[str]:
    for path in sorted((WEB / "templates").glob("*.html")):
        for match in _TEMPLATE.finditer(path.read_text(encoding="utf-8")):
            yield from (words for words in match.groups() if words)


def in_code() -> Iterator[str]:
    for path in sorted(ASSISTANT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and path.name != "speech.py":
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in ("said", "counted"):
                    yield from (
                        one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    )


def english() -> set[str]:
    """Every word of the interface, in English."""
    return {*in_templates(), *in_code(), *TABLES}


def filled(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


def table(language: str) -> dict[str, str]:
    return tomllib.loads((WEB / "interface" / f"{language}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_every_word_of_the_interface_has_a_translation_and_nothing_else_is_kept(language: str) -> None:
    held, wanted = set(table(language)), english()
    assert sorted(wanted - held) == []
    assert sorted(held - wanted) == []


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_a_translation_fills_in_what_the_english_words_fill_in(language: str) -> None:
    wrong = {words: other for words, other in table(language).items() if filled(words) != filled(other)}
    assert wrong == {}


def test_words_without_a_translation_are_shown_in_english_and_not_lost() -> None:
    with speaking("fr"):
        assert said("No such sentence stands in any table, {name}.", name="A") == (
            "No such sentence stands in any table, A."
        )


def test_one_thing_and_several_have_their_own_words() -> None:
    assert counted("{count} lamp", "{count} lamps", 1) == "1 lamp"
    assert counted("{count} lamp", "{count} lamps", 0) == "0 lamps"


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "es;q=0.5, pt-PT;q=0.9", "pt"),
        (None, "zh-Hant-TW, en;q=0.1", "zh"),
        (None, "fr;q=0, de;q=0.2", "de"),
        (None, "fr;q=much, de;q=0.2", "de"),
        ("fr", "de", "fr"),
        ("../../etc", "de", "de"),
        (None, "*", "en"),
    ],
)
def test_the_language_is_the_readers_choice_then_the_browsers(cookie: str | None, accepted: str, language: str) -> None:
    assert chosen(cookie, accepted) == language
