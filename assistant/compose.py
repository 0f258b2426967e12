"""An answer put together from the sentences that were verified, or the one without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.citations import cite
from assistant.material import Material
from assistant.messages import model_notice
from assistant.types import Answer, Sentence
from assistant.verify.grounds import Grounds, Verified
from corpus.spans import Span
from corpus.wording import folded


def with_repairs(checked: Sequence[Verified], repaired: Sequence[Verified]) -> list[Verified]:
    """Sentences with the repaired ones in the place of those that failed, in order."""
    good = iter([one for one in repaired if one.support != "unsupported"])
    return [next(good, one) if one.support == "unsupported" else one for one in checked]


def places_of(kept: Sequence[Verified], grounds: Grounds) -> list[tuple[str, Span]]:
    """The spans that sentences rest on, each once, in the order in which they are first needed."""
    found: dict[tuple[str, Span], None] = {}
    for one in kept:
        found.update(dict.fromkeys((grounds.by_key[key].document_id, span) for key, span in one.spans))
    return list(found)


def answer_from(
    material: Material, grounds: Grounds, kept: Sequence[Verified], spans: Sequence[tuple[str, Span]]
) -> Answer:
    """The answer of the sentences that are kept, each once, with its citations."""
    sentences = []
    seen: set[str] = set()
    for one in kept:
        if folded(one.text) in seen:
            continue
        seen.add(folded(one.text))
        numbers = sorted({spans.index((grounds.by_key[key].document_id, span)) + 1 for key, span in one.spans})
        sentences.append(Sentence(one.text, one.support, tuple(numbers)))
    text = " ".join(f"{one.text} {''.join(f'[{number}]' for number in one.citations)}" for one in sentences)
    citations = tuple(
        cite(number, material.documents[document], *span) for number, (document, span) in enumerate(spans, 1)
    )
    return replace(
        material.without,
        outcome="answered",
        reason=None,
        mode="model",
        text=text,
        sentences=tuple(sentences),
        citations=citations,
        nearest=(),
        notice=None,
    )


def without_model(material: Material, why: str) -> Answer:
    """The answer without a model, with a line that says why it is that one."""
    return replace(material.without, notice=model_notice(material.without.language, why))
