"""The schema, one step for each version. A released step is never changed: a new step is appended."""

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
    # Ended jobs are read by pages: the values to sort by and to search in have columns. The store fills them for rows
    # that already exist (searched = '').
    """
    ALTER TABLE jobs ADD COLUMN finished_at REAL;
    ALTER TABLE jobs ADD COLUMN title TEXT NOT NULL DEFAULT '';
    ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
    ALTER TABLE jobs ADD COLUMN service TEXT NOT NULL DEFAULT '';
    ALTER TABLE jobs ADD COLUMN searched TEXT NOT NULL DEFAULT '';
    CREATE INDEX jobs_ended ON jobs (finished_at, queue_id, status, searched) WHERE finished_at IS NOT NULL;
    CREATE INDEX jobs_ended_by_title ON jobs (title, queue_id) WHERE finished_at IS NOT NULL;
    CREATE INDEX jobs_not_ended ON jobs (submitted_at) WHERE finished_at IS NULL;
    CREATE INDEX jobs_of_services ON jobs (service, submitted_at) WHERE service <> '';
    CREATE INDEX jobs_unfilled ON jobs (queue_id) WHERE searched = '';
    """,
    # Jobs that a user removed, until the removal can no longer be undone.
    """
    CREATE TABLE removed_jobs (
        queue_id TEXT PRIMARY KEY,
        removed_at REAL NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX removed_jobs_by_age ON removed_jobs (removed_at);
    """,
)


class FromTheFuture(Exception):
    """The database was written by a newer version of the program."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest version, each step in its own transaction."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(STEPS):
        raise FromTheFuture
    for number, step in enumerate(STEPS[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")
