"""PDFium: reads the PDF pages that pypdf cannot, draws pages, and says where words stand on them.

A PDF is foreign input: call what is here through `corpus.sandbox`.
"""

from __future__ import annotations

import ctypes
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pypdfium2
import pypdfium2.raw

from corpus.errors import UserError
from corpus.readers.placing import Box, Placed, lines_of, places

_MOST_PIXELS = 8_000_000
_FINE = 1_000_000


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


def page_image(path: Path, number: int, width: int) -> bytes:
    """The page `number`, counted from 1, as a PNG of `width` pixels; narrower where it is very long.

    Raises UserError where the file has no such page, or PDFium cannot open it.
    """
    with _opened(path, number) as page:
        across, down = page.get_size()
        if across <= 0 or down <= 0:
            raise UserError(f"its page {number} has no size; save it anew")
        # A page of 1 by 14,000 points would become a line without end.
        scale = min(width / across, (_MOST_PIXELS / (across * down)) ** 0.5)
        with closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
            return _png(bitmap)


def page_boxes(path: Path, number: int, text: str, spans: Sequence[tuple[int, int]]) -> list[Placed | None]:
    """Where spans of the page's `text` stand on the page; None for one whose words are not found there.

    The boxes run along lines, in fractions of the page's width and height, from the upper left corner.
    Raises UserError as `page_image` does.
    """
    with _opened(path, number) as page, closing(page.get_textpage()) as letters:
        shown = _characters(letters)
        found = places(shown, text, spans)
        return [None if one is None else _placed(page, letters, shown, one) for one in found]


@contextmanager
def _opened(path: Path, number: int) -> Iterator[pypdfium2.PdfPage]:
    try:
        with closing(pypdfium2.PdfDocument(path)) as document:
            if not 1 <= number <= len(document):
                raise UserError(f"it has {len(document)} pages and no page {number}")
            with closing(document[number - 1]) as page:
                yield page
    except FileNotFoundError as error:
        raise UserError("its file is no longer there") from error
    except pypdfium2.PdfiumError as error:
        raise UserError(f"its page {number} cannot be drawn ({error}); save it anew") from error


def _characters(letters: pypdfium2.PdfTextPage) -> list[str]:
    """The characters of a page, each at its own index, as the boxes count them."""
    raw = pypdfium2.raw
    codes = (raw.FPDFText_GetUnicode(letters, at) for at in range(letters.count_chars()))
    return [chr(code) if code < 0x110000 else "\ufffd" for code in codes]


def _placed(
    page: pypdfium2.PdfPage, letters: pypdfium2.PdfTextPage, shown: Sequence[str], indices: Sequence[int]
) -> Placed | None:
    # Merged as the page has them: a page may be turned when it is drawn.
    boxes = [_box(letters.get_charbox(at, loose=True)) for at in indices if not shown[at].isspace()]
    lines = lines_of(box for box in boxes if box.width > 0 and box.height > 0)
    return Placed(tuple(_drawn(page, line) for line in lines)) if lines else None


def _box(sides: tuple[float, float, float, float]) -> Box:
    left, bottom, right, top = sides
    return Box(left, bottom, right - left, top - bottom)


def _drawn(page: pypdfium2.PdfPage, box: Box) -> Box:
    """A box in the page's own units as fractions of what is drawn, whatever its rotation and crop."""
    first = _drawn_at(page, box.left, box.top)
    second = _drawn_at(page, box.left + box.width, box.top + box.height)
    (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(first, second, strict=True))
    return Box(x0, y0, x1 - x0, y1 - y0)


def _drawn_at(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    across, down = ctypes.c_int(), ctypes.c_int()
    pypdfium2.raw.FPDF_PageToDevice(page, 0, 0, _FINE, _FINE, 0, x, y, across, down)
    return across.value / _FINE, down.value / _FINE


def _png(bitmap: pypdfium2.PdfBitmap) -> bytes:
    """The pixels as a PNG: red, green and blue, 8 bits each, no filter (https://www.w3.org/TR/png-3/)."""
    width, height, stride, channels = bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels
    pixels = memoryview(bytes(bitmap.buffer))
    kind = {1: 0, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + pixels[at * stride : at * stride + width * channels] for at in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
