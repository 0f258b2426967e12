"""Every page as a picture, over the shipped documents: `make screenshots` writes them to `docs/screenshots`.

Pictures at 1280 and 360 px, some of them dark too; their colours are reduced, so that the repository stays small.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from corpus.errors import UserError
from evals.browsing import browser, build_index, served

if TYPE_CHECKING:
    from evals.browsing import Browser, Page

FOLDER = Path("docs/screenshots")
SIZES = {"": (1280, 800), "-phone": (360, 740)}
LARGEST = 200_000
"""Bytes of a picture."""
_COLOURS = (128, 64, 32, 16)
_WAIT = 60_000


@dataclass(frozen=True, slots=True)
class Shot:
    """A page under the name of its pictures: its path, what is done on it first, and whether it is shown dark too."""

    name: str
    path: str
    arrive: Callable[[Page], None]
    dark: bool = False


def _still(page: Page) -> None:
    page.locator("h1").first.wait_for()


def _greeted(page: Page) -> None:
    page.locator(".try button").first.wait_for()


def _ask(question: str, sign: str) -> Callable[[Page], None]:
    def asked(page: Page) -> None:
        box = page.locator("#question textarea")
        box.fill(question)
        box.press("Enter")
        page.locator(sign).first.wait_for()

    return asked


def _checked(page: Page) -> None:
    """The first definition, with a word of it changed and its end left out."""
    page.get_by_role("link", name="Definitions").click()
    page.locator(".shelf a").first.click()
    wording = (page.locator(".wording").first.text_content() or "").strip()
    page.goto(page.url.partition("/definitions")[0] + "/definitions/check")
    words = wording.split(" ")
    page.locator("#text").fill(" ".join(["Most", *words[1 : len(words) * 3 // 4]]))
    page.locator("form.check button").click()
    page.locator("section .verdict").first.wait_for()


def _first(path: str) -> Callable[[Page], None]:
    """The first of a list."""

    def opened(page: Page) -> None:
        page.locator(f".shelf a[href^='{path}/']").first.click()
        _still(page)

    return opened


def _evaluation(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).wait_for()
    page.wait_for_timeout(1000)


# A page that is new is one line more here.
SHOTS = (
    Shot("welcome", "/", _greeted),
    Shot("ask", "/", _ask("What is a science park?", ".cite"), dark=True),
    Shot("refusal", "/", _ask("What is an incubator?", ".near"), dark=True),
    Shot("definitions", "/definitions", _still),
    Shot("definition", "/definitions", _first("/definitions")),
    Shot("check", "/definitions", _checked, dark=True),
    Shot("documents", "/documents", _still),
    Shot("document", "/documents", _first("/documents")),
    Shot("index", "/index", _still, dark=True),
    Shot("evaluation", "/evaluation/", _evaluation),
    Shot("review", "/review", _still),
    Shot("sign-in", "/sign-in", _still),
)


def main(folder: Path = FOLDER) -> None:
    """Write the pictures, and say of each how large it is."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, browser() as chromium:
        build_index(Path(place))
        with served(Path(place)) as address:
            for shot in SHOTS:
                _take(chromium, address, shot, folder)


def _take(chromium: Browser, address: str, shot: Shot, folder: Path) -> None:
    for ending, (width, height) in SIZES.items():
        context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page = context.new_page()
        page.set_default_timeout(_WAIT)
        response = page.goto(address + shot.path)
        if response is not None and response.status == 404:
            print(f"There is no {shot.path} in this program; no picture of it.", file=sys.stderr)
            context.close()
            return
        shot.arrive(page)
        if not ending:
            # An answer is brought into view by its beginning; a picture has room for the bar too.
            page.evaluate("scrollTo(0, 0)")
        _write(page, folder / f"{shot.name}{ending}.png")
        if shot.dark and not ending:
            page.emulate_media(color_scheme="dark")
            _write(page, folder / f"{shot.name}-dark.png")
        context.close()


def _write(page: Page, path: Path) -> None:
    page.wait_for_timeout(300)
    size = write_small(page.screenshot(), path)
    print(f"{path} {size // 1000} kB")


def write_small(picture: bytes, path: Path) -> int:
    """Write a PNG with no more colours than fit into `LARGEST` bytes; the bytes written."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in _COLOURS:
        small = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= LARGEST or colours == _COLOURS[-1]:
            break
    path.write_bytes(small.getvalue())
    return small.tell()


if __name__ == "__main__":
    try:
        main()
    except UserError as problem:
        sys.exit(str(problem))
