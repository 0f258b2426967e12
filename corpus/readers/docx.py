"""DOCX through python-docx: headings, paragraphs, lists and tables in reading order."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph

from corpus.errors import UserError
from corpus.readers.types import Block, Reading, assemble, sections_from

_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)


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
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield from (Block(row, tight=at > 0) for at, row in enumerate(_rows(item)))
            listed = False
        else:
            style = styles.get(item._p.style or "", styles[""])
            is_item = _is_list_item(item, style)
            yield Block(f"- {item.text}" if is_item else item.text, _level(style), tight=is_item and listed)
            listed = is_item


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        # A merged cell comes once for each column that it spans.
        cells = [cell.text.strip().replace("\n", " ") for cell in dict.fromkeys(row.cells)]
        yield " | ".join(cells)


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


def _is_list_item(paragraph: Paragraph, style: str) -> bool:
    properties = paragraph._p.pPr
    return style.startswith("List") or (properties is not None and properties.numPr is not None)
