"""DOCX through python-docx: headings, paragraphs, lists and tables in reading order."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
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
    listed = False
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield from (Block(row, tight=at > 0) for at, row in enumerate(_rows(item)))
            listed = False
        else:
            is_item = _is_list_item(item)
            yield Block(f"- {item.text}" if is_item else item.text, _level(item), tight=is_item and listed)
            listed = is_item


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        # A merged cell comes once for each column that it spans.
        cells = [cell.text.strip().replace("\n", " ") for cell in dict.fromkeys(row.cells)]
        yield " | ".join(cells)


def _level(paragraph: Paragraph) -> int | None:
    name = paragraph.style.name if paragraph.style else None
    if name == "Title":
        return 1
    match = _HEADING.match(name or "")
    return int(match[1]) if match else None


def _is_list_item(paragraph: Paragraph) -> bool:
    name = paragraph.style.name if paragraph.style else ""
    properties = paragraph._p.pPr
    return (name or "").startswith("List") or (properties is not None and properties.numPr is not None)
