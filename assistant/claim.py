"""What a model claims: a sentence, and what it rests it on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.verify.grounds import Cite

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that a model wrote, and what it rests it on."""

    text: str
    cites: tuple[Cite, ...]


def whole(text: str) -> str:
    """A text without halves of surrogate pairs, which JSON can hold and no file or message can."""
    return _SURROGATES.sub("", text)
