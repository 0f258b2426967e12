"""Pages drawn and words placed on them: in the right place, or not at all, and within limits."""

from __future__ import annotations

import os
import signal
import struct
import time
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import RectangleObject

from corpus.drawing import Drawing
from corpus.errors import UserError
from corpus.readers.pdfium import page_boxes, page_image
from corpus.readers.placing import Box, lines_of, places
from corpus.sandbox import sandbox
from tests.pdfs import SECOND, THIRD, write_pdf


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "harbour.pdf")


@pytest.fixture
def drawing() -> Iterator[Drawing]:
    made = Drawing()
    yield made
    made.close()


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_a_page_is_a_picture_of_the_width_asked_for_with_ink_where_its_words_are(pdf: Path) -> None:
    png = page_image(pdf, 2, 800)
    assert size_of(png) == (800, 1200)
    length = struct.unpack(">I", png[33:37])[0]
    rows = zlib.decompress(png[41 : 41 + length])
    stride = len(rows) // 1200
    dark = [at for at in range(1200) if min(rows[at * stride + 1 : (at + 1) * stride]) < 100]
    assert 570 <= dark[0] <= 600
    assert 635 <= dark[-1] <= 655


def test_a_page_as_long_as_a_street_is_drawn_small(tmp_path: Path) -> None:
    from fpdf import FPDF

    long = FPDF(unit="pt", format=(20, 14_000))
    long.add_page()
    long.output(str(tmp_path / "long.pdf"))
    width, height = size_of(page_image(tmp_path / "long.pdf", 1, 1600))
    assert width * height <= 8_100_000


def test_words_over_two_lines_get_a_box_a_line_where_they_stand(pdf: Path) -> None:
    text = "\n".join(SECOND)
    start, end = text.index("a flame"), text.index(" and a keeper")
    (placed,) = page_boxes(pdf, 2, text, [(start, end)])
    assert placed is not None
    first, second = placed.lines
    assert 0.45 < first.top < 0.5 < first.top + first.height < 0.51
    assert second.top > first.top + 0.02
    assert first.left > 0.55
    assert second.left == pytest.approx(50 / 400, abs=0.01)
    assert first.left + first.width > second.left + second.width


def test_the_boxes_of_a_page_that_is_turned_and_cropped_are_where_it_is_drawn(pdf: Path, tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=pdf)
    page = writer.pages[1]
    # Upright, the words stand at 0.5 of the height; of the upper two thirds that stay they are at 0.75.
    page.cropbox = RectangleObject((0, 200, 400, 600))
    page.rotate(90)
    writer.write(tmp_path / "turned.pdf")
    (placed,) = page_boxes(tmp_path / "turned.pdf", 2, SECOND[0], [(0, 9)])
    assert placed is not None
    (box,) = placed.lines
    assert box.left + box.width / 2 == pytest.approx(0.25, abs=0.02)
    assert box.top == pytest.approx(50 / 400, abs=0.01)
    assert box.height > 2 * box.width
    assert size_of(page_image(tmp_path / "turned.pdf", 2, 800)) == (800, 800)


def test_words_that_the_readers_break_and_hyphenate_otherwise_are_found(pdf: Path) -> None:
    text = "A lan-\ntern is a VESSEL  of light; it"
    (placed,) = page_boxes(pdf, 2, text, [(0, len(text))])
    assert placed is not None
    assert len(placed.lines) == 1


def test_words_that_stand_three_times_are_told_apart_by_their_place_in_the_text(pdf: Path) -> None:
    starts = [at for at in range(len(THIRD)) if THIRD.startswith("The", at)]
    found = page_boxes(pdf, 3, THIRD, [(at, at + 10) for at in starts])
    lefts = [one.lines[0].left for one in found if one]
    assert len(lefts) == 3
    assert lefts == sorted(set(lefts))


def test_words_that_are_not_on_the_page_get_no_box_rather_than_a_wrong_one(pdf: Path) -> None:
    text = "A lantern is a vessel of darkness"
    assert page_boxes(pdf, 2, text, [(0, len(text)), (0, 9)])[0] is None
    assert page_boxes(pdf, 2, "?! —", [(0, 4)]) == [None]


def test_lines_in_another_order_are_found_one_by_one_and_few_letters_nowhere() -> None:
    shown = list("right column ends here left column begins here or so")
    text = "left column begins here\nright column ends here"
    (found,) = places(shown, text, [(0, len(text))])
    assert found is not None
    assert "".join(shown[at] for at in found) == "left column begins hereright column ends here"
    assert places(shown, "left column begins here\nso", [(0, 26)]) == [None]


def test_characters_of_two_columns_are_not_merged_over_the_gap() -> None:
    row = [Box(0.1, 0.5, 0.01, 0.02), Box(0.112, 0.5, 0.01, 0.02), Box(0.6, 0.5, 0.01, 0.02)]
    first, second = lines_of(row)
    assert (first.left, round(first.width, 3)) == (0.1, 0.022)
    assert second == row[2]


@pytest.mark.parametrize(
    ("number", "reason"), [(0, "it has 3 pages and no page 0"), (4, "it has 3 pages and no page 4")]
)
def test_a_page_that_is_not_there_is_refused_with_its_number(pdf: Path, number: int, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        page_image(pdf, number, 800)


def test_a_cut_file_is_refused_in_words(pdf: Path) -> None:
    pdf.write_bytes(pdf.read_bytes()[:90])
    with pytest.raises(UserError, match=r"its page 1 cannot be drawn .*; save it anew"):
        page_image(pdf, 1, 800)


def _boom(path: Path, sign: int) -> bytes:
    os.kill(os.getpid(), sign)
    return path.read_bytes()


def _sleep() -> bytes:
    time.sleep(60)
    return b""


def test_a_page_that_crashes_or_hangs_costs_itself_and_the_next_one_is_drawn(pdf: Path) -> None:
    with sandbox(seconds=6) as child:
        with pytest.raises(UserError, match="exit code -11"):
            child.run(partial(_boom, pdf, signal.SIGSEGV))
        with pytest.raises(UserError, match="took more than 6 s"):
            child.run(_sleep)
        assert size_of(child.run(partial(page_image, pdf, 1, 800))) == (800, 1200)


def test_a_page_is_drawn_once_and_a_refusal_is_kept_too(pdf: Path, drawing: Drawing) -> None:
    first = drawing.image(pdf, "one", 1, 800)
    with pytest.raises(UserError, match="no page 9"):
        drawing.image(pdf, "one", 9, 800)
    pdf.unlink()
    assert drawing.image(pdf, "one", 1, 800) is first
    with pytest.raises(UserError, match="no page 9"):
        drawing.image(pdf, "one", 9, 800)
    with pytest.raises(UserError, match="its file is no longer there"):
        drawing.image(pdf, "another", 1, 800)


def test_a_page_that_was_refused_is_tried_again_after_a_while(
    pdf: Path, drawing: Drawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.drawing.RETRY", 0.0)
    kept = pdf.read_bytes()
    pdf.write_bytes(kept[:90])
    with pytest.raises(UserError):
        drawing.image(pdf, "one", 1, 800)
    pdf.write_bytes(kept)
    assert size_of(drawing.image(pdf, "one", 1, 800)) == (800, 1200)


def test_pictures_that_are_kept_are_bounded_and_the_oldest_goes_first(pdf: Path) -> None:
    drawing = Drawing(kept=1)
    for number in (1, 2):
        drawing.image(pdf, "one", number, 800)
    assert [key[1] for key in drawing._answers] == [2]
    drawing.close()
