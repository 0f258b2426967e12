"""A PostgreSQL server that tests really start, on a free port, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import free_port

_UNPRIVILEGED = "postgres"


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a server, which is stopped afterwards; skips the test where PostgreSQL is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("There is no PostgreSQL on this machine: install the package postgresql to run this test.")
    bin_folder = programs[-1].parent
    # Not pytest's folder: the server's user may not be able to enter it.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    port = free_port()
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _UNPRIVILEGED)
        data = str(folder / "data")
        _run([str(bin_folder / "initdb"), "-D", data, "-U", "tests", "-A", "trust", "--no-sync"], folder)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [str(bin_folder / "pg_ctl"), "-D", data, "-w"]
        _run([*control, "-o", options, "-l", str(folder / "server.log"), "start"], folder)
        try:
            yield f"postgresql://tests@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder)


def _run(command: list[str], folder: Path) -> None:
    # The server refuses to run as root.
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    # A server that goes on would hold a pipe open: a file takes what is said.
    with (folder / "output.log").open("w+", encoding="utf-8") as log:
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, user=user, cwd=folder)
        log.seek(0)
        assert done.returncode == 0, log.read()
