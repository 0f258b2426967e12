"""Citations: made from a document and a span, and resolved from their id for good.

The id holds the first twelve hexadecimal digits of the text's SHA-256 and the span, and nothing
else: it survives a new chunking and needs no table to be resolved, for as long as a document
with that text is in the corpus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote as percent_encode

from assistant.types import Citation
from corpus.spans import Span
from corpus.types import Document, DocumentInfo

# Only digits that `citation_id` writes: a span has one id, and no other one resolves.
_ID = re.compile(r"c_([0-9a-f]{12})_(0|[1-9][0-9]{0,11})_([1-9][0-9]{0,11})")


def citation_id(document: Document, start: int, end: int) -> str:
    """The permanent id of `document.text[start:end]`."""
    return f"c_{document.sha256[:12]}_{start}_{end}"


def resolve(identifier: str, documents: Iterable[DocumentInfo]) -> tuple[DocumentInfo, int, int] | None:
    """The document and span behind a citation id; None where no document here has that text."""
    match = _ID.fullmatch(identifier)
    if match is None:
        return None
    start, end = int(match[2]), int(match[3])
    for document in documents:
        if document.sha256.startswith(match[1]) and start < end <= document.characters:
            return document, start, end
    return None


def cite(number: int, document: Document, start: int, end: int, mark: Span | None = None) -> Citation:
    """The citation of `document.text[start:end]`, numbered `number` within its answer; `mark` lies in it."""
    quote = document.text[start:end]
    return Citation(
        number=number,
        id=citation_id(document, start, end),
        document_id=document.id,
        title=document.title,
        section=document.section_at(start).title,
        page=document.page_at(start),
        page_label=document.page_label_at(start),
        start=start,
        end=end,
        quote=quote,
        url=None if document.url is None else document.url + text_fragment(quote),
        mark=mark,
    )


def page_name(page: int | None, label: str | None) -> str:
    """A page in words; nothing where there is none.

    >>> page_name(14, "xii"), page_name(3, None)
    ('page xii (14 in the file)', 'page 3')
    """
    if page is None:
        return ""
    return f"page {label} ({page} in the file)" if label else f"page {page}"


def text_fragment(quote: str) -> str:
    """The URL fragment that makes a browser find and mark `quote` (WICG scroll-to-text-fragment).

    A long quote, or one that spans lines, is given by its first and last words, since the
    directive matches a text without its line breaks only as a range.

    >>> text_fragment("incubation and spin-off programmes")
    '#:~:text=incubation%20and%20spin%2Doff%20programmes'
    """
    words = quote.split()
    if len(words) <= 10 and "\n" not in quote.strip():
        return "#:~:text=" + _encode(" ".join(words))
    return "#:~:text=" + ",".join(_encode(" ".join(part)) for part in (words[:5], words[-5:]))


def _encode(words: str) -> str:
    # "-" is syntax in a text directive, and percent_encode leaves it alone.
    return percent_encode(words, safe="").replace("-", "%2D")
