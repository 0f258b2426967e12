"""What stands around a quotation and is no part of it: a heading, quotation marks, a bullet, a source, markup."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

from corpus.wording import folded

SurroundingKind = Literal["markup", "heading", "quotation marks", "bullet", "attribution"]

_QUOTES = "'\"‘’‚‛′`´“”„‟″«»‹›「」『』〝〞＂＇"
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--)>|&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[\da-fA-F]{1,5});", re.DOTALL)
_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "br", "dd", "div", "dl", "dt", "figure", "footer", "h1",
        "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section",
        "table", "tbody", "td", "th", "tr", "ul",
    )
)  # fmt: skip
_UNSHOWN = frozenset(("head", "script", "style", "template", "title"))
_EMPHASIS = re.compile(r"(?<![\w*_])(\*{1,3}|_{1,3}|~~|`)(?=\S)(.+?)(?<=\S)\1(?![\w*_])", re.DOTALL)
_QUOTED_LINE = re.compile(r"^[ \t]{0,3}>[ \t]?", re.MULTILINE)
_HASHES = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]]+)\]\((?:[^()\s]|\([^()\s]*\))+(?:\s+\"[^\"]*\")?\)")
_BULLET = re.compile(
    r"(?:^|(?<=\n))[ \t]*(?:[-–—*•·▪◦‣▸►●○§]|\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]"
    r"|\d{1,3}(?:\.\d{1,3})+|(?:§|Art\.?|Article|No\.?)\s*\d{1,4}[.:)]?)[ \t\u00a0]*$"
)
_OPENING = re.compile(rf"[{_QUOTES}][\s\u00a0]*$")
_CLOSING = re.compile(rf"^[\s\u00a0]*[{_QUOTES}]+")
_FINAL_STOP = re.compile(r"^[\s\u00a0]*[.,;]?[\s\u00a0]*$")
_FOOTNOTE = re.compile(r"^[ \t]*(?:[\[(](?:\^?\d{1,3}|[a-z*†‡])[\])]|[¹²³⁰⁴-⁹]+|[*†‡]+)[.,;]?(?!\w)")
_BRACKETED = re.compile(r"^[\s\u00a0]*[(\[（]([^()\[\]（）\n]{1,160})[)\]）][.,;]?")
_DASHED = re.compile(r"^[\s\u00a0]*(?:[-–—―~]{1,2})[ \t\u00a0]*([^\n]{1,120}?)[ \t]*(?=\n|$)")
_LINE = re.compile(r"^[ \t\u00a0]*\r?\n\s*([^\n]{1,160}?)[ \t]*(?=\n|$)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ADDRESS = re.compile(r"https?://|www\.|\b[\w-]+\.(?:org|com|net|ws|eu|int|edu|gov|info)\b", re.IGNORECASE)
_PROSE_END = re.compile(r"[^\W\d_A-Z]{3}[.!?]$")
_SENTENCE_END = re.compile(r"[.!?。！？,;،]$")
# A line with more words is no heading, and no source.
_HEADING_WORDS, _LABEL_WORDS, _SOURCE_WORDS = 12, 7, 14
_HEADING_LINES = 3
_TABLE = Path(__file__).with_name("surroundings.toml")


@dataclass(frozen=True, slots=True)
class Surrounding:
    """Something around a quotation, and its text, without the blanks at its ends."""

    kind: SurroundingKind
    text: str


@dataclass(frozen=True, slots=True)
class Around:
    """What was found on one side of a quotation, outermost last, and the text that is none of it."""

    found: tuple[Surrounding, ...]
    rest: str


def without_markup(text: str, canonical: str) -> tuple[str, tuple[Surrounding, ...]]:
    """A pasted text without tags, entities and marks of Markdown, and which there were.

    What the canonical wording has itself is left alone.
    """
    found: list[Surrounding] = []
    if (tag := _TAG.search(text)) and not _TAG.search(canonical):
        shown = _Shown()
        shown.feed(text)
        shown.close()
        found.append(Surrounding("markup", tag.group()))
        text = "".join(shown.pieces)
    for pattern, kept in ((_LINK, r"\1"), (_QUOTED_LINE, ""), (_HASHES, "")):
        if (match := pattern.search(text)) and not pattern.search(canonical):
            found.append(Surrounding("markup", match.group().strip()))
            text = pattern.sub(kept, text)
    for _ in range(3):
        match = _EMPHASIS.search(text)
        if match is None or _EMPHASIS.search(canonical):
            break
        found.append(Surrounding("markup", match[1]))
        text = _EMPHASIS.sub(r"\2", text)
    return text, tuple(dict.fromkeys(found))


def before(text: str, names: Sequence[str]) -> Around:
    """What stands directly before a quotation; `names` are those of its term and its body."""
    found: list[Surrounding] = []
    rest = text
    while rest.strip():
        bullet, opening = _BULLET.search(rest), _OPENING.search(rest)
        if bullet is not None:
            found.append(Surrounding("bullet", bullet.group().strip()))
            rest = rest[: bullet.start()]
        elif opening is not None:
            found.append(Surrounding("quotation marks", opening.group().strip()))
            rest = rest[: opening.start()]
        else:
            break
    headings = _headings(rest, names)
    if headings:
        return Around((*found, *(Surrounding("heading", line) for line in reversed(headings))), "")
    return Around(tuple(found), rest.strip())


def after(text: str, bodies: Sequence[str]) -> Around:
    """What stands directly after a quotation; `bodies` are the names of whose wording it is."""
    found: list[Surrounding] = []
    rest = text
    while rest.strip():
        taken = _taken_after(rest, bodies, bool(found))
        if taken is None:
            break
        kind, length = taken
        if words := rest[:length].strip():
            found.append(Surrounding(kind, words))
        rest = rest[length:]
    return Around(tuple(found), rest.strip())


def is_heading(line: str, names: Sequence[str]) -> bool:
    """Whether a line that stands alone before a text reads as its heading or label."""
    line = line.strip(" \t\u00a0*_#")
    count = len(line.split())
    return 0 < count <= _HEADING_WORDS and (line.endswith((":", "：")) or not _SENTENCE_END.search(line)
                                           or folded(line.rstrip(".")) in {folded(name) for name in names})  # fmt: skip


def _headings(text: str, names: Sequence[str]) -> list[str]:
    """The lines before a quotation, where all of them are headings; else none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 0 < len(lines) <= _HEADING_LINES or not all(is_heading(line, names) for line in lines):
        return []
    ends_a_line = bool(re.search(r"\n[ \t\u00a0]*$", text))
    return lines if ends_a_line or _is_label(lines[-1], names) else []


