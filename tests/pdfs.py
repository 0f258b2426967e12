"""Small PDF files, made by the test that needs them."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF

FIRST = "The harbour office keeps the lanterns since 1901."
SECOND = ("A lantern is a vessel of light: it has a flame,", "a glass and a keeper. Its keeper trims it at dusk.")
THIRD = "The keeper. The keeper. The keeper."


def write_pdf(path: Path) -> Path:
    """Three pages; the words of the second one stand in the middle of the page, on two lines."""
    pdf = FPDF(unit="pt", format=(400, 600))
    pdf.set_font("helvetica", size=12)
    for lines in ((FIRST,), SECOND, (THIRD,)):
        pdf.add_page()
        for number, line in enumerate(lines):
            pdf.text(50, 300 + 20 * number, line)
    pdf.output(str(path))
    return path
