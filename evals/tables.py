"""Tables of questions as staff write them, in CSV or XLSX. Only file that imports openpyxl.

A row a question, the columns named as in the contract. A question with several pieces of evidence
has the columns `evidence`, `evidence 2` and so on, beside each `document`, `document 2` where the
quote must stand in one document. `must_include` and `must_not_include` hold a string a line, and
`history` a turn a line: "user: …", "assistant: …".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from corpus.errors import UserError
from corpus.readers.encoding import decode

TABLES = (".csv", ".xlsx")
_NUMBERED = re.compile(r"(evidence|document)(?: (\d+))?")
_TURN = re.compile(r"(user|assistant)\s*:\s*(.+)", re.IGNORECASE)
_LINES = ("must_include", "must_not_include")


def read_table(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows with their line numbers, in the contract's shape. Raises UserError where the file is no such table."""
    rows = _xlsx(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    header = next(rows, None)
    if header is None:
        return
    names = [cell.strip().lower().replace("-", "_") for cell in header[1]]
    if "question" not in names or "behaviour" not in names:
        raise UserError(
            f"{path}:{header[0]}: found the columns {', '.join(filter(None, names)) or 'none'}; expected at least "
            "question and behaviour in the first row."
        )
    for number, cells in rows:
        if any(cell.strip() for cell in cells):
            yield number, _row(f"{path}:{number}", dict(zip(names, cells, strict=False)))


def _csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text, _ = decode(path.read_bytes())
    except OSError as error:
        raise UserError(f"The question set {path} cannot be read ({error.strerror}).") from error
    first = text.split("\n", 1)[0]
    # Excel writes semicolons where the comma is the decimal sign.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    line = 1
    for cells in reader:
        yield line, cells
        # A cell may hold several lines.
        line = reader.line_num + 1


def _xlsx(path: Path) -> Iterator[tuple[int, list[str]]]:
    from zipfile import BadZipFile

    import openpyxl  # type: ignore[import-untyped]

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, OSError, ValueError) as error:
        raise UserError(f"The question set {path} cannot be read as a spreadsheet ({type(error).__name__}).") from error
    try:
        for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
            yield number, ["" if cell is None else str(cell) for cell in row]
    finally:
        book.close()


def _row(place: str, cells: Mapping[str, str]) -> Mapping[str, Any]:
    row: dict[str, Any] = {}
    evidence: dict[str, dict[str, str]] = {}
    for name, cell in cells.items():
        if not name or not cell.strip():
            continue
        if match := _NUMBERED.fullmatch(name):
            key = "quote" if match[1] == "evidence" else "document_id"
            # A quote is taken as it stands; only a cell's own last line break is none of it.
            evidence.setdefault(match[2] or "1", {})[key] = cell.strip("\r\n") if key == "quote" else cell.strip()
        elif name in _LINES:
            row[name] = [line.strip() for line in cell.splitlines() if line.strip()]
        elif name == "history":
            row[name] = [_turn(place, line) for line in cell.splitlines() if line.strip()]
        else:
            row[name] = cell
    if evidence:
        row["evidence"] = [evidence[number] for number in sorted(evidence, key=int)]
    return row


def _turn(place: str, line: str) -> dict[str, str]:
    match = _TURN.match(line.strip())
    if match is None:
        raise UserError(f'{place}: found the turn {line[:60]!r} in history, expected "user: …" or "assistant: …".')
    return {"role": match[1].lower(), "content": match[2].strip()}
