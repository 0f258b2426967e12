"""A disk that can be filled and made read-only: a small tmpfs where this user may mount one, else other limits."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE = 64 * 2**20
_BALLAST = "ballast"
_A_PAGE = 4096
_TRIES = 50
_PAUSE = 0.1


class SmallDisk:
    """A folder on a disk of `SIZE` bytes. `mounted` is False where it is a folder like any other."""

    def __init__(self, folder: Path, *, mounted: bool) -> None:
        self.folder = folder
        self.mounted = mounted

    @property
    def can_be_read_only(self) -> bool:
        """Permissions keep nobody out who may do all."""
        return self.mounted or os.geteuid() != 0

    @contextmanager
    def filled(self, free: int) -> Iterator[None]:
        """With so many bytes left, or where it is no disk of its own, with no file larger than that."""
        with self._ballast(free) if self.mounted else _files_up_to(free):
            yield

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Nothing can be written there."""
        if self.mounted:
            self._remount("ro")
        else:
            self._allow(writing=False)
        try:
            yield
        finally:
            if self.mounted:
                self._remount("rw")
            else:
                self._allow(writing=True)

    @contextmanager
    def _ballast(self, free: int) -> Iterator[None]:
        ballast = self.folder / _BALLAST
        try:
            with ballast.open("wb") as file, suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, max(_A_PAGE, shutil.disk_usage(self.folder).free - free))
            yield
        finally:
            ballast.unlink()

    def _remount(self, how: str) -> None:
        command = ("mount", "-o", f"remount,{how}", str(self.folder))
        # A process that has ended may hold a file for a moment: then the disk is busy.
        for _ in range(_TRIES):
            with suppress(subprocess.CalledProcessError):
                return _run(*command)
            time.sleep(_PAUSE)
        return _run(*command)

    def _allow(self, *, writing: bool) -> None:
        for path in [self.folder, *self.folder.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200 if writing else path.stat().st_mode & ~0o222)


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """A small disk at a new folder, gone afterwards."""
    folder.mkdir()
    mounted = os.geteuid() == 0 and _may_mount(folder)
    try:
        yield SmallDisk(folder, mounted=mounted)
    finally:
        if mounted:
            # Lazily: a process that ends may hold a file for a moment.
            _run("umount", "--lazy", str(folder))


def _may_mount(folder: Path) -> bool:
    with suppress(OSError, subprocess.CalledProcessError):
        _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
        return True
    return False


@contextmanager
def _files_up_to(size: int) -> Iterator[None]:
    # Python ignores the signal, so that writing fails as it does on a full disk; children inherit the limit.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
