"""Citations that a provider puts into its replies itself, read into claims. Nothing here is trusted.

    content blocks of a message → sentences with what they cite → `Claim`s, verified like all others

LangChain gives the annotations of every provider as blocks of the type "citation"; what stands in them is
each provider's own, so each has its function. Where one gives no words of the source, or its own instead,
the sentence of the cited passage that is nearest is looked at: nearness proposes, the checks decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.claim import LONGEST, MOST_CITES, MOST_CLAIMS, Claim, whole
from assistant.verify.grounds import Cite, Grounds, located
from corpus.spans import Span, sentences
from index.words import terms

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Noted:
    """An annotation and the span of the reply's text that it is about."""

    span: Span
    annotation: Block


def claims_of(blocks: Iterable[Block], grounds: Grounds) -> tuple[Claim, ...]:
    """The sentences of a reply with their citations; none where the reply has no citation at all.

    `blocks` are `content_blocks` of a message, or of its chunks one after the other.
    """
    text, noted = _joined(merged(blocks))
    if not noted:
        return ()
    found = []
    for start, end in sentences(text):
        said = whole(text[start:end]).strip()[:LONGEST]
        cites = [_cite(one.annotation, said, grounds) for one in noted if one.span[0] < end and start < one.span[1]]
        if said:
            found.append(Claim(" ".join(said.split()), tuple(dict.fromkeys(cites))[:MOST_CITES]))
    return tuple(found[:MOST_CLAIMS])


def merged(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """Text blocks with what belongs to one of them put together: a stream gives text and citations in turn."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        if block.get("type") != "text":
            continue
        text, notes = str(block.get("text") or ""), list(block.get("annotations") or ())
        same = found and block.get("index") is not None and found[-1]["index"] == block["index"]
        if same or (found and not text):
            found[-1]["text"] += text
            found[-1]["annotations"] += notes
        else:
            found.append({"text": text, "annotations": notes, "index": block.get("index")})
    return found


def _joined(blocks: Sequence[Block]) -> tuple[str, list[_Noted]]:
    text, noted = "", []
    for block in blocks:
        if text.endswith((".", "!", "?")) and block["text"][:1].isupper():
            # Blocks that are whole sentences need no blank between them.
            text += " "
        start = len(text)
        text += block["text"]
        for one in block["annotations"]:
            if isinstance(one, Mapping) and one.get("type") == "citation":
                noted.append(_Noted(_span(one, start, text), one))
    return text, noted


def _span(one: Block, start: int, text: str) -> Span:
    """What part of the reply an annotation is about: what it says itself, else its whole block."""
    if _of_google(one) and isinstance(said := one.get("cited_text"), str) and (at := text.find(said)) >= 0:
        # Its indices count bytes of the whole reply.
        return at, at + len(said)
    extras = one.get("extras") or {}
    place = extras.get("index") if _of_openai(one) else None
    if isinstance(place, int) and 0 < start + place <= len(text):
        # A mark behind the sentence that it is about.
        return start + place - 1, start + place
    first, last = one.get("start_index"), one.get("end_index")
    if _of_openai(one) and isinstance(first, int) and isinstance(last, int) and 0 <= first < last:
        return max(0, start + first - 1), start + last
    return start, len(text)


def _cite(one: Block, said: str, grounds: Grounds) -> Cite:
    return next(read for fits, read in _SHAPES if fits(one))(one, said, grounds)


def _of_google(one: Block) -> bool:
    return "google_ai_metadata" in (one.get("extras") or {})


def _of_openai(one: Block) -> bool:
    return not one.get("cited_text")


def from_anthropic(one: Block, said: str, grounds: Grounds) -> Cite:  # noqa: ARG001 - all have one shape
    """`cited_text` is the source's; the document is told by its title, which is its key, or by its place."""
    quote = whole(str(one["cited_text"]))
    named = _title(one)
    if named in grounds.by_key:
        return Cite(named, quote)
    keys = list(grounds.by_key)
    place = (one.get("extras") or {}).get("document_index")
    if not named and isinstance(place, int) and 0 <= place < len(keys):
        return Cite(keys[place], quote)
    return Cite(_holding(quote, grounds) or named, quote)


def from_openai(one: Block, said: str, grounds: Grounds) -> Cite:
    """A file's name or an address, and no words of the source."""
    return _near(_title(one) or whole(str(one.get("url") or "")), said, grounds)


def from_google(one: Block, said: str, grounds: Grounds) -> Cite:
    """`cited_text` is the reply's own; the source is told by its title."""
    return _near(_title(one), said, grounds)


_SHAPES: tuple[tuple[Callable[[Block], bool], Callable[[Block, str, Grounds], Cite]], ...] = (
    (_of_google, from_google), (_of_openai, from_openai), (lambda _: True, from_anthropic),
)  # fmt: skip


def _title(one: Block) -> str:
    return whole(str(one.get("title") or ""))


def _holding(quote: str, grounds: Grounds) -> str | None:
    """The key of the one passage that has some words; None where none or several have."""
    held = [key for key, ground in grounds.by_key.items() if located(quote, ground)]
    return held[0] if len(held) == 1 else None


def _near(named: str, said: str, grounds: Grounds) -> Cite:
    """A citation of the sentence of the named passage that shares most words with what is said.

    What names nothing that was sent is kept as it is, and fails.
    """
    key = named.rpartition("/")[2].removesuffix(".txt")
    ground = grounds.by_key.get(key)
    if ground is None:
        return Cite(named, said)
    mine = set(terms(said, ground.language))
    held: Iterator[str] = (ground.text[slice(*one)] for one in sentences(ground.text, ground.start, ground.end))
    nearest = max(held, key=lambda one: len(mine & set(terms(one, ground.language))), default="")
    return Cite(key, nearest)


def documents(passages: Mapping[str, str], question: str) -> list[dict[str, Any]]:
    """A message's content in Anthropic's form: a document for each passage, its key the title, then the question."""
    held = [
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": text},
            "title": key,
            "citations": {"enabled": True},
        }
        for key, text in passages.items()
    ]
    return [*held, {"type": "text", "text": question}]
