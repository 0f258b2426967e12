"""Whether a sentence says what its source says: `judged`, by the checks of `checks.py` in every fair reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.types import Support
from assistant.verify.align import Alignment, align
from assistant.verify.checks import CHECKS
from assistant.verify.grammar import is_own_subject
from assistant.verify.readings import clauses, readings
from assistant.verify.tokens import Token, tables, tokens
from corpus.differences import same_words

_MOST_SUBJECT = 5
_APART = "it joins sentences that do not stand one after the other: write a sentence for each"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a sentence, and why in words where it is unsupported."""

    support: Support
    reason: str = ""


def judged(claim: str, sentences: Sequence[str], language: str = "en", *, adjacent: bool = False) -> Verdict:
    """Whether a sentence is said by the sentences of a source, given in their order.

    The same words are "verbatim", those of all sentences together only where they are `adjacent`, with
    nothing but white space between them: what was left out may change what the others say. A paraphrase
    is "supported" where every check holds for one of the sentences, or for each of its joined parts;
    English alone is checked, in another language nothing but the same words counts.

    >>> judged("The fee is 50 euros.", ["The fee is 40 euros."]).support
    'unsupported'
    """
    if any(same_words(claim, one) for one in sentences):
        return Verdict("verbatim")
    if same_words(claim, " ".join(sentences)):
        return Verdict("verbatim") if adjacent else Verdict("unsupported", _APART)
    if language != "en":
        return Verdict("unsupported", "it is no quotation, and paraphrases are checked in English alone")
    said = tokens(claim)
    if sum(token.counts for token in said) < 2 or claim.rstrip().endswith("?"):
        return Verdict("unsupported", "it says too little to be checked")
    # A question says nothing.
    sources = [tokens(one) for one in sentences if not one.rstrip().endswith("?")]
    reason = _reason(said, sources)
    if reason is None:
        return Verdict("supported")
    for first, second in clauses(said):
        if _reason(first, sources) is None and _follows(first, second, sources):
            return Verdict("supported")
    return Verdict("unsupported", reason)


def _follows(first: Sequence[Token], second: Sequence[Token], sources: Sequence[Sequence[Token]]) -> bool:
    """Whether the second of two joined parts is said, of its own subject or of the first one's."""
    if _reason(second, sources, whole=not is_own_subject(second)) is None:
        return True
    counting = [at for at, token in enumerate(first) if token.counts][:_MOST_SUBJECT]
    return any(_reason([*first[: at + 1], *second], sources) is None for at in counting)


def _reason(claim: Sequence[Token], sources: Sequence[Sequence[Token]], *, whole: bool = False) -> str | None:
    """Why no sentence of the source says it, None where one does; `whole`: from its first word on."""
    said = "there is no source"
    nearest = -1
    for source in _with_subjects(sources):
        for one in readings(claim):
            for other in readings(source):
                found = align(one, other)
                reason, passed = _failing(found)
                if whole and isinstance(found, Alignment) and _lacks_the_first(found):
                    reason = reason or "leaves out the subject"
                if reason is None:
                    return None
                if passed > nearest:
                    said, nearest = reason, passed
    return said


def _failing(found: Alignment | Token) -> tuple[str | None, int]:
    """The first check that does not hold, in words, and how many held."""
    if isinstance(found, Token):
        return f"“{found.surface}” is not in the source", 0
    for number, check in enumerate(CHECKS, 1):
        if reason := check(found):
            return reason, number
    return None, len(CHECKS) + 1


def _with_subjects(sources: Sequence[Sequence[Token]]) -> Iterator[Sequence[Token]]:
    """Each sentence; one that begins with a pronoun also with the first words of the sentence before it."""
    before: Sequence[Token] = ()
    for source in sources:
        yield source
        if before and source and source[0].surface.lower() in tables().pronouns:
            counting = [at for at, token in enumerate(before) if token.counts][:_MOST_SUBJECT]
            yield from ((*before[: at + 1], *source[1:]) for at in counting)
        before = source


def _lacks_the_first(found: Alignment) -> bool:
    return any(token.counts for token in found.source[: min(found.used)])
