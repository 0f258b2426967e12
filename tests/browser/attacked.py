"""What attempts would do in a browser, and how a browser tells that they did it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, Response

from tests.attempts import EVIL, leads_astray
from tests.browser.conftest import DESKTOP

# What a script of an attempt does when it runs; `TELLTALE` has each page say so.
OWN = "window.__owned=1"
TELLTALE = 'Object.defineProperty(window, "__owned", { set: () => console.error("A script of an attempt ran.") });'
LIVE = (
    f"<script>{OWN}</script>",
    f"</script><script>{OWN}</script>",
    f"</style></title></textarea></template><img src=y onerror={OWN}>",
    f"<svg onload={OWN}></svg>",
    f"<svg><script>{OWN}</script></svg>",
    f"<math><mtext></p><style><img src=y onerror={OWN}></style></mtext></math>",
    f"<details open ontoggle={OWN}>",
    f"<input autofocus onfocus={OWN}>",
    f"<video onerror={OWN}><source></video>",
    f'<iframe srcdoc="<script>parent.{OWN[7:]}</script>"></iframe>',
    f'<a href="javascript:{OWN}" id=transcript>x</a>',
    f'" autofocus onfocus={OWN} x="',
    f"' onmouseover={OWN} x='",
    f"${{{OWN}}}{{{{{OWN}}}}}",
    f"`${{{OWN}}}`",
    f"\\x3cimg src=y onerror={OWN}\\x3e",
    f"&#60;img src=y onerror={OWN}&#62;",
    "<img src=//evil.example/p.png srcset=//evil.example/q.png>",
    "<link rel=stylesheet href=//evil.example/s.css>",
    "<style>@import '//evil.example/s.css'; body { display: none }</style>",
    '<meta http-equiv=refresh content="0;url=//evil.example">',
    "<form action=//evil.example><button autofocus>go</button></form>",
    "<object data=//evil.example></object><embed src=//evil.example>",
    "<p style=background:url(//evil.example/b.png)>y</p>",
    "<script src=//evil.example/s.js></script>",
    '<div><template shadowrootmode=open><img src=y></template></div>',
)  # fmt: skip
ATTEMPTS = (*EVIL, *LIVE)
EVERY = " ".join(ATTEMPTS)

# The kinds of elements below some: their tags with the names of their attributes.
_KINDS = """roots => roots.flatMap(root => [...root.querySelectorAll("*")]).map(one =>
  [one.localName, ...one.getAttributeNames().sort(), ...(one.shadowRoot ? ["#shadow"] : [])].join(" "))"""
_ADDRESSES = """roots => roots.flatMap(root =>
  ["href", "src", "srcset", "action", "formaction", "data", "poster", "srcdoc"].flatMap(name =>
    [...root.querySelectorAll(`[${name}]`)].map(one => one.getAttribute(name))))"""


def batches(longest: int) -> list[str]:
    """All attempts, as many in one text as its length allows."""
    made = [""]
    for one in ATTEMPTS:
        if len(made[-1]) + len(one) >= longest:
            made.append("")
        made[-1] += f" {one}" if made[-1] else one
    return made


ASKED = batches(560)
"""As many attempts in one question as are shown of it."""


def plain(name: str) -> str:
    """A name that a file can have."""
    return name.replace("/", "").replace("\\", "")


def lost(shown: str, attempts: Iterable[str] = ATTEMPTS) -> list[str]:
    """The attempts that are not in a text to the letter, white space apart."""
    held = " ".join(shown.split())
    return [one for one in attempts if " ".join(one.split()) not in held]


class Watched:
    """Pages of a browser, and all that an attempt did there: what ran, what was refused, what was asked of others."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(
            viewport=DESKTOP,  # type: ignore[arg-type]
            permissions=["clipboard-read", "clipboard-write"],
        )
        self.context.add_init_script(TELLTALE)
        self.done: list[str] = []
        self._errors: list[tuple[str, str]] = []
        self._refused: list[str] = []
        self.context.on("dialog", self._dialog)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.done.append(str(error.error)))
        self.context.on("request", self._request)
        self.context.on("response", self._response)
        self.page = self.context.new_page()

    def open(self, address: str) -> Page:
        self.page.goto(address)
        return self.page

    def close(self) -> None:
        """The pages are closed; fails where an attempt did anything on one of them."""
        # What a script was about to do is still done.
        self.page.wait_for_timeout(100)
        # The browser itself writes a line where a page, or what a page of ours asks for, is answered with 404 or 400.
        errors = [text for text, url in self._errors if "with a status of 4" not in text or url not in self._refused]
        done = self.done + errors
        self.context.close()
        assert not done, done

    def _dialog(self, dialog: Dialog) -> None:
        self.done.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, message: ConsoleMessage) -> None:
        # What the policy of a page refuses is told here too.
        if message.type == "error":
            self._errors.append((message.text, message.location["url"]))

    def _request(self, request: Request) -> None:
        # A file is opened by a test alone.
        here = ("http://127.0.0.1:", "data:", "blob:", *(("file:",) if request.resource_type == "document" else ()))
        if not request.url.startswith(here):
            self.done.append(f"request: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type in ("document", "fetch"):
            self._refused.append(response.url)


def kinds(page: Page, part: str = "html") -> set[str]:
    """The kinds of elements within all parts of a page that a selector names."""
    return set(page.locator(part).evaluate_all(_KINDS))


def is_built_as(page: Page, harmless: set[str], part: str = "html") -> None:
    """The parts of a page have no kind of element that they do not have with harmless words, and lead nowhere else."""
    made = kinds(page, part) - harmless
    astray = [one for one in page.locator(part).evaluate_all(_ADDRESSES) if leads_astray(one)]
    assert not made, made
    assert not astray, astray


def shows(page: Page, part: str = "body", attempts: Sequence[str] = ATTEMPTS) -> None:
    """A reader sees the attempts as they were written."""
    missing = lost("\n".join(page.locator(part).all_inner_texts()), attempts)
    assert not missing, missing
