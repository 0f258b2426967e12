"""Other spellings of a question that ask for the same: a robust assistant answers them alike."""

from __future__ import annotations

import random
from collections.abc import Iterator

_SHORTEST = 6


def variants(question: str) -> list[str]:
    """In capitals, in small letters, without its marks, and with two letters of a long word swapped.

    >>> variants("What is a garden?")
    ['WHAT IS A GARDEN?', 'what is a garden?', 'What is a garden', 'What is a gadren?']
    """
    return [text for text in dict.fromkeys(_made(question)) if text != question]


def _made(question: str) -> Iterator[str]:
    yield question.upper()
    yield question.lower()
    yield question.rstrip("?？؟.! ")
    words = [word for word in question.split() if word.isascii() and word.isalpha() and len(word) >= _SHORTEST]
    if words:
        # The same slip at each run.
        generator = random.Random(question)
        word = generator.choice(words)
        at = generator.randrange(1, len(word) - 2)
        yield question.replace(word, word[:at] + word[at + 1] + word[at] + word[at + 2 :], 1)
