"""PDFium, the second opinion on a PDF: reads pages that pypdf cannot."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pypdfium2


def page_texts(path: Path) -> list[str]:
    """The text of each page; none where PDFium cannot open the file, "" where it cannot read a page."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return []
    with closing(document):
        return [_page_text(document, at) for at in range(len(document))]


def _page_text(document: pypdfium2.PdfDocument, at: int) -> str:
    try:
        with closing(document[at]) as page, closing(page.get_textpage()) as text:
            return str(text.get_text_bounded()).replace("\r\n", "\n")
    except pypdfium2.PdfiumError:
        return ""
