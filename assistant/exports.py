"""Answers and conversations as files, with all their sources: text, Markdown, HTML, JSON and PDF.

The quotes stay verbatim to the letter, up to white space: what a form would read as its own marks is escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar

from assistant.records.types import Kept
from assistant.registry import Registry
from assistant.sheet import Cited, Line, Sheet, sheet, sheets
from assistant.types import Answer
from assistant.web import cards, render
from assistant.web.speech import counted, said
from corpus.errors import UserError

_TITLE = 100
"""Characters of the first question that name a conversation."""
_NEW_LINE = re.compile(r"\r\n|\r|\n")
_MARKS = re.compile(r"([\\`*_\[\]<>~|$^#]|&(?=#?\w+;))")
# What begins a heading, a list or a rule where it begins a line.
_FIRST_MARK = re.compile(r"^(?:([+\-=:])|(\d{1,9})([.)]))")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation as the forms take it: the answers that were kept, and the same laid out."""

    kept: Sequence[Kept]
    base: str
    sheets: Sequence[Sheet]


def answer_as(
    form: str,
    answer: Answer,
    base: str = "",
    *,
    address: str = "",
    asked_at: datetime | None = None,
    registry: Registry | None = None,
    languages: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """An answer with its sources to paste elsewhere: as `text`, `markdown` or `html` (a fragment without style).

    `base` is the address of this site: sources without an address of their own lead to it. `address` is the
    answer's permanent one, `asked_at` when it was given; `registry` tells whose wording a source is,
    `languages` the language of a document by its id. Raises UserError for any other form.
    """
    make = _of(form, _ANSWER)
    return make(sheet(answer, base, address=address, asked_at=asked_at, registry=registry, languages=languages))


def check_form(form: str) -> None:
    """Raises UserError where an answer has no such form."""
    _of(form, _ANSWER)


def conversation_as(
    form: str,
    kept: Sequence[Kept],
    base: str = "",
    *,
    registry: Registry | None = None,
    languages: Mapping[str, str] = MappingProxyType({}),
) -> str | bytes:
    """A conversation as a file: `markdown`, `html` (a page that asks nothing of anyone), `json` or `pdf`.

    Only `pdf` is bytes. Raises UserError for any other form, and where there is no answer.
    """
    make = _of(form, _CONVERSATION)
    if not kept:
        raise UserError("There is nothing to export: the conversation has no answers yet.")
    return make(_Talk(kept, base, sheets(kept, base, registry=registry, languages=languages)))


def title_of(kept: Sequence[Kept]) -> str:
    """The name of a conversation: its first question."""
    return cards.clip_end(" ".join(kept[0].answer.question.split()), _TITLE)


def heading_of(kept: Sequence[Kept]) -> tuple[str, str]:
    """What stands over a conversation: what it is, and of when."""
    first, last = (cards.day(one.asked_at.date()) for one in (kept[0], kept[-1]))
    days = first if first == last else f"{first} – {last}"
    heading = said("Question and answer") if len(kept) == 1 else said("Questions and answers")
    return heading, f"{days} · {counted('{count} answer', '{count} answers', len(kept))}"


def as_record(kept: Kept, base: str = "") -> dict[str, Any]:
    """An answer as it was given, as plain JSON values.

    Who asked, in which conversation, and what was said of it are not in it: whoever has the address may have the file.
    """
    return {
        "id": kept.id,
        "asked_at": kept.asked_at.astimezone(UTC).isoformat(),
        "address": f"{base.rstrip('/')}/a/{kept.id}" if base else None,
        "configuration": kept.configuration,
        "answer": kept.answer.as_dict(),
    }


def _of(form: str, forms: Mapping[str, _Made]) -> _Made:
    if form not in forms:
        raise UserError(f"Found the format {form!r}, expected one of {', '.join(forms)}.")
    return forms[form]


# Text


def _text(one: Sheet) -> str:
    parts = [one.question, one.kind, _searched(one), *(_text_line(line) for line in one.lines)]
    if one.sources:
        parts += [one.heading, *(_text_source(source) for source in one.sources)]
    return "\n\n".join(part for part in (*parts, _colophon(one)) if part) + "\n"


def _text_line(line: Line) -> str:
    return line.text + _numbers(line.numbers) + (f" ({line.support})" if line.support else "")


def _text_source(source: Cited) -> str:
    quote = [f"    {line}".rstrip() for line in _NEW_LINE.split(f"“{source.quote}”")]
    address = [f"    {source.address}"] if source.address else []
    return "\n".join([f"[{source.number}] {source.place}", *quote, *address])


def _searched(one: Sheet) -> str:
    return f"{said('Searched for:')} {one.searched_for}" if one.searched_for else ""


def _numbers(numbers: Sequence[int]) -> str:
    return "".join(f" [{number}]" for number in numbers)


def _colophon(one: Sheet) -> str:
    return "\n".join(part for part in (one.colophon, one.address) if part)


# Markdown


def _markdown(one: Sheet) -> str:
    parts = [f"## {_marked(one.question)}", f"*{_marked(one.kind)}*" if one.kind else "", _escaped(_searched(one))]
    parts += [_markdown_line(line) for line in one.lines]
    if one.sources:
        parts += [f"### {_marked(one.heading)}", *(_markdown_source(source) for source in one.sources)]
    parts.append("  \n".join(part for part in (_escaped(one.colophon), _link(one.address)) if part))
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown_line(line: Line) -> str:
    # Marks of emphasis stand literally in the text where they touch white space or punctuation.
    strong = line.found[:1].isalnum() and line.found[-1:].isalnum() and not _NEW_LINE.search(line.found)
    found = f"**{_marked(line.found)}**" if strong else _marked(line.found)
    text = _lined(_marked(line.before) + found + _marked(line.after))
    return text + _marked(_numbers(line.numbers)) + (f" *({_marked(line.support)})*" if line.support else "")


def _markdown_source(source: Cited) -> str:
    quote = "\n".join(f"> {line}" for line in _escaped(source.quote).split("\n"))
    head = f"{_marked(f'[{source.number}]')} **{_marked(source.place)}**"
    return "\n\n".join(part for part in (head, quote, _link(source.address)) if part)


def _escaped(text: str) -> str:
    """Text as Markdown that is rendered as it stands, in its lines and paragraphs."""
    return _lined(_marked(text))


def _marked(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)


def _lined(text: str) -> str:
    lines = [_FIRST_MARK.sub(_first_mark, line.strip(" \t")) for line in _NEW_LINE.split(text.strip())]
    # Two blanks end a line that another one follows in the same paragraph.
    followed = [*(bool(line and after) for line, after in pairwise(lines)), False]
    return "\n".join(line + "  " * hard for line, hard in zip(lines, followed, strict=True))


def _first_mark(mark: re.Match[str]) -> str:
    return f"\\{mark[1]}" if mark[1] else f"{mark[2]}\\{mark[3]}"


def _link(address: str) -> str:
    return f"<{address}>" if address else ""


def _conversation_markdown(talk: _Talk) -> str:
    heading, days = heading_of(talk.kept)
    answers = "\n---\n\n".join(map(_markdown, talk.sheets))
    return f"# {_marked(heading)}\n\n{_escaped(days)}\n\n{answers}"


# The other forms


def _conversation_html(talk: _Talk) -> str:
    return render.conversation_page(title_of(talk.kept), heading_of(talk.kept), talk.sheets)


def _conversation_json(talk: _Talk) -> str:
    return json.dumps([as_record(one, talk.base) for one in talk.kept], ensure_ascii=False, indent=2) + "\n"


def _conversation_pdf(talk: _Talk) -> bytes:
    # The library that sets the pages is loaded only where there is a PDF to make.
    from assistant.exports_pdf import conversation_pdf

    return conversation_pdf(title_of(talk.kept), heading_of(talk.kept), talk.sheets)


_ANSWER: dict[str, Callable[[Sheet], str]] = {
    "text": _text, "markdown": _markdown, "html": render.answer_fragment,
}  # fmt: skip
_CONVERSATION: dict[str, Callable[[_Talk], str | bytes]] = {
    "markdown": _conversation_markdown, "html": _conversation_html,
    "json": _conversation_json, "pdf": _conversation_pdf,
}  # fmt: skip
