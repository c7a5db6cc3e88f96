"""The jobs and the scheduler's switch, as rows."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.job import Job
from forgather_units.domain.record import job_of, record_of
from forgather_units.domain.viewer import Kinds

log = logging.getLogger(__name__)


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as why:
        raise Unavailable(f"the database does not take it: {why}", hint="is the disk full?") from why


class JobStore:
    """Jobs by id. One thread at a time; every change is one transaction. Raises Unavailable."""

    def __init__(self, connection: sqlite3.Connection, kinds: Kinds) -> None:
        self._connection = connection
        self._kinds = kinds

    def load(self) -> list[Job]:
        """All jobs, oldest first. A row that cannot be read is left alone, and said."""
        jobs = []
        with _said_plainly():
            for queue_id, text in self._connection.execute("SELECT queue_id, record FROM jobs ORDER BY submitted_at"):
                try:
                    jobs.append(job_of(json.loads(text), self._kinds))
                except (KeyError, TypeError, ValueError) as why:
                    log.error("job %s in the database cannot be read (%r): left as it is", queue_id, why)
        return jobs

    def save(self, job: Job) -> None:
        with _said_plainly():
            self._connection.execute(
                "INSERT INTO jobs (queue_id, submitted_at, status, record) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (queue_id) DO UPDATE SET status = excluded.status, record = excluded.record",
                (job.queue_id, job.submitted_at, job.status, json.dumps(record_of(job))),
            )

    def remove(self, queue_ids: Iterable[str]) -> None:
        with _said_plainly(), self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("DELETE FROM jobs WHERE queue_id = ?", [(name,) for name in queue_ids])

    @property
    def enabled(self) -> bool:
        """Whether the scheduler dispatches; True until somebody paused it."""
        with _said_plainly():
            row = self._connection.execute("SELECT value FROM scheduler WHERE name = 'enabled'").fetchone()
        return row is None or row[0] == "true"

    @enabled.setter
    def enabled(self, value: bool) -> None:
        with _said_plainly():
            self._connection.execute(
                "INSERT INTO scheduler (name, value) VALUES ('enabled', ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                ("true" if value else "false",),
            )

    def close(self) -> None:
        self._connection.close()
