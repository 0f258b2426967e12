"""What a model claims: a sentence, and what it rests it on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.verify.grounds import Cite

# How many claims of a reply are looked at, with how many citations each, and how many characters of one.
MOST_CLAIMS = 12
MOST_CITES = 6
LONGEST = 1200
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that a model wrote, and what it rests it on."""

    text: str
    cites: tuple[Cite, ...]


def whole(text: str) -> str:
    """A text without halves of surrogate pairs, which JSON can hold and no file or message can."""
    return _SURROGATES.sub("", text)
