"""What a model gets to write an answer from, and the check of what it claims by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from assistant import prompts
from assistant.claim import Claim
from assistant.extract import Evidence, is_tainted
from assistant.model import Message
from assistant.native import documents
from assistant.replies import digest
from assistant.types import Answer, Query
from assistant.verify.grounds import Ground, Grounds, Verified, verified
from corpus.types import Document

_PASSAGES = 6
_LONGEST_PASSAGE = 3000


@dataclass(frozen=True, slots=True)
class Material:
    """What an answer is written from: the question, what was found for it, and the answer without a model.

    `standalone` is the question in `language`, the one of the documents that it is asked in; `is_foreign` says
    that the asker's is none of theirs.
    """

    query: Query
    standalone: str
    language: str
    without: Answer
    evidence: Evidence
    documents: Mapping[str, Document]
    is_foreign: bool = False


def grounds_of(material: Material) -> Grounds:
    """The passages found, the best first, each under a key that says nothing of it."""
    found: dict[str, Ground] = {}
    for hit in material.evidence.hits:
        passage = hit.passage
        document = material.documents[passage.document_id]
        key = f"k{digest(material.query.question, passage.id)[:5]}"
        end = min(passage.end, passage.start + _LONGEST_PASSAGE)
        found.setdefault(key, Ground(document.text, passage.start, end, document.id, document.language))
        if len(found) == _PASSAGES:
            break
    return Grounds(found)


def messages_for(material: Material, grounds: Grounds, *, native: bool = False) -> list[Message]:
    """What the model is told: the passages under their keys, or as documents in Anthropic's form, and the question."""
    asked = prompts.question(material.standalone)
    if native:
        passages = {key: one.text[one.start : one.end] for key, one in grounds.by_key.items()}
        return [("system", prompts.NATIVE), ("human", documents(passages, asked))]
    shown = [
        prompts.passage(
            key,
            material.documents[one.document_id].title,
            material.documents[one.document_id].section_at(one.start).title,
            one.text[one.start : one.end],
        )
        for key, one in grounds.by_key.items()
    ]
    told = f"{prompts.ANSWER}\n\n{prompts.AS_JSON}\nIf you cannot reply in JSON: {prompts.AS_MARKERS}"
    return [("system", told), ("human", "\n\n".join([*shown, asked]))]


class Checker:
    """Checks each claim once: the same sentence is looked at while it comes and at the end."""

    def __init__(self, material: Material, grounds: Grounds) -> None:
        self._material = material
        self._grounds = grounds
        self._known: dict[Claim, Verified] = {}

    def check(self, claim: Claim) -> Verified:
        if claim not in self._known:
            self._known[claim] = self._checked(claim)
        return self._known[claim]

    def _checked(self, claim: Claim) -> Verified:
        found = verified(claim.text, claim.cites, self._grounds)
        for key, span in found.spans:
            document = self._material.documents[self._grounds.by_key[key].document_id]
            if is_tainted(document, span):
                return replace(found, support="unsupported", reason="its passage gives orders to a program")
        return found
