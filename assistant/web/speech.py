"""The interface's own words in the reader's language: tables keyed by the English words, in `interface/`.

The English words stand in the templates, so that these can be read; a table that lacks some says so in
`tests/test_speech.py`. What the assistant answers is not here
but in `assistant/messages.toml`. Only file that imports babel.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date

LANGUAGES = {"en": "English", "es": "Español", "fr": "Français", "pt": "Português", "de": "Deutsch", "zh": "中文"}
"""The languages of the interface, each by its own name."""
COOKIE = "language"
_FOLDER = Path(__file__).with_name("interface")
_language: ContextVar[str] = ContextVar("language", default="en")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """The interface in a language, for as long as the block lasts."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


def language() -> str:
    """The language that the interface speaks now."""
    return _language.get()


def chosen(cookie: str | None, accepted: str | None) -> str:
    """The language that a reader chose, else the first of the browser's that there is, else English.

    >>> chosen(None, "fr-CA,fr;q=0.9,en;q=0.8"), chosen("de", "fr"), chosen("xx", "ja, pt-BR;q=0.4"), chosen(None, None)
    ('fr', 'de', 'pt', 'en')
    """
    if cookie in LANGUAGES:
        return cookie
    wanted = (part.partition(";") for part in (accepted or "").split(","))
    ranked = sorted(((_weight(rest), name.strip().lower()[:2]) for name, _, rest in wanted), key=lambda one: -one[0])
    return next((name for weight, name in ranked if weight > 0 and name in LANGUAGES), "en")


def _weight(parameters: str) -> float:
    try:
        return float(parameters.partition("q=")[2] or 1)
    except ValueError:
        return 0.0


def said(english: str, **values: Any) -> str:
    """Words of the interface in the language of the reader, `{name}` filled from `values`.

    >>> with speaking("de"):
    ...     said("Documents")
    'Dokumente'
    """
    words = _table(_language.get()).get(english, english)
    return words.format(**values) if values else words


def counted(one: str, many: str, count: int, **values: Any) -> str:
    """The words for one thing or for several, `{count}` filled in.

    >>> counted("{count} page", "{count} pages", 1200)
    '1,200 pages'
    """
    return said(one if count == 1 else many, count=f"{count:,}", **values)


def day(value: date) -> str:
    """A day as the reader's language writes it.

    >>> day(date(2026, 11, 2))
    '2 Nov 2026'
    """
    if _language.get() == "en":
        return f"{value.day} {value:%b} {value.year}"
    return format_date(value, "medium", locale=_language.get())


def language_name(code: str) -> str:
    """The name of a language in the reader's; its code where it has none.

    >>> language_name("pt-BR"), language_name("xx")
    ('Portuguese', 'xx')
    """
    return str(Locale.parse(_language.get()).languages.get(code.lower().partition("-")[0], code))


@cache
def _table(language: str) -> Mapping[str, str]:
    path = _FOLDER / f"{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
