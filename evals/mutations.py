"""Damaged copies of PDF files, made by a seed, for `evals.bench_files`.

A mutation is named "seed/number" and has the same bytes wherever the folder holds the same files.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_MOST_UNPACKED = 2_000_000
# Files far below this size are equally likely; those far above it are the rarer the larger they are.
_SMALL = 2**15
# A piece is at most this share of its file: a file that is mostly gone is refused at its first line.
_LONGEST_PIECE = 1 / 8
_TIMES = (1, 1, 2, 3, 5, 8)
_NUMBER = re.compile(rb"[-+]?\d+")
_OBJECT = re.compile(rb"\d+ \d+ obj\b.*?endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_NUMBERS = (
    b"-1", b"0", b"1", b"255", b"256", b"65535", b"65536", b"2147483647", b"-2147483648", b"4294967296",
    b"9999999999", b"-99999999999999999999", b"1" + b"0" * 40, b"9" * 5000, b"0.00000001", b"1e308", b"--5", b"1.2.3",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutation:
    """One damaged file: `source` is the file that it was made from, below the folder."""

    label: str
    source: str
    make: Callable[[], bytes]


def pdf_files(folder: Path) -> list[Path]:
    """Every PDF below a folder, in an order that does not depend on the file system."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() == ".pdf" and path.is_file())
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def mutations(folder: Path, seed: int, numbers: Sequence[int]) -> list[Mutation]:
    """The mutations of these numbers. Small files are chosen more often: they are read sooner."""
    files = pdf_files(folder)
    weights = [1 / (path.stat().st_size + _SMALL) for path in files]
    return [_mutation(folder, files, weights, f"{seed}/{number}") for number in numbers]


def _mutation(folder: Path, files: Sequence[Path], weights: Sequence[float], label: str) -> Mutation:
    source = random.Random(label).choices(files, weights)[0]

    def make() -> bytes:
        # Seeded by the name: Python hashes a string seed the same way in every process.
        generator = random.Random(f"{label} {source.name}")
        data = source.read_bytes()
        for _ in range(generator.choice(_TIMES)):
            if data:
                data = generator.choice(_WAYS)(data, generator, files)
        return data

    return Mutation(label, source.relative_to(folder).as_posix(), make)


def _place(data: bytes, generator: random.Random) -> tuple[int, int]:
    """The ends of a piece that is mostly short and sometimes long."""
    start = generator.randrange(len(data))
    longest = min(2 ** generator.randrange(1, 15), 1 + int(len(data) * _LONGEST_PIECE))
    return start, start + generator.randrange(1, longest + 1)


def _flip(data: bytes, generator: random.Random, files: Sequence[Path]) -> bytes:  # noqa: ARG001
    changed = bytearray(data)
    for _ in range(generator.randrange(1, 33)):
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def _overwrite(data: bytes, generator: random.Random, files: Sequence[Path]) -> bytes:  # noqa: ARG001
    start, end = _place(data, generator)
    end = min(end, len(data))
    run = bytes([generator.randrange(256)]) * (end - start) if generator.random() < 0.5 else None
    return data[:start] + (run or generator.randbytes(end - start)) + data[end:]


def _delete(data: bytes, generator: random.Random, files: Sequence[Path]) -> bytes:  # noqa: ARG001
    start, end = _place(data, generator)
    return data[:start] + data[end:]


def _duplicate(data: bytes, generator: random.Random, files: Sequence[Path]) -> bytes:  # noqa: ARG001
    start, end = _place(data, generator)
    return data[:end] + data[start:end] * generator.choice((1, 1, 2, 20)) + data[end:]


def _truncate(data: bytes, generator: random.Random, files: Sequence[Path]) -> bytes:  # noqa: ARG001
    return data[: generator.randrange(len(data))]


def _splice(data: bytes, generator: random.Random, files: Sequence[Path]) -> bytes:
    """A piece of another file put in, over what was there or between."""
    start, end = _place(data, generator)
    other = generator.choice(files).read_bytes() or data
    first, last = _place(other, generator)
    return data[:start] + other[first:last] + data[end if generator.random() < 0.5 else start :]


def _number(data: bytes, generator: random.Random, files: Sequence[Path]) -> bytes:  # noqa: ARG001
    match = _NUMBER.search(data, generator.randrange(len(data)))
    return data[: match.start()] + generator.choice(_NUMBERS) + data[match.end() :] if match else data


def _swap(data: bytes, generator: random.Random, files: Sequence[Path]) -> bytes:  # noqa: ARG001
    spans = [match.span() for match in _OBJECT.finditer(data)]
    if len(spans) < 2:
        return data
    (start, end), (first, last) = sorted(generator.sample(spans, 2))
    return data[:start] + data[first:last] + data[end:first] + data[start:end] + data[last:]


def _repack(data: bytes, generator: random.Random, files: Sequence[Path]) -> bytes:
    """What a stream holds, unpacked, damaged and packed again, so that the damage comes through."""
    spans = [match.span(1) for match in _STREAM.finditer(data)]
    if not spans:
        return data
    start, end = generator.choice(spans)
    try:
        inner = zlib.decompressobj().decompress(data[start:end], _MOST_UNPACKED)
    except zlib.error:
        return data
    for _ in range(generator.choice(_TIMES)):
        if inner:
            inner = generator.choice(_INNER_WAYS)(inner, generator, files)
    return data[:start] + zlib.compress(inner) + data[end:]


_Way = Callable[[bytes, random.Random, Sequence[Path]], bytes]
_INNER_WAYS: tuple[_Way, ...] = (_flip, _overwrite, _delete, _duplicate, _number, _number)
# Cutting a file off ends most reading at once: it comes less often than the others.
_WAYS: tuple[_Way, ...] = (
    _flip, _overwrite, _delete, _duplicate, _splice, _number, _swap, _repack,
    _flip, _overwrite, _delete, _duplicate, _splice, _number, _swap, _repack, _number, _repack, _truncate,
)  # fmt: skip
