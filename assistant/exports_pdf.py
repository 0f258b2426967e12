"""A conversation as a PDF: A4, set in Noto Sans. Only file that imports reportlab and pymupdf_fonts.

What no font here can show is named in its place and over the first answer; it is never left out in silence.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pymupdf_fonts
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph

from assistant.runs import LENT, NEW_LINE, Script, parts_of, runs
from assistant.sheet import Cited, Line, Sheet
from assistant.web.cards import clip_end
from assistant.web.speech import counted, language, said

_INK, _SOFT, _BRAND, _RULE = "#1d2433", "#5b6475", "#0b5c6b", "#c9d3da"
_MARGIN = 22 * mm
_SANS, _BOLD, _ITALIC = "NotoSans", "NotoSans-Bold", "NotoSans-Italic"
_PACKED = {_SANS: "notos", _BOLD: "notosbo", _ITALIC: "notosit", "FiraGO": "figo"}
_DEJAVU = "DejaVuSans"
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
_ONE_AT_A_TIME = Lock()
_PART, _PART_LINES = 1500, 40
"""Characters and lines that are set as one paragraph at most."""
_OUTLINED = 120
"""Characters of a question in the outline."""


def _style(size: float, leading: float, face: str = _SANS, color: str = _INK, **more: Any) -> ParagraphStyle:
    values = {"fontName": face, "fontSize": size, "leading": leading, "textColor": HexColor(color), "linkUnderline": 0}
    # A line alone at the top or the foot of a page is what a reader loses.
    return ParagraphStyle("", **{**values, "allowWidows": 0, "allowOrphans": 0, **more})


_TITLE = _style(20, 26, _BOLD, spaceAfter=2)
_DAYS = _style(9.5, 14, color=_SOFT, spaceAfter=10)
_NOTICE = _style(
    9.5,
    14,
    color=_INK,
    leftIndent=6,
    rightIndent=6,
    borderPadding=6,
    borderWidth=0.7,
    borderColor=HexColor(_RULE),
    spaceBefore=8,
    spaceAfter=12,
)
_QUESTION = _style(14.5, 20, _BOLD, spaceBefore=20, spaceAfter=3, keepWithNext=1)
_KIND = _style(9.5, 14, _BOLD, _BRAND, spaceAfter=5, keepWithNext=1)
_SEARCHED = _style(9.5, 14, _ITALIC, _SOFT, spaceAfter=5)
_SAID = _style(10.5, 15.5, spaceAfter=6)
_NOTE = _style(10, 14.5, color=_SOFT, spaceAfter=6)
_HEADING = _style(10.5, 15, _BOLD, _SOFT, spaceBefore=10, spaceAfter=4, keepWithNext=1)
_PLACE = _style(9.5, 13.5, _BOLD, spaceBefore=6, spaceAfter=3, keepWithNext=1)
_QUOTE = _style(10, 14.5, leftIndent=12, spaceAfter=2)
_ADDRESS = _style(8, 11.5, color=_BRAND, leftIndent=12, spaceAfter=5)
_COLOPHON = _style(8.5, 12.5, color=_SOFT, spaceBefore=8)
_FOOT = _style(8.5, 12, color=_SOFT)


class _Quoted(Paragraph):  # type: ignore[misc]
    """Words of a document, with a rule at their side on every page that they reach."""

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.setStrokeColor(HexColor(_RULE))
        self.canv.setLineWidth(1.6)
        self.canv.line(2, 0, 2, self.height)
        self.canv.restoreState()
        super().draw()


class _Entry(Flowable):  # type: ignore[misc]
    """A line of the document's outline, which leads to what comes next."""

    keepWithNext = 1  # noqa: N815 – the library's name

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title

    def draw(self) -> None:
        key = f"entry-{id(self)}"
        self.canv.bookmarkHorizontal(key, 0, _QUESTION.leading)
        self.canv.addOutlineEntry(self.title, key)


