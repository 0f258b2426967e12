"""What a model replied, read: claims with their citations, in whichever form it came. Nothing here is trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant import native
from assistant.claim import LONGEST, MOST_CITES, MOST_CLAIMS, Claim, whole
from assistant.prompts import NOT_IN_DOCUMENTS
from assistant.verify.grounds import Cite, Grounds

_DECODER = json.JSONDecoder()
_CLAIMS = re.compile(r'"claims"\s*:\s*\[')
_TEXT = re.compile(r'"text"\s*:\s*"((?:[^"\\]|\\.)*)')
_SOURCE = re.compile(r"\[([^\[\]\n]{1,600})\]")
_KEY = re.compile(r"\s*([A-Za-z]\w{1,15})\b")
_QUOTED = re.compile(r"[\"“”«»]([^\"“”«»]+)[\"“”«»]")
_HIDDEN = re.compile(r"\[[^\]]*\]?")


@dataclass(frozen=True, slots=True)
class Written:
    """A whole reply. `found` is False where the model says that the passages do not answer.

    `claims` is None where the reply has none of the forms that were asked for.
    """

    found: bool
    claims: tuple[Claim, ...] | None


def read_reply(text: str, blocks: Sequence[Mapping[str, Any]] = (), grounds: Grounds | None = None) -> Written:
    """A reply as claims: from the provider's own citations, else from JSON, else from markers."""
    if blocks and grounds and (cited := native.claims_of(blocks, grounds)):
        return Written(True, cited)
    if (held := _json_in(text)) is not None:
        return _from_json(held)
    if NOT_IN_DOCUMENTS.lower() in text.lower():
        return Written(False, ())
    marked = from_markers(text)
    return Written(True, marked or None)


def claims_so_far(text: str) -> list[Claim]:
    """The claims of a JSON reply that is still coming whose end is there."""
    start = _CLAIMS.search(text)
    found: list[Claim] = []
    at = start.end() if start else len(text)
    while at < len(text):
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n,"))
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        if (claim := _claim(value)) is not None:
            found.append(claim)
    return found


def draft_so_far(text: str) -> str:
    """What a reader can be shown of a reply that is still coming: its sentences, without keys and quotations."""
    if text.lstrip()[:1] in ("{", "`"):
        return whole(" ".join(_unescaped(match[1]) for match in _TEXT.finditer(text)))
    return whole(_HIDDEN.sub("", text))


def from_markers(text: str) -> tuple[Claim, ...]:
    """Claims from sentences with their sources in square brackets behind them."""
    text = whole(text)
    found: list[Claim] = []
    said = ""
    at = 0
    for match in _SOURCE.finditer(text):
        said += text[at : match.start()]
        at = match.end()
        # The full stop may stand behind the bracket.
        cites = [_marked(part) for part in match[1].split(";")]
        kept = tuple(cite for cite in cites if cite is not None)
        if said.strip(" \t\n.") == "" and found:
            found[-1] = Claim(found[-1].text, (*found[-1].cites, *kept)[:MOST_CITES])
        elif said.strip():
            found.append(Claim(_sentence(said), kept[:MOST_CITES]))
        said = ""
    rest = (said + text[at:]).strip(" \t\n.")
    if rest:
        found.append(Claim(rest[:LONGEST], ()))
    return tuple(found[:MOST_CLAIMS]) if any(one.cites for one in found) else ()


def _sentence(said: str) -> str:
    text = " ".join(said.split()).lstrip(".;, ")
    return text[:LONGEST]


def _marked(part: str) -> Cite | None:
    key, quote = _KEY.match(part), _QUOTED.search(part)
    return Cite(key[1], quote[1]) if key and quote else None


def _json_in(text: str) -> Mapping[str, Any] | None:
    """The JSON object of a reply, whatever stands beside it; None where there is not exactly one with claims."""
    found = []
    at = text.find("{")
    while at >= 0:
        try:
            value, stop = _DECODER.raw_decode(text, at)
        except RecursionError:
            # Nested deeper than anything that was asked for, and as deep from the next brace.
            return None
        except ValueError:
            at = text.find("{", at + 1)
            continue
        if isinstance(value, dict) and "claims" in value:
            found.append(value)
        at = text.find("{", stop)
    return found[0] if len(found) == 1 else None


def _from_json(held: Mapping[str, Any]) -> Written:
    rows = held.get("claims")
    if not isinstance(rows, list):
        return Written(True, None)
    claims = tuple(claim for row in rows[:MOST_CLAIMS] if (claim := _claim(row)) is not None)
    if not claims:
        return Written(False, ()) if held.get("found") is False else Written(True, None)
    return Written(True, claims)


def _claim(row: Any) -> Claim | None:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not whole(row["text"]).strip():
        return None
    cites = row.get("cites")
    held = [
        Cite(whole(one["key"]), whole(one["quote"]))
        for one in (cites if isinstance(cites, list) else ())[:MOST_CITES]
        if isinstance(one, dict) and isinstance(one.get("key"), str) and isinstance(one.get("quote"), str)
    ]
    return Claim(" ".join(whole(row["text"]).split())[:LONGEST], tuple(held))


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text.rpartition("\\")[0]
