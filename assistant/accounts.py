"""Accounts of people in a file: names, roles and hashes of passwords. The one file that knows argon2.

The file is JSON, for its owner's eyes alone, and replaced as a whole; a running server sees a change at
the next request.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from corpus.errors import UserError

Role = Literal["member", "staff"]
ROLES: tuple[Role, ...] = get_args(Role)
SHORTEST_PASSWORD = 10
# Hashing takes time in the length of a password, too.
_LONGEST_PASSWORD = 1_000
# No colon: HTTP Basic ends the name there.
_NAME = re.compile(r"[\w.@+-]{1,100}")
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is known here."""

    name: str
    role: Role

    @property
    def is_staff(self) -> bool:
        return self.role == "staff"


@dataclass(frozen=True, slots=True)
class Account:
    """A line of the users file; `hash` is argon2's, with its salt and its parameters."""

    name: str
    role: Role
    hash: str


class Users:
    """The users file. Every method raises UserError where it cannot be read or written."""

    def __init__(self, path: Path, hasher: PasswordHasher | None = None) -> None:
        self.path = path
        self._hasher = hasher or PasswordHasher()
        # What an unknown name is compared with, so that it takes as long as a known one.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        self._read: tuple[tuple[int, int, int], Mapping[str, Account]] | None = None
        # Each comparison takes 64 MB: one at a time.
        self._comparing = threading.Lock()
        self._key = secrets.token_bytes(32)
        self._right: set[bytes] = set()

    def accounts(self) -> Sequence[Account]:
        return tuple(self._accounts().values())

    def person(self, name: str) -> Person | None:
        account = self._accounts().get(name)
        return Person(account.name, account.role) if account else None

    def verify(self, name: str, password: str) -> Person | None:
        """The person, where the password is right. It takes as long for a name that does not exist."""
        account = self._accounts().get(name)
        right = self._is_right(account.hash if account else self._nobody, password)
        if not account or not right:
            return None
        if len(self._right) >= _REMEMBERED:
            self._right.clear()
        self._right.add(self._mark(account, password))
        return Person(account.name, account.role)

    def remembered(self, name: str, password: str) -> Person | None:
        """As `verify` for what was right before in this process, without the cost: programs send it with each call."""
        account = self._accounts().get(name)
        if account and self._mark(account, password) in self._right:
            return Person(account.name, account.role)
        return None

    def add(self, name: str, password: str, role: Role = "member") -> None:
        """Raises UserError for a name that is taken or cannot be one, and for a password that is too short."""
        if not _NAME.fullmatch(name):
            raise UserError(
                f"Found the name {name!r}, expected up to 100 letters, digits and . @ + - _, such as ana.ruiz."
            )
        _check_password(password)
        hashed = self._hasher.hash(password)
        with self._changing() as accounts:
            if name in accounts:
                raise UserError(f"There is a user {name!r} already: `assistant users password {name}` sets a password.")
            accounts[name] = Account(name, role, hashed)

    def remove(self, name: str) -> None:
        with self._changing() as accounts:
            self._known(accounts, name)
            del accounts[name]

    def set_password(self, name: str, password: str) -> None:
        _check_password(password)
        hashed = self._hasher.hash(password)
        with self._changing() as accounts:
            accounts[name] = replace(self._known(accounts, name), hash=hashed)

    def _mark(self, account: Account, password: str) -> bytes:
        # Made with the hash, it is worth nothing once the password is another one.
        seen = "\0".join((account.name, account.hash, password)).encode("utf-8", "replace")
        return hmac.new(self._key, seen, hashlib.sha256).digest()

    def _known(self, accounts: Mapping[str, Account], name: str) -> Account:
        if name not in accounts:
            raise UserError(f"There is no user {name!r} in {self.path}; `assistant users list` names them.")
        return accounts[name]

    def _is_right(self, hashed: str, password: str) -> bool:
        if len(password) > _LONGEST_PASSWORD:
            return False
        with self._comparing:
            try:
                return self._hasher.verify(hashed, password.encode("utf-8", "replace"))
            except (VerificationError, InvalidHashError):
                return False

    def _accounts(self) -> Mapping[str, Account]:
        try:
            status = self.path.stat()
            # The time alone misses a second change within its grain; a replaced file has another number.
            state = (status.st_mtime_ns, status.st_ino, status.st_size)
            if self._read is None or self._read[0] != state:
                self._read = (state, _parsed(self.path, status.st_mode))
        except OSError as error:
            raise UserError(
                f"The users file {self.path} cannot be read ({error.strerror}): `assistant users add NAME` makes one, "
                "and ASSISTANT_USERS names it."
            ) from error
        return self._read[1]

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        """The accounts, written back as a whole afterwards; two changes wait for each other."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.with_name(f"{self.path.name}.lock").open("w", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                accounts = dict(self._accounts()) if self.path.exists() else {}
                yield accounts
                _write(self.path, list(accounts.values()))
        except OSError as error:
            raise UserError(f"The users file {self.path} cannot be written ({error.strerror}).") from error


class Throttle:
    """Lets `most` attempts in `seconds` pass for each key. Times by `clock`, in seconds."""

    def __init__(self, clock: Callable[[], float], most: int = 5, seconds: float = 60.0) -> None:
        self._clock = clock
        self._most = most
        self._seconds = seconds
        self._times: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def attempt(self, *keys: str) -> float:
        """0 where an attempt may be made, which is then counted for each key; else the seconds to wait."""
        with self._lock:
            now = self._clock()
            kept = {key: [one for one in times if one > now - self._seconds] for key, times in self._times.items()}
            self._times = {key: times for key, times in kept.items() if times}
            full = [times for key in keys if len(times := self._times.get(key, [])) >= self._most]
            if full:
                return max(times[-self._most] + self._seconds - now for times in full)
            for key in keys:
                self._times.setdefault(key, []).append(now)
            return 0.0

    def forgive(self, key: str) -> None:
        """Take back the last attempt of a key: it was no failure."""
        with self._lock:
            if self._times.get(key):
                self._times[key].pop()


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise UserError(
            f"The password has {len(password):,} characters, expected {SHORTEST_PASSWORD} to {_LONGEST_PASSWORD:,}: "
            "choose another one."
        )


def _parsed(path: Path, mode: int) -> Mapping[str, Account]:
    if mode & 0o022:
        raise UserError(f"The users file {path} may be changed by others (mode {mode & 0o777:o}): chmod 600 {path}")
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["users"]
        accounts = [Account(str(row["name"]), row["role"], str(row["hash"])) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"The users file {path} cannot be understood ({error}): expected "
            '{"users": [{"name", "role", "hash"}]}; `assistant users add NAME` writes one.'
        ) from error
    for account in accounts:
        if account.role not in ROLES:
            raise UserError(
                f"{path}: {account.name} has the role {account.role!r}, expected one of {', '.join(ROLES)}."
            )
    return {account.name: account for account in accounts}


def _write(path: Path, accounts: Sequence[Account]) -> None:
    """Replace the file at once: a reader sees the old one or the new one."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    text = json.dumps({"users": [asdict(one) for one in accounts]}, ensure_ascii=False, indent=2) + "\n"
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
