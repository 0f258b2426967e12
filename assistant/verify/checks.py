"""What must hold before a sentence counts as said by its source: each check gives None, or the reason why it fails.

They know English word order and nothing of the world. None of them weighs likeness: a check holds or it
does not, and where one cannot tell, it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from assistant.verify.align import Alignment
from assistant.verify.grammar import (
    can_move,
    ends_its_part,
    governor_of,
    has_relative,
    head_of,
    is_after_be,
    is_aside,
    is_bare,
    is_boundary,
    is_head,
    is_in_part_used,
    is_narrowed_before,
    is_narrowed_behind,
    is_near_be,
    is_of_a_quantifier,
    is_reduced,
    is_subjectless,
    is_superlative,
    left_out,
    next_word,
    part_after,
    part_before,
    partings,
    previous_word,
    tells_of_the_past,
    tense_of,
)
from assistant.verify.readings import is_participle
from assistant.verify.tokens import tables

_BINDING = ("negation", "quantifier", "restriction", "condition", "hedge")
_NEVER_DROPPED = ("negation", "quantifier", "restriction", "condition", "hedge", "modality", "attribution")

Check = Callable[[Alignment], str | None]


def keeps_what_decides(found: Alignment) -> str | None:
    """A negation, quantifier, restriction, condition, modal, hedge or attribution of the part used is not left out."""
    for place in left_out(found):
        token = found.source[place]
        if token.kind == "kept" and (token.group in ("condition", "attribution") or is_in_part_used(found, place)):
            return f"leaves out “{token.surface}”"
        if token.kind == "number" and token.norm[0] in "<>≲" and is_in_part_used(found, place):
            return f"leaves out “{token.surface}”"
    return None


def binds_as_said(found: Alignment) -> str | None:
    """A negation, quantifier, restriction or condition stands before the same word as in the source."""
    for index, place in zip(found.own, found.places, strict=True):
        token = found.claim[index]
        if token.group not in _BINDING or token.kind != "kept":
            continue
        after = next_word(found.claim, index)
        said = next_word(found.source, place)
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
        before, after = previous_word(found.claim, index), next_word(found.claim, index)
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
    if tells_of_the_past(found):
        return None
    for place in left_out(found):
        link = next((at for at in range(place - 1, -1, -1) if found.source[at].kind == "link"), None)
        if link is None or not is_in_part_used(found, place) or is_aside(found, place) or ends_its_part(found, place):
            continue
        if any(at in found.used or is_boundary(found.source[at]) for at in range(link, place)):
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
        verb = next_word(found.source, place)
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
        mine, theirs = governor_of(found.claim, index, None), governor_of(found.source, place, found.used)
        if mine == theirs or (found.claim[index].kind == "number" and {mine, theirs} <= {"in", "", "number"}):
            continue
        if mine == "" and theirs == "of" and is_of_a_quantifier(found.source, place):
            continue
        return f"“{found.claim[index].surface}” has another role"
    return None


def keeps_attachment(found: Alignment) -> str | None:
    """What is "of" or "by" something is so of the same thing."""
    for index, place in zip(found.own, found.places, strict=True):
        if found.claim[index].kind == "kept" or governor_of(found.claim, index, None) not in ("of", "by"):
            continue
        head, said = head_of(found.claim, index), head_of(found.source, place)
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
    fixed = [ranks[block[0]] for block in blocks if not can_move(found, block[0])]
    if fixed != sorted(fixed):
        return "puts things in another order"
    governed: dict[str, int] = {}
    for index, place in zip(found.own, found.places, strict=True):
        link = governor_of(found.claim, index, None)
        if link and link != "number":
            if governed.get(link, -1) > place:
                return "puts things in another order"
            governed[link] = place
    return None


def keeps_parts_apart(found: Alignment) -> str | None:
    """What is taken of two joined parts is what both share, or all of the later one."""
    for boundary in partings(found):
        first, second = part_before(found, boundary), part_after(found, boundary)
        used_first = [place for place in first if place in found.used]
        used_second = [place for place in second if place in found.used]
        if not used_first or not used_second:
            continue
        dropped = [place for place in first if place not in found.used and not is_aside(found, place)]
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
            if any(found.source[place].kind == "relative" for place in between) and not has_relative(found):
                return "leaves out whom a clause is about"
            continue
        last = max((place for place in between if is_boundary(found.source[place])), default=None)
        tail = [place for place in between if last is not None and place > last]
        if last is not None:
            if any(found.source[place].counts or found.source[place].kind == "relative" for place in tail):
                return "joins what the source says of two things"
            if found.source[last].kind != "coordinator" and not is_boundary(found.source[left + 1]):
                return "joins what the source says of two things"
        else:
            if any(found.source[place].kind == "relative" for place in between):
                return "leaves out a clause that narrows"
            if found.source[left + 1].counts and is_head(found, left, left + 1):
                return f"leaves out “{found.source[left + 1].surface}”"
    return None


def begins_as_said(found: Alignment) -> str | None:
    """What the source says first, its subject, is not left out, but for an introduction, a title or adjectives."""
    first = min(found.used)
    dropped = [place for place in range(first) if found.source[place].counts]
    if not dropped or is_subjectless(found):
        return None
    boundary = max((place for place in range(first) if is_boundary(found.source[place])), default=None)
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
    plain = all(found.source[place].kind == "word" and not is_superlative(found.source[place]) for place in dropped)
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
    for place in left_out(found):
        if rule and found.source[place].kind != "kept" and is_in_part_used(found, place):
            if place < min(found.used) and is_subjectless(found):
                continue
            return f"a rule without “{found.source[place].surface}”"
    for place in found.used:
        token = found.source[place]
        if place and is_superlative(found.source[place - 1]) and place - 1 not in found.used:
            return f"“{token.surface}” without “{found.source[place - 1].surface}”"
        plural = token.kind == "word" and token.surface.lower().endswith("s") and token.surface.lower() != token.norm
        if plural and is_bare(found, place) and (is_narrowed_before(found, place) or is_narrowed_behind(found, place)):
            return f"“{token.surface}” without what narrows it"
    return None


def keeps_voice(found: Alignment) -> str | None:
    """Who does something in the one does not suffer it in the other."""
    for index, place in zip(found.own, found.places, strict=True):
        mine, theirs = found.claim[index], found.source[place]
        if not (is_participle(mine) or is_participle(theirs)):
            continue
        passive, said = is_after_be(found.claim, index), is_after_be(found.source, place)
        if passive and not said and not is_reduced(found.source, place):
            return f"“{mine.surface}” is said in the other voice"
        if said and not passive and not is_reduced(found.claim, index):
            return f"“{mine.surface}” is said in the other voice"
    return None


def keeps_tense(found: Alignment) -> str | None:
    """The past stays the past, the present the present."""
    mine = {token.group for token in found.claim if token.kind == "be"} - {"other"}
    said = {token.group for token in found.source if token.kind == "be"} - {"other"}
    ends = [tense_of(found.source[place]) for place in found.places]
    said |= {tense for tense in ends if tense}
    if mine and said and not mine <= said:
        return "puts it into another tense"
    for index, place in zip(found.own, found.places, strict=True):
        one, other = found.claim[index], found.source[place]
        if is_after_be(found.claim, index) or is_after_be(found.source, place) or one.kind != "word":
            continue
        if {tense_of(one), tense_of(other)} == {"past", "present"} or (
            tense_of(one) != tense_of(other)
            and "past" in (tense_of(one), tense_of(other))
            and not is_near_be(found, index, place)
        ):
            return f"“{one.surface}” is in another tense"
    return None


def invents_no_being(found: Alignment) -> str | None:
    """Where the claim says that something is something, the source has no verb instead."""
    for index, token in enumerate(found.claim):
        if token.kind != "be":
            continue
        before, after = previous_word(found.claim, index), next_word(found.claim, index)
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
        if any(one.counts for one in between) or not (is_participle(found.source[right]) or is_subjectless(found)):
            return "says that something is what the source does not say it is"
    return None


CHECKS: tuple[Check, ...] = (
    keeps_what_decides, binds_as_said, uses_each_word_once, keeps_joins, keeps_circumstances, keeps_modality,
    keeps_prepositions, keeps_attachment, keeps_order, keeps_parts_apart, skips_nothing_that_matters, begins_as_said,
    does_not_widen, keeps_voice, keeps_tense, invents_no_being,
)  # fmt: skip
