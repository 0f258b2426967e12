"""DOCX through python-docx: headings, paragraphs, lists and tables in reading order."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.table import CT_Tbl
from docx.oxml.text.paragraph import CT_P
from docx.table import Table

from corpus.errors import UserError
from corpus.readers.types import Block, Reading, assemble, sections_from

_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_WRAPPERS = {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml"), qn("w:moveTo")}
# A text box has paragraphs of its own; what was moved or deleted stands elsewhere or nowhere.
_RUNS = ".//w:r[not(ancestor::w:moveFrom) and count(ancestor::w:txbxContent) = {}]"
# Word writes each text box twice: the second time for programs that cannot draw the first.
_BOXED = ".//w:txbxContent[not(ancestor::*[local-name() = 'Fallback'])]//w:p"


def read(path: Path) -> Reading:
    """Raises UserError when the file is no Word document, or a damaged one."""
    try:
        document = docx.Document(str(path))
        text, headings = assemble(_blocks(document))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, SyntaxError) as error:
        raise UserError(
            f"it cannot be read as a Word document ({type(error).__name__}); open it in a word processor, "
            "save it as .docx and replace it"
        ) from error
    title = document.core_properties.title or (headings[0].text if headings else None)
    return Reading(text, sections_from(headings, len(text)), title=title)


def _blocks(document: docx.document.Document) -> Iterator[Block]:
    styles = _style_names(document)
    listed = False
    for element in _inner(document.element.body):
        if isinstance(element, CT_Tbl):
            yield from (Block(row, tight=at > 0) for at, row in enumerate(_rows(Table(element, document))))
            listed = False
        else:
            style = styles.get(element.style or "", styles[""])
            is_item = _is_list_item(element, style)
            text = _text(element)
            yield Block(f"- {text}" if is_item else text, _level(style), tight=is_item and listed)
            listed = is_item
            yield from (Block(text) for text in _boxed(element))
    yield from (Block(text) for text in _notes(document))


def _inner(element: Any) -> Iterator[CT_P | CT_Tbl]:
    """Paragraphs and tables in reading order, also those of content controls and of insertions as a whole."""
    for child in element:
        if isinstance(child, CT_P | CT_Tbl):
            yield child
        elif child.tag in _WRAPPERS:
            yield from _inner(child)


def _text(paragraph: CT_P) -> str:
    """A paragraph's words, also those of content controls and of insertions that nobody has accepted yet."""
    depth = len(paragraph.xpath("ancestor::w:txbxContent"))
    return "".join(run.text for run in paragraph.xpath(_RUNS.format(depth)))


def _boxed(paragraph: CT_P) -> Iterator[str]:
    """The paragraphs of text boxes that are anchored in a paragraph."""
    return (_text(inner) for inner in paragraph.xpath(_BOXED))


def _notes(document: docx.document.Document) -> Iterator[str]:
    """The footnotes, then the endnotes."""
    for kind in (RELATIONSHIP_TYPE.FOOTNOTES, RELATIONSHIP_TYPE.ENDNOTES):
        for relation in document.part.rels.values():
            if relation.reltype == kind and not relation.is_external:
                for note in parse_xml(relation.target_part.blob):
                    # The lines that part notes from the text are notes of a type.
                    if note.get(qn("w:type")) is None:
                        yield from (_text(paragraph) for paragraph in note.iter(qn("w:p")))


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        # A merged cell comes once for each column that it spans.
        yield " | ".join(_cell(cell._tc, table) for cell in dict.fromkeys(row.cells))


def _cell(cell: Any, table: Table) -> str:
    """The words of a cell in one line, with those of a table inside it."""
    parts: list[str] = []
    for element in _inner(cell):
        if isinstance(element, CT_Tbl):
            parts.append("; ".join(_rows(Table(element, table))))
        else:
            parts += [_text(element), *_boxed(element)]
    return " ".join(" ".join(part.split()) for part in parts if part.strip())


def _style_names(document: docx.document.Document) -> dict[str, str]:
    """The names of paragraph styles by id, "" for the default: asked of each paragraph, they take most of the time."""
    default = document.styles.default(WD_STYLE_TYPE.PARAGRAPH)
    named = {style.style_id: style.name or "" for style in document.styles if style.type == WD_STYLE_TYPE.PARAGRAPH}
    return {**named, "": (default.name or "") if default is not None else ""}


def _level(style: str) -> int | None:
    if style == "Title":
        return 1
    match = _HEADING.match(style)
    return int(match[1]) if match else None


def _is_list_item(paragraph: CT_P, style: str) -> bool:
    properties = paragraph.pPr
    return style.startswith("List") or (properties is not None and properties.numPr is not None)
