"""Slips of the keyboard: the word or name that was meant by one that the documents lack.

A correction towards a rare word, another first letter or another ending invents things ("technopolis"
is not "technopole"), so it is made only inside a long word, by one letter, towards a frequent one.
Only file that imports rapidfuzz.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

LONG_WORD = 6
FREQUENT = 2
_ALIKE = 85.0
_COGNATE = 78.0
_SAME = 90.0


def is_slip(wrong: str, right: str) -> bool:
    """Whether two words differ by one letter that is missing, added, another, or swapped with the next.

    Optimal string alignment distance (Damerau 1964). The first letter must be the same and the word
    meant must be long: short words have near neighbours that mean something else.

    >>> is_slip("tecnology", "technology"), is_slip("renovation", "innovation")
    (True, False)
    """
    return len(right) >= LONG_WORD and wrong[:1] == right[0] and OSA.distance(wrong, right, score_cutoff=1) == 1


def near_words(wrong: str, words: Iterable[str]) -> list[str]:
    """The words at most one letter away from another one, with its first letter, in their order."""
    first, length = wrong[:1], len(wrong)
    alike = [word for word in words if word[:1] == first and -1 <= len(word) - length <= 1]
    return [word for word in alike if OSA.distance(wrong, word, score_cutoff=1) <= 1]


def cognate(word: str, words: Iterable[str]) -> str | None:
    """The word written most like one of another language, with its first letter; None where none is much like it.

    Normalised indel similarity of 0.78 or more, of long words: "taxonomia" is "taxonomy".
    """
    alike = [one for one in words if one[:1] == word[:1] and len(one) >= LONG_WORD]
    found = (
        process.extractOne(word, alike, scorer=fuzz.ratio, score_cutoff=_COGNATE) if len(word) >= LONG_WORD else None
    )
    return found[0] if found else None


def nearest_name(typed: str, names: Sequence[str]) -> str | None:
    """The name most like what was typed, None where none is much like it."""
    found = process.extractOne(typed, names, scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return found[0] if found else None


def near_names(typed: str, names: Sequence[str], most: int) -> list[str]:
    """The names most like what was typed, the nearest first, however little they are like it."""
    # Weighed so that a name within a longer one, and words in another order, count as alike.
    return [name for name, _, _ in process.extract(typed, names, scorer=fuzz.WRatio, limit=most)]


def nearest_text(wanted: str, text: str) -> tuple[int, int]:
    """The span of a text that is most like some wanted words, by their longest alike run; (0, 0) in an empty text."""
    found = fuzz.partial_ratio_alignment(wanted, text)
    # It slides the shorter over the longer: where the text is shorter, all of it is the nearest.
    if found is None or len(text) <= len(wanted):
        return 0, len(text)
    return found.dest_start, found.dest_end


def alike_text(text: str, others: Sequence[str]) -> int | None:
    """The place of the text among others that has most of its words, in any order; None where none has most of them.

    Normalised indel similarity of 0.9 or more, of the texts or of their words sorted: sorting parts a slip in a
    first letter. The words' sets would not do: what has one word would be like everything that has it too.
    """
    for scorer in (fuzz.ratio, fuzz.token_sort_ratio):
        if found := process.extractOne(text, others, scorer=scorer, score_cutoff=_SAME):
            return found[2]
    return None
