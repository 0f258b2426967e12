"""Where the words of a claim and of its source stand in their sentences: parts, what governs a word, voice and tense.

The checks of `checks.py` ask this. It is English word order, told from lists of words and without a parser.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from assistant.verify.align import Alignment
from assistant.verify.readings import is_participle
from assistant.verify.tokens import Token, tables

_BOUNDARIES = frozenset(",;:()—–-")


def left_out(found: Alignment) -> list[int]:
    return [place for place, token in enumerate(found.source) if token.counts and place not in found.used]


def is_boundary(token: Token) -> bool:
    return token.kind == "coordinator" or (token.kind == "mark" and token.norm in _BOUNDARIES)


def partings(found: Alignment) -> list[int]:
    """The joining words of the source that the claim does not have between the same words."""
    kept = {
        (found.place_of(before), found.place_of(after))
        for index, token in enumerate(found.claim)
        if token.kind == "coordinator"
        for before, after in [(previous_word(found.claim, index), next_word(found.claim, index))]
        if before is not None and after is not None
    }
    return [
        place
        for place, token in enumerate(found.source)
        if (token.kind == "coordinator" or token.norm == ";")
        and (previous_word(found.source, place), next_word(found.source, place)) not in kept
    ]


def ends_its_part(found: Alignment, place: int) -> bool:
    """Whether the claim goes on with a later of joined parts after what it leaves out."""
    stop = next((one for one in partings(found) if one > place), None)
    return stop is not None and stop < max(found.used) and not any(place < one < stop for one in found.used)


def asides(found: Alignment) -> list[int]:
    """The commas before a clause that only adds something: ", which"."""
    return [
        place
        for place, (mark, after) in enumerate(pairwise(found.source))
        if mark.norm == "," and after.kind == "relative"
    ]


def is_aside(found: Alignment, place: int) -> bool:
    """Whether a word stands between two commas, with none that the claim uses."""
    before = next((at for at in range(place - 1, -1, -1) if found.source[at].norm == ","), None)
    after = next((at for at in range(place + 1, len(found.source)) if found.source[at].norm == ","), None)
    return before is not None and after is not None and not any(before < one < after for one in found.used)


def part_before(found: Alignment, boundary: int) -> list[int]:
    start = max((place for place in partings(found) if place < boundary), default=-1)
    return [place for place in range(start + 1, boundary) if found.source[place].counts]


def part_after(found: Alignment, boundary: int) -> list[int]:
    stop = min((place for place in partings(found) if place > boundary), default=len(found.source))
    return [place for place in range(boundary + 1, stop) if found.source[place].counts] or [boundary]


def is_in_part_used(found: Alignment, place: int) -> bool:
    """Whether the claim uses something of the joined part in which a word stands, or the word leads up to it."""
    parting = [*partings(found), *asides(found)]
    start = max((one for one in parting if one < place), default=-1)
    stop = min((one for one in parting if one > place), default=len(found.source))
    if any(start < one < stop for one in found.used):
        return True
    # A negation before two joined things is said of both.
    leads = place < min(found.used) and found.source[place].group in ("negation", "condition", "restriction")
    return leads and found.source[stop].norm not in ("but", ";") if stop < len(found.source) else False


def next_word(sentence: Sequence[Token], at: int) -> int | None:
    return next((place for place in range(at + 1, len(sentence)) if sentence[place].counts), None)


def previous_word(sentence: Sequence[Token], at: int) -> int | None:
    return next((place for place in range(at - 1, -1, -1) if sentence[place].counts), None)


def governor_of(sentence: Sequence[Token], at: int, used: frozenset[int] | None) -> str:
    """The preposition that a word stands behind, "" where it stands behind none.

    Words that the claim does not use are passed over in its source.
    """
    if at + 1 < len(sentence) and sentence[at + 1].norm == "'s":
        return "of"
    place = at - 1
    while place >= 0:
        token = sentence[place]
        if token.kind == "link":
            return "" if token.norm == "'s" else token.norm
        passed = used is not None and token.kind in ("word", "name", "number") and place not in used
        if not (token.kind == "free" or passed or token.group in ("quantifier", "hedge")):
            return ""
        place -= 1
    return ""


def is_of_a_quantifier(sentence: Sequence[Token], at: int) -> bool:
    """Whether a word stands behind "most of", "some of the"."""
    link = next(place for place in range(at - 1, -1, -1) if sentence[place].kind == "link")
    return link > 0 and sentence[link - 1].group == "quantifier"


def head_of(sentence: Sequence[Token], at: int) -> int | None:
    """What a word behind a preposition belongs to."""
    link = next((place for place in range(at - 1, -1, -1) if sentence[place].kind == "link"), None)
    return None if link is None else previous_word(sentence, link)


def can_move(found: Alignment, at: int) -> bool:
    index = found.own[at]
    token = found.claim[index]
    if token.group in ("condition", "restriction") or token.norm.endswith("ly"):
        return True
    return bool(governor_of(found.claim, index, None)) or (token.kind == "number" and token.group in ("date", "time"))


def has_relative(found: Alignment) -> bool:
    return any(token.kind == "relative" for token in found.claim)


def is_head(found: Alignment, left: int, dropped: int) -> bool:
    """Whether a word that is left out carries the one before it: "the town library" is no town."""
    token = found.source[dropped]
    return token.kind in ("word", "name") and found.source[left].kind in ("word", "name", "number")


def is_subjectless(found: Alignment) -> bool:
    """Whether the claim is a passive that does not say who: turned around, it begins with its verb."""
    first = next(token for token in found.claim if token.counts and token.group not in ("modality", "negation"))
    # Only where it was turned around does a verb know its tense.
    return first.kind == "word" and bool(first.group)


def is_superlative(token: Token) -> bool:
    return token.kind == "word" and token.surface.lower().endswith("est")


def tells_of_the_past(found: Alignment) -> bool:
    """Whether the claim tells of something that happened, and not how something is."""
    for place in found.used:
        token = found.source[place]
        behind_be = is_after_be(found.source, place)
        if tense_of(token) == "past" and not behind_be:
            return True
        if behind_be and is_participle(token) and be_before(found.source, place).group == "past":
            return True
    return False


def be_before(sentence: Sequence[Token], at: int) -> Token:
    return next(sentence[place] for place in range(at - 1, -1, -1) if sentence[place].kind == "be")


def is_bare(found: Alignment, place: int) -> bool:
    """Whether a plural stands without an article: then it means all of them."""
    at = place - 1
    while at >= 0 and found.source[at].kind == "word":
        at -= 1
    if at < 0:
        return True
    token = found.source[at]
    return token.surface.lower() not in tables().determiners and token.kind not in ("number", "kept", "name")


def is_narrowed_before(found: Alignment, place: int) -> bool:
    at = place - 1
    return (
        at >= 0
        and found.source[at].kind == "word"
        and at not in found.used
        and (at == 0 or not is_boundary(found.source[at - 1]))
    )


def is_narrowed_behind(found: Alignment, place: int) -> bool:
    """Whether what follows it behind "of", "with", "under" is left out."""
    link = place + 1
    if link + 1 >= len(found.source) or found.source[link].kind != "link" or found.source[link].norm not in (
        "of", "with", "under", "over", "from",
    ):  # fmt: skip
        return False
    after = next_word(found.source, link)
    return after is not None and after not in found.used


def is_after_be(sentence: Sequence[Token], at: int) -> bool:
    """Whether a word stands behind a form of "be", perhaps with an adverb or a negation between."""
    place = at - 1
    while place >= 0 and (
        sentence[place].group in ("negation", "quantifier") or sentence[place].surface.endswith("ly")
    ):
        place -= 1
    return place >= 0 and sentence[place].kind == "be"


def is_reduced(sentence: Sequence[Token], at: int) -> bool:
    """Whether a participle stands for a clause: behind a comma or joined to another one, or with "by" behind it."""
    before = sentence[at - 1] if at else None
    if before is not None and (is_boundary(before) or before.kind == "relative"):
        return True
    after = sentence[at + 1] if at + 1 < len(sentence) else None
    if after is not None and after.norm == "by":
        return True
    # Before a noun it is an adjective.
    return not is_participle(sentence[at]) or (before is not None and before.surface.lower() in ("the", "an", "a"))


def tense_of(token: Token) -> str:
    if token.kind == "word" and token.group:
        # Turned around from the passive: its form of "be" told.
        return token.group if token.group != "other" else ""
    low = token.surface.lower()
    known = tables()
    if token.kind != "word" or low in known.invariable:
        return ""
    if low.endswith("s"):
        return "present"
    return "past" if low.endswith("ed") or low in known.forms else ""


def is_near_be(found: Alignment, index: int, place: int) -> bool:
    return is_reduced(found.claim, index) and is_reduced(found.source, place)


def is_own_subject(clause: Sequence[Token]) -> bool:
    """Whether a clause begins with a thing of its own: an article, a name or a number."""
    first = clause[0]
    return (
        first.kind in ("name", "number") or first.surface.lower() in ("the", "a", "an") or first.group == "quantifier"
    )
