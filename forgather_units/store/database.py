"""Open the database: WAL, migrated, and never silently emptied."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forgather_units.domain.errors import Unavailable
from forgather_units.store.migrations import FromTheFuture, migrate

log = logging.getLogger(__name__)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raise SQLite's errors inside the `with` as Unavailable."""
    try:
        yield
    except sqlite3.Error as why:
        raise Unavailable(f"the database does not take it: {why}", hint="is the disk full?") from why


def open_database(file: Path) -> sqlite3.Connection:
    """A connection to the (created, migrated) database.

    Renames a corrupt file, logs its new name, and creates a new database. Raises Unavailable if the file can be neither
    read nor written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return _open(file)
        except sqlite3.DatabaseError as why:
            if isinstance(why, sqlite3.OperationalError):
                raise
            _set_aside(file, why)
            return _open(file)
    except FromTheFuture:
        raise Unavailable(
            f"the database {file} was written by a newer version of this program",
            hint="upgrade, or move the file away to begin with an empty history",
        ) from None
    except (sqlite3.Error, OSError) as why:
        raise Unavailable(f"the database {file} cannot be used: {why}") from None


def _open(file: Path) -> sqlite3.Connection:
    # Only the scheduler's thread uses it; another thread opens it, hence no thread check.
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    file.chmod(0o600)
    return connection


def _set_aside(file: Path, why: Exception) -> None:
    aside = file.with_name(f"{file.name}.corrupt-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}")
    for suffix in ("", "-wal", "-shm"):
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    log.error("the database %s is corrupt (%s): it was set aside as %s, and a new one begun", file, why, aside)
