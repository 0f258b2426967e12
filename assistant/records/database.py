"""The database of the records: its address, its connections, and its schema brought up to date.

SQLite in a file by default, PostgreSQL by its address. Several processes may open the same database at
once: the first one makes the schema while the others wait.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError

from corpus.errors import UserError

_MIGRATIONS = Path(__file__).with_name("migrations")
_INSTALL = "python -m pip install -c constraints.txt 'association-assistant[postgresql]'"
_BUSY_SECONDS = 15
# Any number, the same in every process: it names the lock under which a PostgreSQL schema is changed.
_SCHEMA_LOCK = 4_711_190_164
_WRITING = "writing"


class Database:
    """An open database. Raises UserError, in `reading` and `writing` too, where it cannot be reached."""

    def __init__(self, address: str) -> None:
        url = _url(address)
        self.name = url.database or "" if _is_sqlite(url) else url.render_as_string(hide_password=True)
        self._engine = _engine(url)
        try:
            with self._said():
                _bring_up_to_date(self._engine, url, self.name)
        except UserError:
            self._engine.dispose()
            raise
        self._writing = self._engine.execution_options(**{_WRITING: True})

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with self._said(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction, kept whole or not at all."""
        with self._said(), self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except (DatabaseError, InterfaceError) as error:
            raise UserError(
                f"The records in {self.name} cannot be used ({_reason(error)}): see that the database is there and may "
                "be written to, or name another one with ASSISTANT_RECORDS."
            ) from error


def _url(address: str) -> sa.URL:
    """The address as SQLAlchemy takes it; what is no address is the path of an SQLite file."""
    if "://" not in address:
        return sa.URL.create("sqlite", database=str(Path(address).expanduser()))
    try:
        url = sa.make_url(address)
    except (ArgumentError, ValueError) as error:
        raise UserError(_wrong(address)) from error
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in ("sqlite", "sqlite+pysqlite") and url.database:
        return url
    raise UserError(_wrong(address))


def _wrong(address: str) -> str:
    shown = address.partition("://")[0] + "://…"
    return (
        f"ASSISTANT_RECORDS is {shown}, which is no database that is known here: give the path of an SQLite file, or "
        "postgresql://NAME:PASSWORD@HOST/DATABASE."
    )


def _is_sqlite(url: sa.URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _engine(url: sa.URL) -> sa.Engine:
    if not _is_sqlite(url):
        return _postgresql(url)
    path = Path(url.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # What people asked is nobody else's business; the files beside it get the mode of this one.
        path.touch(mode=0o600)
    except OSError as error:
        raise UserError(
            f"The records cannot be kept in {path} ({error.strerror}): name another file with ASSISTANT_RECORDS."
        ) from error
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    except ModuleNotFoundError as error:
        raise UserError(f"Records in PostgreSQL need a driver that is not installed: {_INSTALL}") from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Python's sqlite3 begins transactions late and leaves out some; `_begin_sqlite` begins each instead.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    # What was removed is overwritten, not only unlinked.
    connection.execute("PRAGMA secure_delete = ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and then writes fails at once where another one has written meanwhile.
    immediate = connection.get_execution_options().get(_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _bring_up_to_date(engine: sa.Engine, url: sa.URL, name: str) -> None:
    """Make or change the schema as far as this program knows it. Raises UserError for one that is newer."""
    if _is_sqlite(url):
        _write_ahead(url)
    config = _config()
    script = ScriptDirectory.from_config(config)
    with engine.execution_options(**{_WRITING: True}).begin() as connection:
        if not _is_sqlite(url):
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SCHEMA_LOCK})
        found = MigrationContext.configure(connection).get_current_heads()
        if set(found) == set(script.get_heads()):
            return
        if unknown := set(found) - {one.revision for one in script.walk_revisions()}:
            raise UserError(
                f"The records in {name} were written by a newer version of this program (schema {unknown.pop()}): "
                "update the program, or name another database with ASSISTANT_RECORDS."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def schemas(address: str) -> tuple[str | None, str]:
    """The schema that a database has, None where there is none yet, and the one that this program makes of it.

    Nothing is changed. Raises UserError where the database cannot be read.
    """
    url = _url(address)
    newest = _script().get_current_head() or ""
    if _is_sqlite(url) and not Path(url.database or "").exists():
        return None, newest
    engine = sa.create_engine(url, poolclass=sa.NullPool) if _is_sqlite(url) else _postgresql(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision(), newest
    except (DatabaseError, InterfaceError) as error:
        name = url.database if _is_sqlite(url) else url.render_as_string(hide_password=True)
        raise UserError(f"The records in {name} cannot be read ({_reason(error)}): see that they are there.") from error
    finally:
        engine.dispose()


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _write_ahead(url: sa.URL) -> None:
    """Let readers and one writer work at once. It stays so in the file; only the change needs it alone."""
    path = Path(url.database or "")
    with path.with_name(f"{path.name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _reason(error: DatabaseError | InterfaceError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig and str(error.orig).strip() else type(error).__name__
