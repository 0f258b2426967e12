"""What must hold before a sentence counts as said by its source: each check gives None, or the reason why it fails.

They know English word order and nothing of the world. None of them weighs likeness: a check holds or it
does not, and where one cannot tell, it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from assistant.verify.align import Alignment
from assistant.verify.readings import is_participle
from assistant.verify.tokens import Token, tables

_BOUNDARIES = frozenset(",;:()—–-")
_BINDING = ("negation", "quantifier", "restriction", "condition", "hedge")
_NEVER_DROPPED = ("negation", "quantifier", "restriction", "condition", "hedge", "modality", "attribution")

Check = Callable[[Alignment], str | None]


def keeps_what_decides(found: Alignment) -> str | None:
    """A negation, quantifier, restriction, condition, modal, hedge or attribution of the part used is not left out."""
    for place in _left_out(found):
        token = found.source[place]
        if token.kind == "kept" and (token.group in ("condition", "attribution") or _in_part_used(found, place)):
            return f"leaves out “{token.surface}”"
        if token.kind == "number" and token.norm[0] in "<>≲" and _in_part_used(found, place):
            return f"leaves out “{token.surface}”"
    return None


def binds_as_said(found: Alignment) -> str | None:
    """A negation, quantifier, restriction or condition stands before the same word as in the source."""
    for index, place in zip(found.own, found.places, strict=True):
        token = found.claim[index]
        if token.group not in _BINDING or token.kind != "kept":
            continue
        after = _next(found.claim, index)
        said = _next(found.source, place)
        if after is None or said is None:
            if after is not said and token.group != "quantifier":
                return f"“{token.surface}” stands elsewhere"
            continue
        if found.place_of(after) != said:
            return f"“{token.surface}” is said of “{found.source[said].surface}”"
    return None


def uses_each_word_once(found: Alignment) -> str | None:
    """No word of the source stands for two of the claim."""
    twice = [place for place in found.used if found.places.count(place) > 1]
    return f"says “{found.source[twice[0]].surface}” more often than the source" if twice else None


def keeps_joins(found: Alignment) -> str | None:
    """What the source joins with "or" is not joined with "and", nor the other way round."""
    for index, token in enumerate(found.claim):
        if token.kind != "coordinator":
            continue
        before, after = _previous(found.claim, index), _next(found.claim, index)
        if before is None or after is None:
            continue
        left, right = sorted((found.place_of(before) or 0, found.place_of(after) or 0))
        behind = (one.norm for one in found.source[left:] if one.kind == "coordinator")
        said = [one.norm for one in found.source[left:right] if one.kind == "coordinator"] or [next(behind, "")]
        if (token.norm == "or") != ("or" in said) or (token.norm == "nor" and "nor" not in said):
            return f"joins with “{token.surface}”"
    return None


def keeps_circumstances(found: Alignment) -> str | None:
    """What holds in general keeps for whom, where and when it holds; what happened once may be told shorter."""
    if _tells_of_the_past(found):
        return None
    for place in _left_out(found):
        link = next((at for at in range(place - 1, -1, -1) if found.source[at].kind == "link"), None)
        if link is None or not _in_part_used(found, place) or _is_aside(found, place) or _ends_its_part(found, place):
            continue
        if any(at in found.used or _is_boundary(found.source[at]) for at in range(link, place)):
            continue
        if found.source[link].norm == "of" and place < max(found.used):
            continue
        return f"leaves out “{found.source[link].surface} {found.source[place].surface}”"
    return None


def keeps_modality(found: Alignment) -> str | None:
    """Each modal governs the verb that it governs in the source."""
    for index, place in zip(found.own, found.places, strict=True):
        if found.claim[index].group != "modality":
            continue
        verb = _next(found.source, place)
        if verb is None or verb not in found.used:
            return f"“{found.claim[index].surface}” is said of another verb"
        at = found.own[found.places.index(verb)]
        if at < index:
            return f"“{found.claim[index].surface}” is said of another verb"
    return None


def keeps_prepositions(found: Alignment) -> str | None:
    """What stands behind a preposition in the one stands behind the same in the other."""
    for index, place in zip(found.own, found.places, strict=True):
        if found.claim[index].kind == "kept":
            continue
        mine, theirs = _governor(found.claim, index, None), _governor(found.source, place, found.used)
        if mine == theirs or (found.claim[index].kind == "number" and {mine, theirs} <= {"in", "", "number"}):
            continue
        if mine == "" and theirs == "of" and _of_a_quantifier(found.source, place):
            continue
        return f"“{found.claim[index].surface}” has another role"
    return None


def keeps_attachment(found: Alignment) -> str | None:
    """What is "of" or "by" something is so of the same thing."""
    for index, place in zip(found.own, found.places, strict=True):
        if found.claim[index].kind == "kept" or _governor(found.claim, index, None) not in ("of", "by"):
            continue
        head, said = _head(found.claim, index), _head(found.source, place)
        if head is None or said is None:
            continue
        if found.claim[head].kind != "kept" and found.place_of(head) != said and found.source[said].kind != "kept":
            return f"“{found.claim[index].surface}” belongs to “{found.source[said].surface}”"
    return None


def keeps_order(found: Alignment) -> str | None:
    """Only what stands behind a preposition, and conditions, moves; two behind the same one keep their order."""
    ranks = [sorted(found.places).index(place) for place in found.places]
    starts = [at for at in range(len(ranks)) if at == 0 or ranks[at] != ranks[at - 1] + 1]
    blocks = [range(start, stop) for start, stop in pairwise([*starts, len(ranks)])]
    fixed = [ranks[block[0]] for block in blocks if not _moves(found, block[0])]
    if fixed != sorted(fixed):
        return "puts things in another order"
    governed: dict[str, int] = {}
    for index, place in zip(found.own, found.places, strict=True):
        link = _governor(found.claim, index, None)
        if link and link != "number":
            if governed.get(link, -1) > place:
                return "puts things in another order"
            governed[link] = place
    return None


def keeps_parts_apart(found: Alignment) -> str | None:
    """What is taken of two joined parts is what both share, or all of the later one."""
    for boundary in _parting(found):
        first, second = _part_before(found, boundary), _part_after(found, boundary)
        used_first = [place for place in first if place in found.used]
        used_second = [place for place in second if place in found.used]
        if not used_first or not used_second:
            continue
        dropped = [place for place in first if place not in found.used and not _is_aside(found, place)]
        if dropped and min(dropped) < max(used_first):
            return "joins what the source says of two things"
        if second[0] not in found.used:
            return "joins what the source says of two things"
    return None


def skips_nothing_that_matters(found: Alignment) -> str | None:
    """Between two words that stand side by side in the claim the source has no other head, subject or clause."""
    order = sorted(found.used)
    for left, right in pairwise(order):
        between = range(left + 1, right)
        dropped = [place for place in between if found.source[place].counts]
        if not dropped:
            if any(found.source[place].kind == "relative" for place in between) and not _has_relative(found):
                return "leaves out whom a clause is about"
            continue
        last = max((place for place in between if _is_boundary(found.source[place])), default=None)
        tail = [place for place in between if last is not None and place > last]
        if last is not None:
            if any(found.source[place].counts or found.source[place].kind == "relative" for place in tail):
                return "joins what the source says of two things"
            if found.source[last].kind != "coordinator" and not _is_boundary(found.source[left + 1]):
                return "joins what the source says of two things"
        else:
            if any(found.source[place].kind == "relative" for place in between):
                return "leaves out a clause that narrows"
            if found.source[left + 1].counts and _is_head(found, left, left + 1):
                return f"leaves out “{found.source[left + 1].surface}”"
    return None


def begins_as_said(found: Alignment) -> str | None:
    """What the source says first, its subject, is not left out, but for an introduction, a title or adjectives."""
    first = min(found.used)
    dropped = [place for place in range(first) if found.source[place].counts]
    if not dropped or _is_subjectless(found):
        return None
    boundary = max((place for place in range(first) if _is_boundary(found.source[place])), default=None)
    between = [place for place in dropped if boundary is not None and place > boundary]
    if boundary is not None and not between:
        opened = all(found.source[place].kind == "number" for place in dropped)
        coordinator = found.source[boundary].kind == "coordinator" and found.source[boundary].norm != "or"
        title = found.source[first].kind == "name" and not any(
            one.kind in ("link", "name") for one in found.source[:first]
        )
        if opened or coordinator or title:
            return None
        return "leaves out the subject"
    lead = found.source[:first]
    plain = all(found.source[place].kind == "word" and not _is_superlative(found.source[place]) for place in dropped)
    simple = (
        plain and len(dropped) <= 2 and not any(one.kind in ("link", "relative", "be", "coordinator") for one in lead)
    )
    definite = lead[0].surface.lower() in tables().determiners
    if simple and definite and all(found.source[place].counts for place in range(min(dropped), first)):
        return None
    return "leaves out the subject"


def does_not_widen(found: Alignment) -> str | None:
    """A rule keeps every word of its part; things without an article keep what narrows them."""
    rule = any(found.source[place].group == "modality" for place in found.used)
    for place in _left_out(found):
        if rule and found.source[place].kind != "kept" and _in_part_used(found, place):
            if place < min(found.used) and _is_subjectless(found):
                continue
            return f"a rule without “{found.source[place].surface}”"
    for place in found.used:
        token = found.source[place]
        if place and _is_superlative(found.source[place - 1]) and place - 1 not in found.used:
            return f"“{token.surface}” without “{found.source[place - 1].surface}”"
        plural = token.kind == "word" and token.surface.lower().endswith("s") and token.surface.lower() != token.norm
        if plural and _is_bare(found, place) and (_narrowed_before(found, place) or _narrowed_behind(found, place)):
            return f"“{token.surface}” without what narrows it"
    return None


def keeps_voice(found: Alignment) -> str | None:
    """Who does something in the one does not suffer it in the other."""
    for index, place in zip(found.own, found.places, strict=True):
        mine, theirs = found.claim[index], found.source[place]
        if not (is_participle(mine) or is_participle(theirs)):
            continue
        passive, said = _after_be(found.claim, index), _after_be(found.source, place)
        if passive and not said and not _is_reduced(found.source, place):
            return f"“{mine.surface}” is said in the other voice"
        if said and not passive and not _is_reduced(found.claim, index):
            return f"“{mine.surface}” is said in the other voice"
    return None


def keeps_tense(found: Alignment) -> str | None:
    """The past stays the past, the present the present."""
    mine = {token.group for token in found.claim if token.kind == "be"} - {"other"}
    said = {token.group for token in found.source if token.kind == "be"} - {"other"}
    ends = [_tense(found.source[place]) for place in found.places]
    said |= {tense for tense in ends if tense}
    if mine and said and not mine <= said:
        return "puts it into another tense"
    for index, place in zip(found.own, found.places, strict=True):
        one, other = found.claim[index], found.source[place]
        if _after_be(found.claim, index) or _after_be(found.source, place) or one.kind != "word":
            continue
        if {_tense(one), _tense(other)} == {"past", "present"} or (
            _tense(one) != _tense(other)
            and "past" in (_tense(one), _tense(other))
            and not _near_be(found, index, place)
        ):
            return f"“{one.surface}” is in another tense"
    return None


def invents_no_being(found: Alignment) -> str | None:
    """Where the claim says that something is something, the source has no verb instead."""
    for index, token in enumerate(found.claim):
        if token.kind != "be":
            continue
        before, after = _previous(found.claim, index), _next(found.claim, index)
        if before is None or after is None:
            continue
        left, right = found.place_of(before), found.place_of(after)
        if left is None or right is None:
            continue
        between = found.source[min(left, right) + 1 : max(left, right)]
        if any(one.kind == "be" for one in between) or any(
            one.kind == "be" for one in found.source[max(0, min(left, right) - 2) : min(left, right)]
        ):
            continue
        if any(one.counts for one in between) or not (is_participle(found.source[right]) or _is_subjectless(found)):
            return "says that something is what the source does not say it is"
    return None


CHECKS: tuple[Check, ...] = (
    keeps_what_decides, binds_as_said, uses_each_word_once, keeps_joins, keeps_circumstances, keeps_modality,
    keeps_prepositions, keeps_attachment, keeps_order, keeps_parts_apart, skips_nothing_that_matters, begins_as_said,
    does_not_widen, keeps_voice, keeps_tense, invents_no_being,
)  # fmt: skip


def _left_out(found: Alignment) -> list[int]:
    return [place for place, token in enumerate(found.source) if token.counts and place not in found.used]


def _is_boundary(token: Token) -> bool:
    return token.kind == "coordinator" or (token.kind == "mark" and token.norm in _BOUNDARIES)


def _parting(found: Alignment) -> list[int]:
    """The joining words of the source that the claim does not have between the same words."""
    kept = {
        (found.place_of(before), found.place_of(after))
        for index, token in enumerate(found.claim)
        if token.kind == "coordinator"
        for before, after in [(_previous(found.claim, index), _next(found.claim, index))]
        if before is not None and after is not None
    }
    return [
        place
        for place, token in enumerate(found.source)
        if (token.kind == "coordinator" or token.norm == ";")
        and (_previous(found.source, place), _next(found.source, place)) not in kept
    ]


def _ends_its_part(found: Alignment, place: int) -> bool:
    """Whether the claim goes on with a later of joined parts after what it leaves out."""
    stop = next((one for one in _parting(found) if one > place), None)
    return stop is not None and stop < max(found.used) and not any(place < one < stop for one in found.used)


def _asides(found: Alignment) -> list[int]:
    """The commas before a clause that only adds something: ", which"."""
    return [
        place
        for place, (mark, after) in enumerate(pairwise(found.source))
        if mark.norm == "," and after.kind == "relative"
    ]


def _is_aside(found: Alignment, place: int) -> bool:
    """Whether a word stands between two commas, with none that the claim uses."""
    before = next((at for at in range(place - 1, -1, -1) if found.source[at].norm == ","), None)
    after = next((at for at in range(place + 1, len(found.source)) if found.source[at].norm == ","), None)
    return before is not None and after is not None and not any(before < one < after for one in found.used)


def _part_before(found: Alignment, boundary: int) -> list[int]:
    start = max((place for place in _parting(found) if place < boundary), default=-1)
    return [place for place in range(start + 1, boundary) if found.source[place].counts]


def _part_after(found: Alignment, boundary: int) -> list[int]:
    stop = min((place for place in _parting(found) if place > boundary), default=len(found.source))
    return [place for place in range(boundary + 1, stop) if found.source[place].counts] or [boundary]


def _in_part_used(found: Alignment, place: int) -> bool:
    """Whether the claim uses something of the joined part in which a word stands, or the word leads up to it."""
    parting = [*_parting(found), *_asides(found)]
    start = max((one for one in parting if one < place), default=-1)
    stop = min((one for one in parting if one > place), default=len(found.source))
    if any(start < one < stop for one in found.used):
        return True
    # A negation before two joined things is said of both.
    leads = place < min(found.used) and found.source[place].group in ("negation", "condition", "restriction")
    return leads and found.source[stop].norm not in ("but", ";") if stop < len(found.source) else False


def _next(sentence: Sequence[Token], at: int) -> int | None:
    return next((place for place in range(at + 1, len(sentence)) if sentence[place].counts), None)


def _previous(sentence: Sequence[Token], at: int) -> int | None:
    return next((place for place in range(at - 1, -1, -1) if sentence[place].counts), None)


def _governor(sentence: Sequence[Token], at: int, used: frozenset[int] | None) -> str:
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


def _of_a_quantifier(sentence: Sequence[Token], at: int) -> bool:
    """Whether a word stands behind "most of", "some of the"."""
    link = next(place for place in range(at - 1, -1, -1) if sentence[place].kind == "link")
    return link > 0 and sentence[link - 1].group == "quantifier"


def _head(sentence: Sequence[Token], at: int) -> int | None:
    """What a word behind a preposition belongs to."""
    link = next((place for place in range(at - 1, -1, -1) if sentence[place].kind == "link"), None)
    return None if link is None else _previous(sentence, link)


def _moves(found: Alignment, at: int) -> bool:
    index = found.own[at]
    token = found.claim[index]
    if token.group in ("condition", "restriction") or token.norm.endswith("ly"):
        return True
    return bool(_governor(found.claim, index, None)) or (token.kind == "number" and token.group in ("date", "time"))


def _has_relative(found: Alignment) -> bool:
    return any(token.kind == "relative" for token in found.claim)


def _is_head(found: Alignment, left: int, dropped: int) -> bool:
    """Whether a word that is left out carries the one before it: "the town library" is no town."""
    token = found.source[dropped]
    return token.kind in ("word", "name") and found.source[left].kind in ("word", "name", "number")


def _is_subjectless(found: Alignment) -> bool:
    """Whether the claim is a passive that does not say who: turned around, it begins with its verb."""
    first = next(token for token in found.claim if token.counts and token.group not in ("modality", "negation"))
    # Only where it was turned around does a verb know its tense.
    return first.kind == "word" and bool(first.group)


def _is_superlative(token: Token) -> bool:
    return token.kind == "word" and token.surface.lower().endswith("est")


def _tells_of_the_past(found: Alignment) -> bool:
    """Whether the claim tells of something that happened, and not how something is."""
    for place in found.used:
        token = found.source[place]
        behind_be = _after_be(found.source, place)
        if _tense(token) == "past" and not behind_be:
            return True
        if behind_be and is_participle(token) and _be_before(found.source, place).group == "past":
            return True
    return False


def _be_before(sentence: Sequence[Token], at: int) -> Token:
    return next(sentence[place] for place in range(at - 1, -1, -1) if sentence[place].kind == "be")


def _is_bare(found: Alignment, place: int) -> bool:
    """Whether a plural stands without an article: then it means all of them."""
    at = place - 1
    while at >= 0 and found.source[at].kind == "word":
        at -= 1
    if at < 0:
        return True
    token = found.source[at]
    return token.surface.lower() not in tables().determiners and token.kind not in ("number", "kept", "name")


def _narrowed_before(found: Alignment, place: int) -> bool:
    at = place - 1
    return (
        at >= 0
        and found.source[at].kind == "word"
        and at not in found.used
        and (at == 0 or not _is_boundary(found.source[at - 1]))
    )


def _narrowed_behind(found: Alignment, place: int) -> bool:
    """Whether what follows it behind "of", "with", "under" is left out."""
    link = place + 1
    if link + 1 >= len(found.source) or found.source[link].kind != "link" or found.source[link].norm not in (
        "of", "with", "under", "over", "from",
    ):  # fmt: skip
        return False
    after = _next(found.source, link)
    return after is not None and after not in found.used


def _after_be(sentence: Sequence[Token], at: int) -> bool:
    """Whether a word stands behind a form of "be", perhaps with an adverb or a negation between."""
    place = at - 1
    while place >= 0 and (
        sentence[place].group in ("negation", "quantifier") or sentence[place].surface.endswith("ly")
    ):
        place -= 1
    return place >= 0 and sentence[place].kind == "be"


def _is_reduced(sentence: Sequence[Token], at: int) -> bool:
    """Whether a participle stands for a clause: behind a comma or joined to another one, or with "by" behind it."""
    before = sentence[at - 1] if at else None
    if before is not None and (_is_boundary(before) or before.kind == "relative"):
        return True
    after = sentence[at + 1] if at + 1 < len(sentence) else None
    if after is not None and after.norm == "by":
        return True
    # Before a noun it is an adjective.
    return not is_participle(sentence[at]) or (before is not None and before.surface.lower() in ("the", "an", "a"))


def _tense(token: Token) -> str:
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


def _near_be(found: Alignment, index: int, place: int) -> bool:
    return _is_reduced(found.claim, index) and _is_reduced(found.source, place)


def is_own_subject(clause: Sequence[Token]) -> bool:
    """Whether a clause begins with a thing of its own: an article, a name or a number."""
    first = clause[0]
    return (
        first.kind in ("name", "number") or first.surface.lower() in ("the", "a", "an") or first.group == "quantifier"
    )