def _is_label(line: str, names: Sequence[str]) -> bool:
    """Whether what stands in one line before a quotation names it: "Science park:", "AOI – ", "Our definition:"."""
    bare = line.rstrip(" \t\u00a0:：-–—.=")
    if bare == line.rstrip():
        return False
    named = {folded(name) for name in names}
    head = re.sub(r"\s*\([^()]*\)\s*$", "", bare)
    return folded(bare) in named or folded(head) in named or (
        line.rstrip().endswith((":", "：")) and len(line.split()) <= _LABEL_WORDS
    )  # fmt: skip


def _taken_after(text: str, bodies: Sequence[str], is_after_another: bool) -> tuple[SurroundingKind, int] | None:
    """What kind of thing a text begins with, and how long it is; None where it is none."""
    if match := _CLOSING.match(text):
        return "quotation marks", match.end()
    if is_after_another and _FINAL_STOP.match(text):
        return "quotation marks", len(text)
    if is_after_another and (stop := re.match(r"^[\s\u00a0]*[.,;](?=\s|\(|\[|$)", text)):
        return "quotation marks", stop.end()
    if match := _FOOTNOTE.match(text):
        return "attribution", match.end()
    if (match := _BRACKETED.match(text)) and _is_source(match[1], bodies):
        return "attribution", match.end()
    if (match := _DASHED.match(text)) and _is_source(match[1], bodies):
        return "attribution", match.end()
    if (match := _LINE.match(text)) and _is_source(match[1], bodies):
        return "attribution", match.end()
    if (line := re.match(r"^[ \t\u00a0]*([^\n]{1,160}?)[ \t]*(?=\n|$)", text)) and _begins_a_source(line[1]):
        return "attribution", line.end()
    return None


def _is_source(text: str, bodies: Sequence[str]) -> bool:
    """Whether a few words say where a text is from: a source word, or a body, a year or an address, and no verb."""
    if len(text.split()) > _SOURCE_WORDS:
        return False
    if _begins_a_source(text):
        return True
    plain = folded(text)
    named = any(re.search(rf"(?<!\w){re.escape(folded(body))}(?!\w)", plain) for body in bodies)
    if not (named or _YEAR.search(text) or _ADDRESS.search(text)):
        return False
    return not (_table()["verbs"] & set(re.findall(r"\w+", plain))) and not _PROSE_END.search(text)


def _begins_a_source(text: str) -> bool:
    head, colon, _ = text.replace("：", ":").partition(":")
    return bool(colon) and folded(head.strip(" ([-–—*")) in _table()["sources"]


@cache
def _table() -> dict[str, frozenset[str]]:
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {name: frozenset(folded(word) for word in words) for name, words in table.items()}


class _Shown(HTMLParser):
    """The text that a browser would show of a fragment of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its base's
        self._hidden += tag in _UNSHOWN
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _UNSHOWN and self._hidden > 0
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n")
