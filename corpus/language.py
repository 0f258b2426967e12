"""The language that a document is written in, where its catalogue does not say."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast

# What index and answers have tables or stems for; among more, short texts are mistaken more often.
LANGUAGES = ["ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "no", "pt", "ru", "sv", "zh"]
_READ = 4000


def language_of(text: str) -> str:
    """The code of the language that most of a text's beginning is written in.

    >>> language_of("Der Verein fördert gemeinsame Gärten in der ganzen Stadt.")
    'de'
    """
    return str(_classifier()(text[:_READ])[0])


@cache
def _classifier() -> Callable[[str], tuple[str, float]]:
    # Imported here: it reads its model, which answering a question does not need.
    import py3langid

    # Narrowing its model takes as long as ten texts.
    py3langid.set_languages(LANGUAGES)
    return cast("Callable[[str], tuple[str, float]]", py3langid.classify)
