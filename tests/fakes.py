"""Tiny real implementations of the interfaces. They do the real thing, only small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
from argon2 import PasswordHasher

from assistant.calibration import Calibration, Gate, Logistic, Ranker
from assistant.records.types import Conversation, Kept, Resolution, Review, Verdict
from assistant.types import Answer
from index.encode import Vectors, WordVectors
from index.words import terms, words

DIMENSIONS = 64


class HashingEncoder:
    """Bags of stems, each hashed to one dimension: texts that share words are near each other."""

    name = "hashing"
    digest = "0" * 64

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def prepare(self) -> None:
        """Nothing to check and nothing to make."""

    def is_prepared(self) -> bool:
        return True

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        self.encoded.extend(texts)
        rows = np.array([self._vector(text) for text in texts], dtype=np.float32).reshape(-1, DIMENSIONS)
        if progress:
            progress(len(texts))
        return rows

    def encode_words(self, texts: Sequence[str]) -> list[WordVectors]:
        return [WordVectors(tuple(words(text)), self._word_vectors(words(text))) for text in texts]

    def encode_with_words(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        return self.encode(texts), self.encode_words(texts)

    def _word_vectors(self, found: Sequence[str]) -> Vectors:
        """One dimension is positive in a word's vector, so that the signs alone tell words apart."""
        rows = np.array([self._vector(word) for word in found], np.float32).reshape(-1, DIMENSIONS)
        signs = np.where(rows > 0.5, 1.0, -0.01)
        return np.asarray(signs / np.linalg.norm(signs, axis=1, keepdims=True), np.float32)

    @staticmethod
    def _vector(text: str) -> Vectors:
        vector = np.full(DIMENSIONS, 0.01, dtype=np.float32)
        for term in terms(text):
            vector[sha256(term.encode()).digest()[0] % DIMENSIONS] += 1
        return vector / np.linalg.norm(vector)


class OtherEncoder(HashingEncoder):
    """The same with other weights, as after a change of model."""

    name = "other"
    digest = "1" * 64


class DyingEncoder(HashingEncoder):
    """Kills its process, as the system does when memory runs out."""

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class UnpreparedEncoder(HashingEncoder):
    """Needs something to be made in a folder before it can be used, as a graph is."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.made = folder / "made"

    def prepare(self) -> None:
        self.made.touch()

    def is_prepared(self) -> bool:
        return self.made.exists()


def calibration() -> Calibration:
    """A gate for the hashing encoder: what a question's words are held by decides alone."""
    gate = Gate(0.5, Logistic(-4.0, {"coverage": 4.0, "own": 3.0}))
    ranker = Ranker(Logistic(-4.0, {"own": 5.0, "late": 2.0, "is_heading": -4.0}))
    return Calibration("hashing", None, ranker, gate, None)


class MemoryRecords:
    """What is kept of conversations, kept in memory: `Records` without a database.

    `now` is the clock; each answer is a second later than the one before, so that their order is known.
    With `keeping` off nothing is kept, as with the setting.
    """

    def __init__(self, *, keeping: bool = True, days: int | None = None) -> None:
        self.now = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
        self.keeping = keeping
        self.days = days
        self.closed = False
        self.kept: dict[str, Kept] = {}
        self.resolved: dict[str, Review] = {}
        self.logged: list[tuple[str, str, str | None]] = []

    def keep(self, answer: Answer, *, conversation: str, user: str | None, configuration: str) -> str | None:
        if not self.keeping:
            return None
        identifier = f"a_{len(self.kept) + 1:04}"
        self.now += timedelta(seconds=1)
        self.kept[identifier] = Kept(identifier, answer, self.now, conversation, user, configuration)
        return identifier

    def answer(self, identifier: str) -> Kept | None:
        return self.kept.get(identifier)

    def conversations(self, user: str, limit: int = 50) -> Sequence[Conversation]:
        names = dict.fromkeys(one.conversation for one in self.kept.values() if one.user == user and one.conversation)
        found = [(name, self.conversation(name, user)) for name in names]
        made = [Conversation(name, some[0].answer.question, some[-1].asked_at, len(some)) for name, some in found]
        return sorted(made, key=lambda one: one.updated_at, reverse=True)[:limit]

    def conversation(self, identifier: str, user: str | None = None) -> Sequence[Kept]:
        return [one for one in self.kept.values() if one.conversation == identifier and one.user in (None, user)]

    def withdraw(self, identifiers: Sequence[str], user: str | None = None) -> None:
        for identifier in identifiers:
            if identifier in self.kept and self.kept[identifier].user == user:
                self.kept[identifier] = replace(self.kept[identifier], conversation="")

    def remove_conversation(self, identifier: str, user: str) -> bool:
        return self._remove(lambda one: one.conversation == identifier and one.user == user) > 0

    def judge(self, identifier: str, verdict: Verdict | None, comment: str, user: str | None) -> bool:
        if identifier not in self.kept:
            return False
        self.kept[identifier] = replace(self.kept[identifier], verdict=verdict, comment=comment)
        return True

    def to_review(self, *, resolved: bool = False) -> Sequence[Review]:
        wanted = [one for one in self.kept.values() if self._is_doubtful(one) and (one.id in self.resolved) == resolved]
        return [replace(self.resolved.get(one.id, Review(one)), kept=one) for one in reversed(wanted)]

    def resolve(self, identifiers: Sequence[str], resolution: Resolution, note: str, user: str | None) -> int:
        still_open = [one.kept for one in self.to_review() if one.kept.id in identifiers]
        self.resolved |= {one.id: Review(one, resolution, note, user) for one in still_open}
        return len(still_open)

    def log(self, action: str, subject: str, user: str | None) -> None:
        self.logged.append((action, subject, user))

    def export(self, user: str | None = None) -> Iterator[Mapping[str, Any]]:
        for kept in self.kept.values():
            if user in (None, kept.user):
                record = {one.name: getattr(kept, one.name) for one in fields(kept)}
                yield {**record, "answer": kept.answer.as_dict(), "asked_at": kept.asked_at.isoformat()}

    def forget(self, user: str) -> int:
        return self._remove(lambda one: one.user == user)

    def expire(self, now: datetime) -> int:
        if self.days is None:
            return 0
        oldest = now - timedelta(days=self.days)
        return self._remove(lambda one: one.asked_at < oldest)

    def close(self) -> None:
        self.closed = True

    def _remove(self, unwanted: Callable[[Kept], bool]) -> int:
        gone = [one.id for one in self.kept.values() if unwanted(one)]
        for identifier in gone:
            del self.kept[identifier]
        return len(gone)

    @staticmethod
    def _is_doubtful(one: Kept) -> bool:
        return one.answer.outcome != "answered" or one.verdict in ("down", "missing")


def weak_hasher() -> PasswordHasher:
    """Argon2 as cheap as it can be: what is tested is not how long it takes."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class CountingHasher(PasswordHasher):
    """A hasher that counts what it was asked to verify."""

    def __init__(self, like: PasswordHasher) -> None:
        super().__init__(like.time_cost, like.memory_cost, like.parallelism)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified += 1
        return super().verify(hash, password)
