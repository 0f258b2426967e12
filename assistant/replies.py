"""What a model replied, kept on the disk: the only file that imports diskcache.

Only the raw replies are kept, as JSON and never pickled, and every one is verified again each time it is
used: a kept reply that somebody changed can mislead no more than a model can.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import zlib
from pathlib import Path
from typing import Any, Protocol

log = logging.getLogger(__name__)
_MOST_BYTES = 200_000_000


class Replies(Protocol):
    """Replies by the digest of everything that they depend on."""

    def get(self, key: str, /) -> str | None: ...

    def set(self, key: str, reply: str, /) -> None: ...


class KeptReplies:
    """Replies in a folder, the ones used least thrown away above 200 MB.

    A folder that cannot be read or written, a full disk or a locked file cost the kept replies and no answer.
    """

    def __init__(self, folder: Path) -> None:
        from diskcache import Cache, JSONDisk, Timeout  # type: ignore[import-untyped]

        self._troubles = (OSError, sqlite3.Error, Timeout, zlib.error, ValueError)
        self._cache: Any = None
        try:
            self._cache = Cache(str(folder), disk=JSONDisk, size_limit=_MOST_BYTES)
        except self._troubles as error:
            log.warning("Replies of the model are not kept in %s: %s", folder, error)

    def get(self, key: str) -> str | None:
        if self._cache is None:
            return None
        try:
            found = self._cache.get(key)
        except self._troubles as error:
            log.warning("A kept reply of the model could not be read: %s", error)
            return None
        return found if isinstance(found, str) else None

    def set(self, key: str, reply: str) -> None:
        if self._cache is None:
            return
        try:
            self._cache.set(key, reply)
        except self._troubles as error:
            log.warning("A reply of the model could not be kept: %s", error)

    def close(self) -> None:
        if self._cache is not None:
            self._cache.close()


def digest(*parts: Any) -> str:
    """A digest of plain JSON values, whatever characters they hold."""
    told = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()
