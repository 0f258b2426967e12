"""Fourteen files that are small to write and large, deep or endless to read, for `evals.bench_files`.

Each is made here, byte by byte, when it is asked for; none is stored anywhere.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence

_MB = 2**20
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
_PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R "
    b"/Resources << /Font << /F 4 0 R >> /XObject << /X 6 0 R >> >> >>"
)
_SHOWN = b"BT /F 12 Tf 50 700 Td (Boom.) Tj ET\n"


def _pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of numbered objects; the first is the catalogue."""
    made = io.BytesIO(b"%PDF-1.7\n")
    made.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(objects, 1):
        places.append(made.tell())
        made.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = made.tell()
    made.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    made.writelines(b"%010d 00000 n \n" % place for place in places)
    made.write(b"trailer\n<< /Size %d /Root 1 0 R %b >>\n" % (len(objects) + 1, trailer))
    made.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return made.getvalue()


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(data), entries, data)


def _deflated(pieces: Iterable[bytes]) -> bytes:
    packer = zlib.compressobj(1)
    return b"".join([*(packer.compress(piece) for piece in pieces), packer.flush()])


def _page_with(content: bytes, *more: bytes, font: bytes = _FONT) -> bytes:
    """A PDF of one page that shows `content`, a stream; `more` are the objects from 6 on."""
    return _pdf([_CATALOG, _PAGES, _PAGE, font, content, *more])


def filters() -> bytes:
    """A page of 1 GiB, deflated three times over, and one of 12 GiB in LZW, deflated once."""
    content = _deflated([b"0 0 m 1 1 l S \n" * 70_000] * 1024)
    thrice = zlib.compress(zlib.compress(content, 9), 9)
    run = _deflated([_lzw_run(1600)])
    second = _PAGE.replace(b"5 0 R", b"8 0 R")
    return _pdf(
        [
            _CATALOG,
            b"<< /Type /Pages /Kids [3 0 R 7 0 R] /Count 2 >>",
            _PAGE,
            _FONT,
            _stream(thrice, b"/Filter [/FlateDecode /FlateDecode /FlateDecode]"),
            b"null",
            second,
            _stream(run, b"/Filter [/FlateDecode /LZWDecode]"),
        ]
    )


def _lzw_run(times: int) -> bytes:
    """`times` full tables of LZW codes, each code for one space more than the last: 7.4 MB from 5.6 KB."""
    # The width of a code grows one code before the table needs it.
    codes = [(256, 9), (32, 9), *((code, (code + 1).bit_length()) for code in range(258, 4094))]
    bits = (
        "".join(f"{code:0{width}b}" for code, width in codes[:1])
        + "".join(f"{code:0{width}b}" for code, width in [*codes[1:], (256, 12)]) * times
    )
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def page_tree() -> bytes:
    """Ten levels of ten references to the level below: 10 thousand million pages in 2 KB."""
    levels = [
        b"<< /Type /Pages /Count %d /Kids [%b] >>" % (10 ** (10 - level), b" ".join([b"%d 0 R" % (level + 3)] * 10))
        for level in range(10)
    ]
    page = b"<< /Type /Page /MediaBox [0 0 600 800] /Contents 13 0 R /Resources << /Font << /F 14 0 R >> >> >>"
    return _pdf([_CATALOG, *levels, page, _stream(_SHOWN), _FONT])


def deep_arrays() -> bytes:
    """Arrays 2,000,000 deep in a page and in its content."""
    deep = b"[" * 2_000_000 + b"]" * 2_000_000
    page = _PAGE.removesuffix(b">>") + b"/Rotate " + deep + b" >>"
    return _pdf([_CATALOG, _PAGES, page, _FONT, _stream(deep + _SHOWN)])


def forms() -> bytes:
    """Twelve levels of forms of which each shows the next ten times: 10^12 times one word."""
    levels = [
        _stream(
            b"/X Do " * 10 if level < 12 else _SHOWN,
            b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] "
            b"/Resources << /Font << /F 4 0 R >> /XObject << /X %d 0 R >> >>" % (6 + min(level, 11)),
        )
        for level in range(1, 13)
    ]
    return _page_with(_stream(b"/X Do " * 10), *levels)


def object_stream() -> bytes:
    """The catalogue in an object stream that says to hold 5,000,000 objects and unpacks to 1 GiB."""
    head = b"".join(b"%d %d " % (number, 0) for number in range(1, 300_000))
    packed = _deflated([head, *[b"<< /Type /Catalog >> " * 50_000] * 1024])
    entries = b"/Type /ObjStm /N 5000000 /First %d /Filter /FlateDecode" % len(head)
    body = b"%PDF-1.7\n"
    place = len(body)
    body += b"1 0 obj\n%b\nendobj\n" % _stream(packed, entries)
    rows = (
        b"\0\0\0\0\0\0"
        + b"\1%b\0" % place.to_bytes(4, "big")
        + b"".join(b"\2\0\0\0\1%c" % number for number in range(200))
    )
    start = len(body)
    body += b"2 0 obj\n%b\nendobj\n" % _stream(rows, b"/Type /XRef /W [1 4 1] /Size 202 /Root 3 0 R")
    return body + b"startxref\n%d\n%%%%EOF\n" % start


