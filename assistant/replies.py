"""What a model replied, kept on the disk: the only file that imports diskcache.

Only the raw replies are kept, as JSON and never pickled, and every one is verified again each time it is
used: a kept reply that somebody changed can mislead no more than a model can.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Protocol

_MOST_BYTES = 200_000_000


class Replies(Protocol):
    """Replies by the digest of everything that they depend on."""

    def get(self, key: str, /) -> str | None: ...

    def set(self, key: str, reply: str, /) -> None: ...


class KeptReplies:
    """Replies in a folder, the ones used least thrown away above 200 MB."""

    def __init__(self, folder: Path) -> None:
        from diskcache import Cache, JSONDisk  # type: ignore[import-untyped]

        self._cache: Any = Cache(str(folder), disk=JSONDisk, size_limit=_MOST_BYTES)

    def get(self, key: str) -> str | None:
        found = self._cache.get(key)
        return found if isinstance(found, str) else None

    def set(self, key: str, reply: str) -> None:
        self._cache.set(key, reply)

    def close(self) -> None:
        self._cache.close()


def digest(*parts: Any) -> str:
    """A digest of plain JSON values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
