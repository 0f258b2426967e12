"""How often somebody may ask or send a file. The one file that knows the library `limits`."""

from __future__ import annotations

import logging
import math
import time
from ipaddress import IPv6Address, ip_address
from typing import Literal, cast

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from corpus.errors import UserError

Kind = Literal["question", "upload"]
MEMORY = "memory"
_NAMESPACE = "assistant"
log = logging.getLogger(__name__)


class Limits:
    """Counts by person, or by address where the person is not known.

    `address` is "memory" for this process alone, or a Redis server that several processes count in. While
    that cannot be reached, each process counts for itself. A limit of 0 is none. Raises UserError for an
    address that is neither.
    """

    def __init__(self, address: str = MEMORY, *, questions_a_minute: int = 60, uploads_an_hour: int = 300) -> None:
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = None if address == MEMORY else SlidingWindowCounterRateLimiter(_redis(address))
        self._items: dict[Kind, RateLimitItem] = {}
        if questions_a_minute:
            self._items["question"] = RateLimitItemPerMinute(questions_a_minute, namespace=_NAMESPACE)
        if uploads_an_hour:
            self._items["upload"] = RateLimitItemPerHour(uploads_an_hour, namespace=_NAMESPACE)
        self._is_alone = False

    def wait(self, kind: Kind, who: str) -> int:
        """0 where it may be, which is then counted; else the seconds until the next one may be."""
        item = self._items.get(kind)
        if item is None:
            return 0
        if self._shared is not None:
            try:
                waited = _waited(self._shared, item, kind, who)
            except StorageError as error:
                self._say_alone(error)
            else:
                self._is_alone = False
                return waited
        return _waited(self._own, item, kind, who)

    def _say_alone(self, error: StorageError) -> None:
        if not self._is_alone:
            log.warning("ASSISTANT_LIMITS cannot be reached, this process counts for itself meanwhile: %s", error)
        self._is_alone = True


def _waited(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, kind: Kind, who: str) -> int:
    if limiter.hit(item, kind, who):
        return 0
    return max(1, math.ceil(limiter.get_window_stats(item, kind, who).reset_time - time.time()))


def _redis(address: str) -> Storage:
    if not address.startswith(("redis://", "rediss://", "unix://")):
        raise UserError(_wrong(address))
    # Connecting fails before the first command, too: hence no look at the server here.
    options: dict[str, float | str | bool] = {"wrap_exceptions": True, "socket_timeout": 1, "socket_connect_timeout": 1}
    try:
        name = f"redis+{address}" if address.startswith("unix://") else address
        return cast(Storage, storage_from_string(name, **options))
    except (ConfigurationError, StorageError, ValueError) as error:
        raise UserError(_wrong(address)) from error


def _wrong(address: str) -> str:
    # An address may hold a password.
    shown = address.partition("://")[0] + "://…" if "://" in address else repr(address)
    return f"ASSISTANT_LIMITS is {shown}, expected memory, or a Redis server such as redis://127.0.0.1:6379/0."


def source_of(address: str) -> str:
    """What of an address one asker has to itself: of IPv6 the network that providers give to one customer.

    >>> source_of("192.0.2.7"), source_of("2001:db8:1:2:3:4:5:6"), source_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8:1:2::/64', '192.0.2.7')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"


def is_here(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
