"""A sentence in the active voice, and the clauses that a sentence is joined of: ways to say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.verify.tokens import Token, tables

_CLOSES = frozenset(",;:()—–")


def readings(sentence: Sequence[Token]) -> list[tuple[Token, ...]]:
    """The sentence as it stands, and turned into the active voice where it is passive."""
    return [tuple(sentence), *_active(sentence)]


def clauses(sentence: Sequence[Token]) -> Iterator[tuple[tuple[Token, ...], tuple[Token, ...]]]:
    """Each way to take a sentence as two that are joined by "and", "but" or a semicolon."""
    for at, token in enumerate(sentence):
        if (token.kind == "coordinator" and token.norm in ("and", "but", "while")) or token.norm == ";":
            first, second = tuple(sentence[:at]), tuple(sentence[at + 1 :])
            if sum(one.counts for one in first) > 1 and sum(one.counts for one in second) > 1:
                yield first, second


def is_participle(token: Token) -> bool:
    """Whether a word has the form of a past participle."""
    low = token.surface.lower()
    return (
        token.kind == "word"
        and not low.endswith("s")
        and (low.endswith("ed") or low in tables().forms or low in tables().invariable)
    )


def _active(sentence: Sequence[Token]) -> Iterator[tuple[Token, ...]]:
    """With the agent first: "the mill was built in 1742 by Draal" as "Draal built the mill in 1742"."""
    for at, token in enumerate(sentence):
        if token.kind != "be":
            continue
        stop = at + 1
        while stop < len(sentence) and (
            sentence[stop].kind == "be" or sentence[stop].group in ("negation", "quantifier")
        ):
            stop += 1
        if stop >= len(sentence) or not is_participle(sentence[stop]):
            continue
        start = at
        while start and sentence[start - 1].group in ("modality", "negation"):
            start -= 1
        helpers = [one for one in sentence[start:stop] if one.kind == "kept"]
        rest = list(sentence[stop + 1 :])
        agent, rest = _agent(rest)
        tense = "" if any(one.group == "modality" for one in helpers) else token.group
        yield (*agent, *helpers, replace(sentence[stop], group=tense or "other"), *sentence[:start], *rest)


def _agent(rest: list[Token]) -> tuple[list[Token], list[Token]]:
    """Who does it, by the "by" that follows a passive, and what is left."""
    for at, token in enumerate(rest):
        if token.kind == "coordinator" or token.norm == ";":
            break
        if token.norm != "by" or at + 1 >= len(rest) or rest[at + 1].kind == "number":
            continue
        stop = at + 1
        while stop < len(rest) and (rest[stop].kind in ("word", "name", "free", "number") or _goes_on(rest, stop)):
            stop += 1
        while rest[stop - 1].kind in ("coordinator", "free"):
            stop -= 1
        return rest[at + 1 : stop], rest[:at] + rest[stop:]
    return [], rest


def _goes_on(rest: Sequence[Token], at: int) -> bool:
    """Whether "and" joins another name or thing to an agent, and not another verb."""
    after = rest[at + 1] if at + 1 < len(rest) else None
    return rest[at].norm == "and" and after is not None and after.kind in ("name", "free")
