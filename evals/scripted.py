"""Three models made of rules, for measuring what the checks do with an ideal, a lying and a wandering model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.model import Form, Message, Piece
from corpus.spans import sentences
from evals.questions import Question

_PASSAGE = re.compile(r"<<<PASSAGE (\w+)>>>\n\(.*?\)\n(.*?)\n<<<END \1>>>", re.DOTALL)
_DIGITS = re.compile(r"\d+")
_MOST = 3


class Scripted:
    """A model that replies by a rule. `current` is the question that is being asked."""

    form: Form = "schema"

    def __init__(self, name: str) -> None:
        self.name = name
        self.current: Question | None = None

    def stream(
        self,
        messages: Sequence[Message],
        until: float,  # noqa: ARG002 - it takes no time
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[Piece]:
        """One whole reply."""
        if schema is None:
            # A follow-up or a translation is not its business.
            yield Piece("?")
            return
        passages = dict(_PASSAGE.findall(messages[1][1]))
        claims = self.claims(passages)
        yield Piece(json.dumps({"found": bool(claims), "claims": claims}, ensure_ascii=False))

    def claims(self, passages: Mapping[str, str]) -> list[dict[str, Any]]:
        raise NotImplementedError


class Oracle(Scripted):
    """Gives the evidence of the question set, as far as the passages hold it."""

    def claims(self, passages: Mapping[str, str]) -> list[dict[str, Any]]:
        found = []
        for quote in self.current.evidence if self.current else ():
            for key, text in passages.items():
                if quote.quote in text:
                    at = text.index(quote.quote)
                    touched = [one for one in sentences(text) if one[0] < at + len(quote.quote) and at < one[1]]
                    found += [_claim(text[slice(*one)], key, text[slice(*one)]) for one in touched]
                    break
        return found


class Liar(Scripted):
    """Changes what the passages say: digits, "not", the key, the quotation, one kind after the other."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._told = 0

    def claims(self, passages: Mapping[str, str]) -> list[dict[str, Any]]:
        keys = list(passages)
        found = []
        for key, text in list(passages.items())[:_MOST]:
            said = _longest(text)
            self._told += 1
            lies = (
                _claim(_DIGITS.sub(lambda match: str(int(match[0]) + 1), said) + " (7)", key, said),
                _claim(re.sub(r"\b(is|are|was|were|to|of)\b", r"\1 not", said, count=1), key, said),
                _claim(said, keys[(keys.index(key) + 1) % len(keys)] if len(keys) > 1 else "k0", said),
                _claim(f"The association guarantees that {said[:1].lower()}{said[1:]}", key, f"guarantees {said}"),
            )
            found.append(lies[self._told % len(lies)])
        return found


class Talker(Scripted):
    """Tells true things that were not asked, word for word, and one that it knows from elsewhere."""

    def claims(self, passages: Mapping[str, str]) -> list[dict[str, Any]]:
        found = [{"text": "It is well known that many such organisations exist.", "cites": []}]
        for key, text in list(passages.items())[-_MOST:]:
            found += [_claim(text[slice(*one)], key, text[slice(*one)]) for one in sentences(text)[-2:]]
        return found[: _MOST + 1]


def _claim(text: str, key: str, quote: str) -> dict[str, Any]:
    return {"text": text, "cites": [{"key": key, "quote": quote}]}


def _longest(text: str) -> str:
    return max((text[slice(*one)] for one in sentences(text)), key=len)
