"""A port for the application, taken before anything slow begins, and the server on it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web.stopping import Stopping
from corpus.errors import UserError


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UserError where the port or the address cannot be had.

    Port 0 takes any free port; the socket tells which.
    """
    if not 0 <= port <= 65535:
        raise UserError(f"{port} is not a port: choose one from 1 to 65535 with --port.")
    family, address = _resolve(host, port)
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(address)
        # Two sockets may be bound to a port until one of them listens: only then is it ours.
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise UserError(_reason(error, host, port)) from error
    return sock


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UserError(_foreign(host)) from error
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is already in use by another program: stop it, or choose another port with --port."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is kept for the system: choose one from 1024 on with --port."
    return _foreign(host)


def _foreign(host: str) -> str:
    return f"{host} is not an address of this machine: leave --host out, or give 127.0.0.1 or 0.0.0.0."


def serve(app: ASGIApp, sock: socket.socket, stopping: Stopping | None = None) -> None:
    """Serve on a bound socket until Ctrl-C or SIGTERM; `stopping` is what the application was made with.

    Answers that are under way are waited for.
    """
    closing = asyncio.Event()
    # Which proxy is believed is a setting of ours (door.py), and what is logged is ours (traced.py), not the server's.
    config = uvicorn.Config(
        _hang_up(app, closing),
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        proxy_headers=False,
        server_header=False,
    )
    with sock, _terminating(), contextlib.suppress(KeyboardInterrupt):
        _Server(config, closing, stopping or Stopping()).run(sockets=[sock])


@contextlib.contextmanager
def _terminating() -> Iterator[None]:
    """SIGTERM, which uvicorn sends on when it is done, ends the block as Ctrl-C does: what was opened is closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Server(uvicorn.Server):
    """Says when it is about to stop, and goes on for as long as something is answered."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event, stopping: Stopping) -> None:
        super().__init__(config)
        self.closing = closing
        self.stopping = stopping

    async def on_tick(self, counter: int) -> bool:
        if not await super().on_tick(counter):
            return False
        self.stopping.begin()
        return self.force_exit or self.stopping.is_done

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.closing.set()
        await super().shutdown(sockets)


def _hang_up(app: ASGIApp, closing: asyncio.Event) -> ASGIApp:
    """`app`, for which every reader goes away when the server closes.

    An open page holds streams that never end by themselves. Waiting for them never ends either,
    and cancelling them prints a traceback each; a reader that goes away is an everyday thing.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_or_close() -> Message:
            message, close = asyncio.ensure_future(receive()), asyncio.ensure_future(closing.wait())
            try:
                await asyncio.wait({message, close}, return_when=asyncio.FIRST_COMPLETED)
                return message.result() if message.done() else {"type": "http.disconnect"}
            finally:
                message.cancel()
                close.cancel()

        await app(scope, receive_or_close if scope["type"] == "http" else receive, send)

    return wrapped
