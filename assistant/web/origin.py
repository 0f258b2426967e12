"""Whether a request that changes something came from a page of ours: another site may not act for who is here."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from corpus.errors import UserError

FOREIGN = (
    "This was asked for by a page of another address, which may change nothing here: open this program's own page."
)


def check_origin(request: HTTPConnection) -> None:
    """Raises UserError where a browser says that a request comes from elsewhere.

    Browsers say so in Sec-Fetch-Site, older ones in Origin. A program that is no browser sends neither:
    no page can make it act for somebody.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise UserError(FOREIGN)
    if (
        site is None
        and origin is not None
        and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    ):
        raise UserError(FOREIGN)