def false_claims() -> bytes:
    """Tables that name each other as the one before and have 10^9 entries; a stream of 10^12 bytes with rows of
    10^9 columns, and an image of 10^12 points, by what they say."""
    columns = b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 1000000000 /Colors 4 >>"
    image = (
        b"/Type /XObject /Subtype /Image /Width 1000000 /Height 1000000 /ColorSpace /DeviceRGB /BitsPerComponent 16 "
    )
    inline = b"BI /W 1000000 /H 1000000 /CS /RGB /BPC 8 ID \0\0\0\nEI\n"
    lies = [
        _stream(zlib.compress(data), entries).replace(b"/Length ", b"/Length 999999999")
        for data, entries in ((b"/X Do " + inline + _SHOWN, columns), (b"\0" * _MB, image + columns))
    ]
    body = _page_with(lies[0], lies[1])
    body = body[: body.rindex(b"startxref")]
    first, second = body.rindex(b"xref\n0"), len(body) + len(b"/Prev 0000000000 ")
    body = body.replace(b"/Root 1 0 R ", b"/Root 1 0 R /Prev %010d " % second)
    body += b"xref\n0 1000000000\n0000000000 65535 f \ntrailer\n<< /Size 1000000000 /Root 1 0 R /Prev %d >>\n" % first
    return body + b"startxref\n%d\n%%%%EOF\n" % second


def operators() -> bytes:
    """4,900 pages that share one content of 290,000 operators: below every limit that counts a page."""
    content = _stream(zlib.compress(b"BT /F 9 Tf " + b"(ab) Tj 1 0 Td\n" * 72_000 + b"ET", 9), b"/Filter /FlateDecode")
    kids = b" ".join(b"%d 0 R" % number for number in range(5, 4905))
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 3 0 R >> >> >>"
    )
    return _pdf([_CATALOG, b"<< /Type /Pages /Count 4900 /Kids [%b] >>" % kids, _FONT, content, *[page] * 4900])


def unicode_map() -> bytes:
    """A font whose map to Unicode has 20,000 ranges of 2^32 codes each."""
    ranges = b"<00000000> <FFFFFFFF> <0041>\n" * 20_000
    cmap = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        b"1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange\n"
        b"20000 beginbfrange\n" + ranges + b"endbfrange endcmap end end"
    )
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Helvetica /Encoding /Identity-H /ToUnicode 6 0 R "
        b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Helvetica /W [0 4294967295 500] >>] >>"
    )
    return _page_with(_stream(_SHOWN), _stream(zlib.compress(cmap), b"/Filter /FlateDecode"), font=font)


_TYPES = (
    b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    b'<Override PartName="/d.xml" ContentType='
    b'"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="d.xml"/>'
    b"</Relationships>"
)
_DOCUMENT = (
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>',
    b"</w:body></w:document>",
)
_PARAGRAPH = b"<w:p><w:r><w:t>%b</w:t></w:r></w:p>"


def _docx(document: Iterable[bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("[Content_Types].xml", _TYPES)
        package.writestr("_rels/.rels", _RELATIONS)
        with package.open("d.xml", "w") as part:
            for piece in document:
                part.write(piece)
    return made.getvalue()


def zipped_document() -> bytes:
    """A Word document of 1 GiB of paragraphs in a file of 5 MB."""
    return _docx([_DOCUMENT[0], *[(_PARAGRAPH % b"boom") * 26_000] * 1024, _DOCUMENT[1]])


def laughs() -> bytes:
    """A Word document of ten entities, each ten times the one before: 10^10 words."""
    entities = b"".join(b'<!ENTITY a%d "%b">' % (at, b"&a%d;" % (at - 1) * 10) for at in range(1, 11))
    head = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "boom ">' + entities + b"]>"
    return _docx([head, _DOCUMENT[0], _PARAGRAPH % b"Before &a10; after.", _DOCUMENT[1]])


def nested_page() -> bytes:
    """A page of 200,000 elements inside each other."""
    return b"<html><body>" + b"<div>" * 200_000 + b"<p>Boom.</p>" + b"</div>" * 200_000 + b"</body></html>"


def wide_table() -> bytes:
    """A table of 1,000,000 columns and 50 rows."""
    header = b",".join(b"c%d" % number for number in range(1_000_000))
    return b"\n".join([header, *[b",".join([b"1"] * 1_000_000)] * 50])


def long_line() -> bytes:
    """A text of 300 MB on one line."""
    return b"boom " * 60_000_000


def blank_run() -> bytes:
    """Two letters with a million spaces between them."""
    return b"a" + b" " * 1_000_000 + b"b"


Bomb = Callable[[], bytes]
BOMBS: dict[str, Bomb] = {
    "filters.pdf": filters,
    "page_tree.pdf": page_tree,
    "deep_arrays.pdf": deep_arrays,
    "forms.pdf": forms,
    "object_stream.pdf": object_stream,
    "false_claims.pdf": false_claims,
    "operators.pdf": operators,
    "unicode_map.pdf": unicode_map,
    "zipped_document.docx": zipped_document,
    "laughs.docx": laughs,
    "nested_page.html": nested_page,
    "wide_table.csv": wide_table,
    "long_line.txt": long_line,
    "blank_run.md": blank_run,
}
