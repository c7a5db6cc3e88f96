"""The schema, one step a version. A step that was released is never changed: a new one is added behind it."""

from __future__ import annotations

import sqlite3
from typing import Final

STEPS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE jobs (
        queue_id TEXT PRIMARY KEY,
        submitted_at REAL NOT NULL,
        status TEXT NOT NULL,
        record TEXT NOT NULL CHECK (json_valid(record))
    ) STRICT;
    CREATE INDEX jobs_by_age ON jobs (submitted_at);
    CREATE TABLE scheduler (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    """,
)


class FromTheFuture(Exception):
    """The database was written by a newer version of the program."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest version, each step in a transaction of its own."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(STEPS):
        raise FromTheFuture
    for number, step in enumerate(STEPS[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")
