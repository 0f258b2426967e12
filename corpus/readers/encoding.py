"""Bytes to text. What the bytes say is believed; what has to be guessed is said."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from corpus.errors import UserError

# What offices still write besides Unicode: Western Europe, and Chinese.
_GUESSED = ["cp1252", "gb18030"]
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)


Remarks = tuple[str, ...]


def decode(data: bytes) -> tuple[str, Remarks]:
    """The text of a file's bytes, line ends and all, and a remark where its encoding had to be guessed.

    Raises UserError where the bytes are no text.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return _checked(data.decode(encoding)), ()
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise UserError(f"it begins as {encoding} and is not ({error.reason}); save it as UTF-8") from error
        return _guess(data, error)


def decode_page(data: bytes) -> tuple[str, Remarks]:
    """As `decode`, for a web page, which may declare its encoding."""
    declared = _DECLARED.search(data[:4096])
    if declared and not any(data.startswith(mark) for mark, _ in _MARKS):
        try:
            return _checked(data.decode(declared[1].decode("ascii"))), ()
        except (LookupError, UnicodeDecodeError):
            # A wrong declaration is common; the bytes decide.
            return decode(data)
    return decode(data)


def _guess(data: bytes, error: UnicodeDecodeError) -> tuple[str, Remarks]:
    best = None if b"\0" in data else from_bytes(data, cp_isolation=_GUESSED).best()
    if best is None:
        raise UserError(
            f"it is not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x}); save it as UTF-8"
        ) from error
    remark = f"its encoding was guessed as {best.encoding}; save it as UTF-8 if letters are wrong"
    return _checked(str(best)), (remark,)


def _checked(text: str) -> str:
    if "\0" in text:
        raise UserError("it holds binary data, not text; take it out of the folder or convert it")
    return text
