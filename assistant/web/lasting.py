"""Files that never change under their name are kept by the browser: the framework's scripts are fetched once."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The name holds a hash of what is in it, as the framework's builder makes it: new words have a new name.
_HASHED = re.compile(r"/assets/(?:.*[-.])?[\w-]{8}\.(?:js|css|woff2?|svg|wasm)$")
_A_YEAR = "public, max-age=31536000, immutable"


class Lasting:
    """Says of each such file that it stays as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                MutableHeaders(scope=message)["Cache-Control"] = _A_YEAR
            await send(message)

        lasts = scope["type"] == "http" and _HASHED.search(scope["path"])
        await self.app(scope, receive, marked if lasts else send)
