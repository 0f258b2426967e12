"""Templates in which everything is escaped. Only file that imports jinja2."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from assistant.web import access, speech

_UNFIT = re.compile("[\0\ud800-\udfff]")

__all__ = ["Markup", "environment", "escaped"]


def environment(folder: Path) -> Environment:
    """The templates of a folder; a value that they name and do not get is an error."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["exact"] = _exact
    made.globals.update(_=speech.said, counted=speech.counted, tongue=speech.language, languages=speech.LANGUAGES)
    made.globals.update(visitor=access.visitor)
    return made


def escaped(text: str) -> str:
    """Text as HTML shows it."""
    return str(escape(text))


def _exact(text: str) -> Markup:
    """Escaped so that the browser's text is this text: a bare carriage return would become a newline.

    What no page can hold (a zero, half of a pair of UTF-16) becomes one mark each, so that offsets stay.
    """
    held = _UNFIT.sub("\ufffd", text)
    return Markup(str(escape(held)).replace("\r", "&#13;"))  # noqa: S704 – escaped in the same breath