@dataclass(frozen=True, slots=True)
class _Setting:
    """Text turned to marked-up text in fonts that hold it.

    `unshown` are the scripts and signs that none of them shows, in the order of the text; `lent` are the fonts
    that it leaves to the reader's program.
    """

    language: str
    unshown: dict[str, None] = field(default_factory=dict)
    lent: set[str] = field(default_factory=set)

    def set(self, text: str, face: str = _SANS) -> str:
        """Text in a face, in another font where that lacks a letter; the markup is the library's."""
        found = runs(text, face, self.language, _held())
        return "".join(self._run(font, run, face) for font, run in found)

    def _run(self, font: str | Script, text: str, face: str) -> str:
        if isinstance(font, Script):
            return f'<font color="{_SOFT}">{self.set(self._missing(font, text), face)}</font>'
        if font in LENT:
            self.lent.add(font)
        lines = "<br/>".join(escape(line) for line in NEW_LINE.split(text))
        return lines if font == face else f'<font name="{font}">{lines}</font>'

    def _missing(self, script: Script, text: str) -> str:
        self.unshown[script.name] = None
        letters = len("".join(text.split()))
        return counted("[{script}: {count} character]", "[{script}: {count} characters]", letters, script=script.name)

    def notices(self) -> Iterator[str]:
        """Sentences on what the pages do not show, or may not."""
        if self.unshown:
            yield said(
                "This PDF cannot show some of the text ({scripts}): brackets stand in its place. "
                "The Markdown and HTML files have all of it.",
                scripts=", ".join(self.unshown),
            )
        if self.lent:
            yield said(
                "The Chinese, Japanese and Korean letters are shown in a font of your PDF program; where it has none, "
                "the Markdown and HTML files have them."
            )


def conversation_pdf(title: str, heading: tuple[str, str], sheets: Sequence[Sheet]) -> bytes:
    """The answers set on A4, with an outline. `title` names the document, `heading` stands over it."""
    # The library keeps its fonts for the whole program.
    with _ONE_AT_A_TIME:
        return _set(title, heading, sheets)


def _set(title: str, heading: tuple[str, str], sheets: Sequence[Sheet]) -> bytes:
    setting = _Setting(language())
    head = [_paragraph(setting, heading[0], _TITLE), _paragraph(setting, heading[1], _DAYS)]
    answers = [
        flowable
        for turn, sheet in enumerate(sheets, 1)
        for flowable in _answer(replace(setting, language=sheet.language), sheet, turn)
    ]
    notices = " ".join(setting.notices())
    if notices:
        head.append(_paragraph(setting, notices, _NOTICE))
    foot = _paragraph(setting, " · ".join(heading), _FOOT)
    made = BytesIO()
    document = BaseDocTemplate(
        made, pagesize=A4, title=title, author="", subject=" · ".join(heading), lang=sheets[0].language,
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN, initialFontName=_SANS,
    )  # fmt: skip
    frame = Frame(_MARGIN, _MARGIN, document.width, document.height, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=partial(_draw_foot, foot)))
    document.build([*head, *answers])
    return made.getvalue()


def _draw_foot(foot: Paragraph, canvas: Canvas, document: BaseDocTemplate) -> None:
    _, height = foot.wrap(document.width - 20 * mm, _MARGIN)
    foot.drawOn(canvas, _MARGIN, _MARGIN / 2 + _FOOT.leading - height)
    canvas.setFont(_SANS, _FOOT.fontSize)
    canvas.setFillColor(HexColor(_SOFT))
    canvas.drawRightString(A4[0] - _MARGIN, _MARGIN / 2 + _FOOT.leading - _FOOT.fontSize, str(document.page))


