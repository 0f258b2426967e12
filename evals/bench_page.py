"""What a member waits for, in a real browser: the first paint, an answer, and whether the page jumps meanwhile.

`python -m evals.bench_page` prints a table; machines are shared and noisy, so compare figures of one run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import UserError
from evals.browsing import browser, build_index, served
from evals.questions import SETS, read_questions

if TYPE_CHECKING:
    from evals.browsing import Browser, BrowserContext, Page

QUESTIONS = 30
PAINT, ANSWER, SHIFT = 1.0, 0.3, 0.0
"""The bars: seconds to the first paint, seconds to an answer (median), the sum of layout shifts."""
_WAIT = 60_000
# Before any script of the page: when something useful is there, when an answer is, and what has jumped.
_WATCH = """
window.seen = { useful: null, sent: 0, shown: 0, shifts: [] };
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    const name = (node) => (node && node.closest ? node.id || node.className || node.tagName : "text");
    const names = one.sources.map((source) => name(source.node));
    window.seen.shifts.push([one.value, one.hadRecentInput, one.startTime, names]);
  }
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter") window.seen.sent = performance.now();
}, true);
new MutationObserver(() => {
  const now = performance.now();
  if (window.seen.useful === null && document.querySelector(".welcome h1")) window.seen.useful = now;
  const turn = [...document.querySelectorAll(".turn")].pop();
  if (turn && turn.dataset.state === "done" && turn.id !== window.seen.turn) {
    window.seen.turn = turn.id;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.seen.shown = performance.now(); }));
  }
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-state"] });
"""


@dataclass(frozen=True, slots=True)
class Shifts:
    """The sums of layout shifts: those that follow no key by half a second, and all; and what moved most often."""

    plain: float
    all: float
    names: tuple[str, ...]

    @classmethod
    def of(cls, entries: Sequence[list[Any]]) -> Shifts:
        """From entries of value, whether a key came shortly before, time, and the names of what moved."""
        names = Counter(name for entry in entries for name in entry[3])
        plain = sum(value for value, after_key, *_ in entries if not after_key)
        return cls(plain, sum(entry[0] for entry in entries), tuple(name for name, _ in names.most_common(5)))


def main() -> None:
    """Print the table, with the bar of each figure."""
    with tempfile.TemporaryDirectory() as place, browser() as chromium:
        folder = Path(place)
        build_index(folder)
        with served(folder, ready=False) as address:
            cold = _opened(chromium, address)
        with served(folder) as address:
            _opened(chromium, address)
            first = [_opened(chromium, address) for _ in range(5)]
            again = _again(chromium, address)
            answers, shifts = _answers(chromium, address)
    print("| what | found | bar |")
    print("| --- | --- | --- |")
    _row("first contentful paint, server just started", cold["paint"], PAINT)
    _row("the greeting, server just started", cold["useful"], PAINT)
    _row("first contentful paint, empty cache, median of 5", _median(first, "paint"), PAINT)
    _row("the greeting, empty cache, median of 5", _median(first, "useful"), PAINT)
    _row("first contentful paint, once more", again["paint"], PAINT)
    _row("the greeting, once more", again["useful"], PAINT)
    print(f"| bytes that came for the page, empty cache | {first[0]['bytes'] / 1000:,.0f} kB | |")
    _row(f"from Enter to the answer, median of {len(answers)}", statistics.median(answers), ANSWER)
    _row("from Enter to the answer, 95 in a hundred", sorted(answers)[int(0.95 * len(answers))], None)
    print(f"| layout shift while answering, without what follows a key | {shifts.plain:.4f} | {SHIFT:g} |")
    print(f"| layout shift while answering, all | {shifts.all:.4f} | |")
    print(f"| what jumps most often | {', '.join(shifts.names) or 'nothing'} | |")


def _row(what: str, seconds: float, bar: float | None) -> None:
    print(f"| {what} | {seconds:.2f} s | {f'{bar:g} s' if bar is not None else ''} |")


def _median(runs: Sequence[dict[str, float]], name: str) -> float:
    return statistics.median(run[name] for run in runs)


def _context(chromium: Browser) -> BrowserContext:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(_WAIT)
    context.add_init_script(_WATCH)
    return context


def _opened(chromium: Browser, address: str) -> dict[str, float]:
    """Seconds from navigation to the first paint and to the greeting, with nothing in the browser's cache."""
    context = _context(chromium)
    found = _measured(context.new_page(), address)
    context.close()
    return found


def _again(chromium: Browser, address: str) -> dict[str, float]:
    context = _context(chromium)
    _measured(context.new_page(), address)
    found = _measured(context.new_page(), address)
    context.close()
    return found


def _measured(page: Page, address: str) -> dict[str, float]:
    page.goto(address)
    page.wait_for_function("window.seen.useful !== null")
    found: dict[str, float] = page.evaluate(
        """() => ({
          paint: performance.getEntriesByName("first-contentful-paint")[0].startTime / 1000,
          useful: window.seen.useful / 1000,
          bytes: performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
            .reduce((sum, one) => sum + one.transferSize, 0),
        })"""
    )
    return found


def _answers(chromium: Browser, address: str) -> tuple[list[float], Shifts]:
    """Seconds from Enter to the rendered answer for each question, and the shifts meanwhile."""
    questions = [one.question for one in read_questions(SETS / "start.jsonl")][:QUESTIONS]
    context = _context(chromium)
    page = context.new_page()
    page.goto(address)
    page.locator(".try button").first.wait_for()
    page.wait_for_timeout(1000)
    begun = page.evaluate("performance.now()")
    waited = [_asked(page, number, question) for number, question in enumerate(questions, 1)]
    shifts: list[list[Any]] = page.evaluate("window.seen.shifts")
    context.close()
    return waited, Shifts.of([one for one in shifts if one[2] >= begun])


def _asked(page: Page, number: int, question: str) -> float:
    box = page.locator("#question textarea")
    box.fill(question)
    box.press("Enter")
    page.wait_for_function(f"window.seen.turn === 't{number}' && window.seen.shown > window.seen.sent")
    return float(page.evaluate("(window.seen.shown - window.seen.sent) / 1000"))


if __name__ == "__main__":
    try:
        main()
    except UserError as problem:
        sys.exit(str(problem))
