"""Who can reach the program, and whether that was meant."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from assistant.settings import Settings
from corpus.errors import UserError


def check_exposure(settings: Settings) -> None:
    """Raises UserError where other machines could reach a program that asks nobody who they are."""
    if settings.open or settings.asks_who or is_local(settings.host):
        return
    raise UserError(
        f"On {settings.host} other machines can reach this program, and it asks nobody who they are: let people sign "
        "in (ASSISTANT_USERS, or ASSISTANT_TRUST_HEADER behind a proxy), leave --host out, or give --open to serve "
        "everybody."
    )


def check_tools_exposure(host: str, *, everybody: bool) -> None:
    """Raises UserError where other machines could reach tools that never ask who calls them, unless `everybody` may."""
    if not everybody and not is_local(host):
        raise UserError(
            f"On {host} other machines can reach these tools, and nobody is asked who they are: leave --host out and "
            "put a proxy that asks before it, or give --open to serve everybody."
        )


def is_local(host: str) -> bool:
    """Whether only this machine's own programs reach what listens on a host; a name that cannot be resolved is not."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return False
    return all(ip_address(str(address[4][0]).partition("%")[0]).is_loopback for address in found)