def _answer(setting: _Setting, sheet: Sheet, turn: int) -> Iterator[Flowable]:
    yield _Entry(clip_end(sheet.question, _OUTLINED))
    yield _paragraph(setting, sheet.question, _QUESTION)
    if sheet.kind:
        yield _paragraph(setting, sheet.kind, _KIND)
    if sheet.searched_for:
        yield _paragraph(setting, f"{said('Searched for:')} {sheet.searched_for}", _SEARCHED)
    for line in sheet.lines:
        yield from _line(setting, line, turn)
    if sheet.sources:
        yield _paragraph(setting, sheet.heading, _HEADING)
    for source in sheet.sources:
        yield from _source(setting, source, turn)
    yield _paragraph(setting, sheet.colophon, _COLOPHON, more=_linked(setting, sheet.address, sheet.address, "<br/>"))


def _line(setting: _Setting, line: Line, turn: int) -> Iterator[Flowable]:
    style = _NOTE if line.is_note else _SAID
    numbers = "".join(f'\u00a0<a href="#t{turn}s{one}" color="{_BRAND}">[{one}]</a>' for one in line.numbers)
    support = f" ({setting.set(line.support, _ITALIC)})" if line.support else ""
    if len(line.text) > _PART:
        yield from _parted(_of(setting, line.language), line.text, style, Paragraph, more=numbers + support)
        return
    pieces = ((line.before, _SANS), (line.found, _BOLD), (line.after, _SANS))
    quoting = _of(setting, line.language)
    marked_up = "".join(quoting.set(text, face) for text, face in pieces)
    yield Paragraph(marked_up + numbers + support, _fit(style, line.text))


def _source(setting: _Setting, source: Cited, turn: int) -> Iterator[Flowable]:
    anchor = f'<a name="t{turn}s{source.number}"/>'
    yield _paragraph(setting, f"[{source.number}] {source.place}", _PLACE, before=anchor)
    yield from _parted(_of(setting, source.language), source.quote, _QUOTE, _Quoted)
    if source.address:
        yield Paragraph(_linked(setting, source.address, source.shown_address), _ADDRESS)


def _of(setting: _Setting, language: str) -> _Setting:
    """The setting for words in a language, where we know it: it has a say in the font of Chinese signs."""
    return replace(setting, language=language) if language else setting


def _parted(
    setting: _Setting, text: str, style: ParagraphStyle, kind: type[Paragraph], more: str = ""
) -> Iterator[Flowable]:
    """A text in parts: the library breaks the whole rest of a paragraph anew on each page that it reaches."""
    *parts, last = parts_of(text, _PART, _PART_LINES)
    closer = ParagraphStyle("", style, spaceAfter=0)
    for part in parts:
        yield _paragraph(setting, part, closer, kind)
    yield _paragraph(setting, last, style, kind, more=more)


def _linked(setting: _Setting, address: str, shown: str, before: str = "") -> str:
    return f"{before}<a href={quoteattr(address)} color={quoteattr(_BRAND)}>{setting.set(shown)}</a>" if address else ""


def _paragraph(
    setting: _Setting,
    text: str,
    style: ParagraphStyle,
    kind: type[Paragraph] = Paragraph,
    *,
    before: str = "",
    more: str = "",
) -> Paragraph:
    """A paragraph of the text, between what is marked up already."""
    return kind(before + setting.set(text, style.fontName) + more, _fit(style, text))


def _fit(style: ParagraphStyle, text: str) -> ParagraphStyle:
    # Chinese and Japanese lines end between any two letters, not at blanks alone.
    eastern = sum("\u2e80" <= one <= "\uffef" for one in text) > len(text) / 4
    return ParagraphStyle("", style, wordWrap="CJK") if eastern else style


@cache
def _held() -> Mapping[str, Container[int]]:
    """The fonts whose letters we can look up, in order of preference, each with the code points that it holds."""
    fonts = [TTFont(name, BytesIO(pymupdf_fonts.myfont(packed))) for name, packed in _PACKED.items()]
    path = next((path for folder in _FONT_FOLDERS for path in Path(folder).rglob(f"{_DEJAVU}.ttf")), None)
    if path is not None:
        fonts.append(TTFont(_DEJAVU, path))
    for font in (*fonts, *map(UnicodeCIDFont, LENT)):
        registerFont(font)
    return {font.fontName: font.face.charToGlyph for font in fonts}
