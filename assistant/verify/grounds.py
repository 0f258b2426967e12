"""The passages that a model was sent, by their keys, and whether what it answers rests on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.types import Support
from assistant.verify.claims import judged
from corpus.differences import Word, words
from corpus.spans import Span, sentences

_FEWEST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Cite:
    """What a model rests a sentence on: the key of a passage, and words that it says stand there."""

    key: str
    quote: str


@dataclass(frozen=True, slots=True)
class Ground:
    """A passage that was sent: `text[start:end]`, of a document in a language."""

    text: str
    start: int
    end: int
    document_id: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Verified:
    """A sentence that was checked. `spans` are the document's sentences that it rests on, by key.

    `reason` says in words why it is unsupported.
    """

    text: str
    support: Support
    spans: tuple[tuple[str, Span], ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Passages by their keys."""

    by_key: Mapping[str, Ground]

    @classmethod
    def of_texts(cls, texts: Mapping[str, str]) -> Grounds:
        """Whole texts as passages."""
        return cls({key: Ground(text, 0, len(text)) for key, text in texts.items()})


def verified(claim: str, cites: Sequence[Cite], grounds: Grounds) -> Verified:
    """A sentence of a model, checked: its keys, its quotations, then its words against theirs.

    A sentence that is one of the document's word for word comes back as the document has it.
    """
    if not cites:
        return Verified(claim, "unsupported", (), "it cites nothing")
    spans: dict[tuple[str, Span], None] = {}
    for cite in cites:
        ground = grounds.by_key.get(cite.key)
        if ground is None:
            return Verified(claim, "unsupported", (), f"no passage has the key {cite.key!r}")
        place = located(cite.quote, ground)
        if place is None:
            return Verified(claim, "unsupported", (), f"the quotation is not in the passage {cite.key!r}")
        spans.update(dict.fromkeys((cite.key, span) for span in around(place, ground)))
    order = sorted(spans, key=lambda one: (grounds.by_key[one[0]].document_id, one[1]))
    texts = [grounds.by_key[key].text[slice(*span)] for key, span in order]
    found = judged(claim, texts, _language(order, grounds), adjacent=_is_adjacent(order, grounds))
    if found.support != "verbatim":
        return Verified(claim, found.support, tuple(order), found.reason)
    same = [one for one, text in zip(order, texts, strict=True) if judged(claim, [text]).support == "verbatim"] or order
    said = " ".join(grounds.by_key[key].text[slice(*span)] for key, span in same[: len(same) if same is order else 1])
    return Verified(said, "verbatim", tuple(same if same is order else same[:1]))


def _is_adjacent(order: Sequence[tuple[str, Span]], grounds: Grounds) -> bool:
    """Whether spans, in order, stand one after the other in one document."""
    first = grounds.by_key[order[0][0]]
    held = [grounds.by_key[key] for key, _ in order]
    if any((one.document_id, one.text) != (first.document_id, first.text) for one in held):
        return False
    return all(
        before[1] <= after[0] and not first.text[before[1] : after[0]].strip()
        for (_, before), (_, after) in pairwise(order)
    )


def located(quote: str, ground: Ground) -> Span | None:
    """Where a passage has the words of a quotation, as `corpus.differences` compares them; None where it has not.

    Marks at the quotation's ends do not count, and a quotation of one word is none.
    """
    given = _without_marks(words(quote))
    if sum(not word.is_mark for word in given) < _FEWEST_WORDS:
        return None
    held = words(ground.text[ground.start : ground.end], {word.key for word in given})
    for at in range(len(held) - len(given) + 1):
        if all(held[at + step].key == word.key for step, word in enumerate(given)):
            return ground.start + held[at].start, ground.start + held[at + len(given) - 1].end
    return None


def around(place: Span, ground: Ground) -> list[Span]:
    """The sentences of the passage that a place lies in, with the one before where they begin with a pronoun."""
    found = sentences(ground.text, ground.start, ground.end)
    held = [at for at, span in enumerate(found) if span[0] < place[1] and place[0] < span[1]]
    if not held:
        return [place]
    first = held[0]
    if first and _begins_with_pronoun(ground.text[slice(*found[first])]):
        first -= 1
    return found[first : held[-1] + 1]


def _begins_with_pronoun(text: str) -> bool:
    from assistant.verify.tokens import tables

    return text.split(maxsplit=1)[0].lower() in tables().pronouns


def _without_marks(found: Sequence[Word]) -> Sequence[Word]:
    start, end = 0, len(found)
    while start < end and found[start].is_mark:
        start += 1
    while end > start and found[end - 1].is_mark:
        end -= 1
    return found[start:end]


def _language(order: Sequence[tuple[str, Span]], grounds: Grounds) -> str:
    """The language of the passages; none that is checked where they differ."""
    found = {grounds.by_key[key].language for key, _ in order}
    return found.pop() if len(found) == 1 else ""
