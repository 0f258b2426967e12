"""A server and a browser for what has to be seen or timed as a member meets it. Only file that imports playwright."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from corpus.errors import UserError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

__all__ = ["Browser", "BrowserContext", "Page", "browser", "build_index", "running", "served"]
INSTALL = "Playwright is missing: install it with `pip install 'association-assistant[dev]'`, or run `make setup`."
NO_BROWSER = "There is no chromium on this machine: install it, on Debian with `apt-get install chromium`."
# What a browser in a container needs, and what keeps it from calling its maker.
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_PATIENCE = 300.0


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium, without a window. Raises UserError where it or Playwright is missing."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UserError(INSTALL) from error
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise UserError(NO_BROWSER)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        try:
            yield started
        finally:
            started.close()


def build_index(folder: Path) -> None:
    """The index of the shipped documents in a folder, as the command line makes it."""
    subprocess.run(  # noqa: S603 - our own command
        [*_ASSISTANT, "index", "build"], cwd=folder, env=_defaults(), check=True, stdout=subprocess.DEVNULL
    )


@contextmanager
def served(folder: Path, *, ready: bool = True) -> Iterator[str]:
    """The address of `assistant chat --staff` in a folder: as soon as it listens, or once it can answer where `ready`.

    Raises UserError with what the program said where it ends, or takes too long.
    """
    with running(folder, "--staff", ready=ready) as (address, _):
        yield address


@contextmanager
def running(folder: Path, *options: str, ready: bool = True) -> Iterator[tuple[str, int]]:
    """The address and the process of `assistant chat` with some options, as `served`."""
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*_ASSISTANT, "chat", "--port", "0", *options], cwd=folder, env=_defaults(), stdout=file, stderr=file
        )
        try:
            address = _address(process, log)
            if ready:
                _wait_for(f"{address}/readyz", process, log)
            yield address, process.pid
        finally:
            process.terminate()
            process.wait()


def _defaults() -> dict[str, str]:
    """An environment without settings, so that all lies in the folder where the program runs, by relative paths."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
    return {**plain, "PYTHONPATH": str(Path(__file__).parents[1])}


_ASSISTANT = (sys.executable, "-m", "assistant")


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if found := _ADDRESS.search(log.read_text(encoding="utf-8", errors="replace")):
            return found[0]
        time.sleep(0.02)
    raise UserError(f"The server did not start: {_said(log)}")


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(address, timeout=5):  # noqa: S310 - our own server's address
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise UserError(f"{address} did not answer: {_said(log)}")


def _said(log: Path) -> str:
    return " ".join(log.read_text(encoding="utf-8", errors="replace").split())[-500:] or "it said nothing"
