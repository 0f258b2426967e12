"""The records in a database. Times go in and come out in UTC; an answer is kept as its whole record."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assistant.records.database import Database
from assistant.records.types import Conversation, Entry, Kept, Resolution, Review, Verdict
from assistant.types import Answer, answer_of
from corpus.errors import UserError

LONGEST_COMMENT = 2_000
LONGEST_NAME = 200
_PAGE = 500
_NO_QUESTION = ("smalltalk", "no_question")
_MOST_REVIEWS = 1_000
_TIME = sa.DateTime(timezone=True)

# The schema itself stands in `migrations/`; these are the names that statements need.
_answers = sa.table(
    "answers",
    sa.column("number", sa.BigInteger),
    sa.column("id", sa.Text),
    sa.column("asked_at", _TIME),
    sa.column("conversation", sa.Text),
    sa.column("user", sa.Text),
    sa.column("question", sa.Text),
    sa.column("outcome", sa.Text),
    sa.column("reason", sa.Text),
    sa.column("record", sa.Text),
    sa.column("index_version", sa.Text),
    sa.column("configuration", sa.Text),
)
_feedback = sa.table(
    "feedback",
    sa.column("answer", sa.Text),
    sa.column("user", sa.Text),
    sa.column("verdict", sa.Text),
    sa.column("comment", sa.Text),
    sa.column("at", _TIME),
)
_resolutions = sa.table(
    "resolutions",
    sa.column("answer", sa.Text),
    sa.column("resolution", sa.Text),
    sa.column("note", sa.Text),
    sa.column("user", sa.Text),
    sa.column("at", _TIME),
)
_staff_log = sa.table(
    "staff_log",
    sa.column("number", sa.BigInteger),
    sa.column("at", _TIME),
    sa.column("user", sa.Text),
    sa.column("action", sa.Text),
    sa.column("subject", sa.Text),
)
_sessions = sa.table(
    "sessions", sa.column("token_sha256", sa.Text), sa.column("user", sa.Text), sa.column("expires_at", _TIME)
)


_WITHDRAWN = ""
"""The conversation of answers that were taken out of theirs."""


class Store:
    """`Records` in a database, kept for `keep_days` days; with 0 nothing is kept.

    What is too old is removed by `expire`, which who serves calls: a command that only reads must not, since its
    settings may not be the service's.

    Every method raises UserError where the database cannot be reached.
    """

    def __init__(self, address: str, keep_days: int) -> None:
        self._database = Database(address)
        self._keep_days = keep_days

    def keep(self, answer: Answer, *, conversation: str, user: str | None, configuration: str) -> str | None:
        if not self._keep_days:
            return None
        # Whoever knows an answer's address may read it: nobody must be able to guess one.
        identifier = f"a_{secrets.token_urlsafe(16)}"
        row = {
            "id": identifier,
            "asked_at": datetime.now(UTC),
            "conversation": _clean(conversation)[:LONGEST_NAME],
            "user": _name(user),
            "question": _clean(answer.question),
            "outcome": answer.outcome,
            "reason": None if answer.reason is None else _clean(answer.reason),
            # As ASCII: half a character, or a zero, can be kept only escaped.
            "record": json.dumps(answer.as_dict()),
            "index_version": answer.index_version,
            "configuration": _clean(configuration),
        }
        with self._database.writing() as connection:
            connection.execute(sa.insert(_answers).values(row))
        return identifier

    def answer(self, identifier: str) -> Kept | None:
        with self._database.reading() as connection:
            found = _kept(connection, _answers.c.id == identifier)
        return found[0] if found else None

    def conversations(self, user: str, limit: int = 50) -> Sequence[Conversation]:
        """A person's conversations, newest first."""
        table = _answers.c
        grouped = (
            sa.select(
                table.conversation,
                sa.func.min(table.number).label("first"),
                sa.func.max(table.number).label("last"),
                sa.func.max(table.asked_at).label("updated_at"),
                sa.func.count().label("answers"),
            )
            .where((table.user == user) & (table.conversation != _WITHDRAWN))
            .group_by(table.conversation)
            .subquery()
        )
        query = (
            sa.select(grouped, table.question)
            .join(_answers, table.number == grouped.c.first)
            .order_by(grouped.c.last.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [Conversation(row.conversation, row.question, _utc(row.updated_at), row.answers) for row in rows]

    def conversation(self, identifier: str, user: str | None = None) -> Sequence[Kept]:
        """The answers of a conversation in order, without those of other people."""
        if identifier == _WITHDRAWN:
            return []
        theirs = _answers.c.user.is_(None) | (_answers.c.user == user)
        with self._database.reading() as connection:
            return _kept(connection, (_answers.c.conversation == identifier) & theirs)

    def withdraw(self, identifiers: Sequence[str], user: str | None = None) -> None:
        """Take answers out of their conversation; their addresses stay."""
        theirs = _answers.c.user.is_(None) if user is None else (_answers.c.user == user)
        with self._database.writing() as connection:
            wanted = _answers.c.id.in_(identifiers) & theirs
            connection.execute(sa.update(_answers).where(wanted).values(conversation=_WITHDRAWN))

    def remove_conversation(self, identifier: str, user: str) -> bool:
        own = (_answers.c.conversation == identifier) & (_answers.c.user == user)
        with self._database.writing() as connection:
            return connection.execute(sa.delete(_answers).where(own)).rowcount > 0

    def judge(self, identifier: str, verdict: Verdict | None, comment: str, user: str | None) -> bool:
        """A reader's word on an answer, in the place of an earlier one of the same reader; taken back with None.

        False where there is no such answer. Raises UserError for a comment of more than LONGEST_COMMENT characters.
        """
        if len(comment) > LONGEST_COMMENT:
            raise UserError(f"The comment has {len(comment):,} characters, up to {LONGEST_COMMENT:,} fit: shorten it.")
        who = _name(user) or ""
        with self._database.writing() as connection:
            if not _locked(connection, [identifier]):
                return False
            earlier = (_feedback.c.answer == identifier) & (_feedback.c.user == who)
            connection.execute(sa.delete(_feedback).where(earlier))
            if verdict is not None:
                given = {"answer": identifier, "user": who, "verdict": verdict, "comment": _clean(comment)}
                connection.execute(sa.insert(_feedback).values(**given, at=datetime.now(UTC)))
        return True

    def to_review(self, *, resolved: bool = False) -> Sequence[Review]:
        """What staff should look at, newest first: the last _MOST_REVIEWS of them.

        Where readers differ, the last complaint is the verdict and comment of what is returned.
        """
        complaints = sa.select(_feedback.c.answer).where(_feedback.c.verdict.in_(["down", "missing"]))
        closed = sa.select(_resolutions.c.answer)
        refused = _answers.c.outcome.in_(["not_found", "partial"])
        # Who says "hello" was not refused anything.
        asked = _answers.c.reason.is_(None) | _answers.c.reason.not_in(_NO_QUESTION)
        doubtful = (refused & asked) | _answers.c.id.in_(complaints)
        where = doubtful & (_answers.c.id.in_(closed) if resolved else _answers.c.id.not_in(closed))
        with self._database.reading() as connection:
            found = _kept(connection, where, newest=_MOST_REVIEWS, complaints=True)
            notes = _by_answer(connection, _resolutions, [one.id for one in found])
        return [_review(one, notes.get(one.id, [])) for one in found]

    def resolve(self, identifiers: Sequence[str], resolution: Resolution, note: str, user: str | None) -> int:
        """Close items of the review, and write that into the staff's log; how many were open."""
        if len(note) > LONGEST_COMMENT:
            raise UserError(f"The note has {len(note):,} characters, up to {LONGEST_COMMENT:,} fit: shorten it.")
        now, who = datetime.now(UTC), _name(user)
        with self._database.writing() as connection:
            there = _locked(connection, identifiers)
            still_open = there - set(_by_answer(connection, _resolutions, sorted(there)))
            done = {"resolution": resolution, "note": _clean(note), "user": who, "at": now}
            if still_open:
                rows = [{"answer": one, **done} for one in sorted(still_open)]
                connection.execute(sa.insert(_resolutions), rows)
                _log(connection, f"review: {resolution}", " ".join(sorted(still_open)), who)
        return len(still_open)

    def log(self, action: str, subject: str, user: str | None) -> None:
        """Write down what staff did, and to what."""
        with self._database.writing() as connection:
            _log(connection, action, subject, _name(user))

    def staff_log(self, limit: int = 200) -> Sequence[Entry]:
        """What staff did, the newest first."""
        query = sa.select(_staff_log).order_by(_staff_log.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [Entry(_utc(row.at), row.user, row.action, row.subject) for row in rows]

    def kept(self) -> Iterator[Kept]:
        """Every answer, the oldest first."""
        for page in self._pages(sa.true()):
            yield from page

    def export(self, user: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Everything kept (of one person), as plain JSON values, oldest first.

        `kind` says what each is: "answer" with what readers and staff said of it, then "feedback" that the person
        gave on the answers of others, then "staff" for what staff did.
        """
        for page in self._pages(sa.true() if user is None else _answers.c.user == user):
            with self._database.reading() as connection:
                identifiers = [one.id for one in page]
                said = _by_answer(connection, _feedback, identifiers)
                done = _by_answer(connection, _resolutions, identifiers)
            for one in page:
                yield _exported(one, said.get(one.id, []), done.get(one.id, []))
        with self._database.reading() as connection:
            others = connection.execute(_said_to_others(user)).all() if user is not None else []
            own = sa.true() if user is None else _staff_log.c.user == user
            acts = connection.execute(sa.select(_staff_log).where(own).order_by(_staff_log.c.number)).all()
        yield from ({"kind": "feedback", **_plain(row)} for row in others)
        yield from ({"kind": "staff", **_plain(row)} for row in acts)

    def forget(self, user: str) -> int:
        """Remove everything that is kept of a person; how many answers that was.

        Of what a person did as staff the deed stays, without the name.
        """
        with self._database.writing() as connection:
            count = connection.execute(sa.delete(_answers).where(_answers.c.user == user)).rowcount
            connection.execute(sa.delete(_feedback).where(_feedback.c.user == user))
            connection.execute(sa.delete(_sessions).where(_sessions.c.user == user))
            for table in (_resolutions, _staff_log):
                connection.execute(sa.update(table).where(table.c.user == user).values(user=None))
        return count

    def expire(self, now: datetime) -> int:
        """Remove what is older than the setting allows; how many answers that was."""
        oldest = now - timedelta(days=self._keep_days)
        with self._database.writing() as connection:
            connection.execute(sa.delete(_sessions).where(_sessions.c.expires_at <= now))
            connection.execute(sa.delete(_staff_log).where(_staff_log.c.at < oldest))
            return connection.execute(sa.delete(_answers).where(_answers.c.asked_at < oldest)).rowcount

    def close(self) -> None:
        self._database.close()

    def begin_session(self, token_sha256: str, user: str, expires_at: datetime) -> None:
        row = {"token_sha256": token_sha256, "user": user, "expires_at": expires_at}
        with self._database.writing() as connection:
            connection.execute(sa.insert(_sessions).values(row))

    def session(self, token_sha256: str, now: datetime) -> str | None:
        """Whose session it is; None where there is none, or it has expired."""
        where = (_sessions.c.token_sha256 == token_sha256) & (_sessions.c.expires_at > now)
        with self._database.reading() as connection:
            return connection.execute(sa.select(_sessions.c.user).where(where)).scalar()

    def end_session(self, token_sha256: str) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.delete(_sessions).where(_sessions.c.token_sha256 == token_sha256))

    def end_sessions(self, user: str) -> None:
        """Sign a person out everywhere."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(_sessions).where(_sessions.c.user == user))

    def _pages(self, where: sa.ColumnElement[bool]) -> Iterator[list[Kept]]:
        """The answers in pieces, so that none has to wait until all of them are read."""
        after = 0
        while True:
            with self._database.reading() as connection:
                beyond = where & (_answers.c.number > after)
                numbers = sa.select(_answers.c.number).where(beyond).order_by(_answers.c.number).limit(_PAGE)
                found = connection.execute(numbers).scalars().all()
                page = _kept(connection, where & (_answers.c.number.in_(found)))
            if not page:
                return
            after = found[-1]
            yield page


def _kept(
    connection: sa.Connection, where: sa.ColumnElement[bool], *, newest: int | None = None, complaints: bool = False
) -> list[Kept]:
    """The answers of a condition, oldest first, or the `newest` so many, newest first, with readers' last word."""
    number = _answers.c.number
    query = sa.select(_answers).where(where).order_by(number if newest is None else number.desc()).limit(newest)
    rows = connection.execute(query).all()
    said = _by_answer(connection, _feedback, [row.id for row in rows])
    return [_with_feedback(_read(row), said.get(row.id, []), complaints=complaints) for row in rows]


def _read(row: Any) -> Kept:
    answer = answer_of(json.loads(row.record))
    return Kept(row.id, answer, _utc(row.asked_at), row.conversation, row.user, row.configuration)


def _with_feedback(kept: Kept, said: Sequence[Any], *, complaints: bool) -> Kept:
    wanted = [one for one in said if not complaints or one.verdict != "up"] or said
    if not wanted:
        return kept
    last = max(wanted, key=lambda one: _utc(one.at))
    return replace(kept, verdict=last.verdict, comment=last.comment)


def _review(kept: Kept, done: Sequence[Any]) -> Review:
    return Review(kept, done[0].resolution, done[0].note, done[0].user) if done else Review(kept)


def _by_answer(connection: sa.Connection, table: sa.TableClause, identifiers: Sequence[str]) -> dict[str, list[Any]]:
    """The rows of a table that belong to some answers."""
    found: dict[str, list[Any]] = {}
    if identifiers:
        for row in connection.execute(sa.select(table).where(table.c.answer.in_(identifiers)).order_by(table.c.at)):
            found.setdefault(row.answer, []).append(row)
    return found


def _locked(connection: sa.Connection, identifiers: Sequence[str]) -> set[str]:
    """Those of the answers that are there; nobody else changes what belongs to them in this transaction."""
    query = sa.select(_answers.c.id).where(_answers.c.id.in_(identifiers)).with_for_update()
    return set(connection.execute(query).scalars())


def _log(connection: sa.Connection, action: str, subject: str, user: str | None) -> None:
    row = {"at": datetime.now(UTC), "user": user, "action": _clean(action), "subject": _clean(subject)}
    connection.execute(sa.insert(_staff_log).values(row))


def _exported(kept: Kept, said: Sequence[Any], done: Sequence[Any]) -> dict[str, Any]:
    return {
        "kind": "answer",
        "id": kept.id,
        "asked_at": kept.asked_at.isoformat(),
        "conversation": kept.conversation,
        "user": kept.user,
        "configuration": kept.configuration,
        "answer": kept.answer.as_dict(),
        "feedback": [_plain(row, "answer") for row in said],
        "review": _plain(done[0], "answer") if done else None,
    }


def _said_to_others(user: str) -> sa.Select[Any]:
    own = sa.select(_answers.c.id).where(_answers.c.user == user)
    where = (_feedback.c.user == user) & _feedback.c.answer.not_in(own)
    return sa.select(_feedback).where(where).order_by(_feedback.c.at)


def _plain(row: Any, *without: str) -> dict[str, Any]:
    values = {name: value for name, value in row._mapping.items() if name not in (*without, "number")}
    return {name: _utc(value).isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _utc(time: datetime) -> datetime:
    # SQLite keeps no time zone: what went in was UTC.
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _name(user: str | None) -> str | None:
    return _clean(user)[:LONGEST_NAME] if user else None


def _clean(text: str) -> str:
    """Text as every database takes it: PostgreSQL keeps no zero, and none keeps half a character."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
