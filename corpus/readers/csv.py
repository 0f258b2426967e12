"""CSV: a glossary (term, definition, source) becomes a section an entry, another table a line a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.errors import UserError
from corpus.readers.encoding import decode
from corpus.readers.types import Block, Reading, assemble, sections_from

_TERM = ("term", "word", "name", "entry", "acronym", "termino", "término", "terme", "begriff", "termo", "术语")
_MEANING = ("definition", "meaning", "description", "definicion", "definición", "définition", "definição", "定义")


def read(path: Path) -> Reading:
    """Raises UserError when the file holds no rows."""
    text, remarks = decode(path.read_bytes())
    rows = [[cell.strip() for cell in row] for row in _rows(text)]
    rows = [row for row in rows if any(row)]
    if len(rows) < 2:
        raise UserError("it holds no table: expected a first line of column names and a row below it")
    made, headings = assemble(_entries(rows) if _is_glossary(rows[0]) else _lines(rows))
    return Reading(made, sections_from(headings, len(made)), remarks=remarks)


def _rows(text: str) -> Iterator[list[str]]:
    try:
        dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
    except csv.Error:
        dialect = "excel"
    try:
        yield from csv.reader(io.StringIO(text, newline=""), dialect)
    except csv.Error as error:
        raise UserError(f"it cannot be read as CSV ({error}); save it anew as CSV") from error


def _is_glossary(header: Sequence[str]) -> bool:
    names = [name.casefold() for name in header]
    return any(name in _TERM for name in names) and any(name in _MEANING for name in names)


def _entries(rows: Sequence[Sequence[str]]) -> Iterator[Block]:
    """The term as a heading, its meaning below it, then the other columns by their names."""
    header = [name.casefold() for name in rows[0]]
    term = next(at for at, name in enumerate(header) if name in _TERM)
    meaning = next(at for at, name in enumerate(header) if name in _MEANING)
    for row in rows[1:]:
        cells = dict(enumerate(row))
        yield Block(cells.get(term, ""), level=1)
        yield Block(cells.get(meaning, ""))
        for at, name in enumerate(rows[0]):
            if at not in (term, meaning) and cells.get(at):
                yield Block(f"{name}: {cells[at]}", tight=True)


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[Block]:
    """Each row as "name: cell; name: cell.", so that a row can be quoted and understood alone."""
    for row in rows[1:]:
        cells = [f"{name}: {cell}" if name else cell for name, cell in zip(rows[0], row, strict=False) if cell]
        yield Block("; ".join(cells) + ".")
