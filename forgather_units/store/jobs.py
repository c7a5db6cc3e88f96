"""The jobs and the scheduler's switch, as rows. history.py reads ended jobs."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.job import Ended, Job
from forgather_units.domain.job_query import JobPage, JobQuery, searched_text
from forgather_units.domain.record import record_of
from forgather_units.domain.viewer import Kinds
from forgather_units.store.database import plain_errors
from forgather_units.store.history import History, Retention, parsed, storable
from forgather_units.store.removed_jobs import RemovedJobs
from forgather_units.store.spare_records import SpareRecords

log = logging.getLogger(__name__)

_SAVE = """
    INSERT INTO jobs (queue_id, submitted_at, status, record, finished_at, title, owner, service, searched)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (queue_id) DO UPDATE SET status = excluded.status, record = excluded.record,
        finished_at = excluded.finished_at, title = excluded.title, owner = excluded.owner,
        service = excluded.service, searched = excluded.searched
"""
UNUSABLE: Final = "unusable"
"""The status of a row whose record was set aside; no job has it."""
# Rows in one transaction while columns are filled: a limit on memory.
_FILLED_AT_ONCE = 1000


class JobStore:
    """Jobs by id. One thread at a time makes changes, each in one transaction; any thread may read ended jobs.

    All methods raise Unavailable if SQLite fails.
    """

    def __init__(self, connection: sqlite3.Connection, kinds: Kinds, spare_folder: Path | None = None) -> None:
        """`spare_folder` keeps records while the database cannot store them."""
        self._spare = SpareRecords(spare_folder)
        self._connection = connection
        self._kinds = kinds
        self._removed = RemovedJobs(connection, kinds)
        with plain_errors():
            self._history = History(connection, kinds)
        self._fill_columns()

    def load(self) -> list[Job]:
        """The jobs that have not ended, oldest first.

        A record that cannot be used is set aside: it stays in its row, is logged, and is not read again.
        """
        with plain_errors():
            rows = self._connection.execute(
                "SELECT CAST(queue_id AS BLOB), CAST(record AS BLOB), rowid FROM jobs"
                " WHERE finished_at IS NULL AND status <> ? ORDER BY submitted_at",
                (UNUSABLE,),
            ).fetchall()
            jobs = []
            for queue_id, record, row in rows:
                if (job := parsed(queue_id, record, self._kinds)) is None:
                    self._set_aside(row)
                elif not job.is_ended:
                    jobs.append(job)
            query = self._connection.execute("SELECT count(*) FROM jobs WHERE status = ?", (UNUSABLE,))
            if count := query.fetchone()[0]:
                log.warning("%d records in the database were set aside (status %r)", count, UNUSABLE)
        return jobs

    def _set_aside(self, row: int) -> None:
        try:
            self._connection.execute("UPDATE jobs SET status = ? WHERE rowid = ?", (UNUSABLE, row))
        except sqlite3.Error as why:
            # The other records are still usable; the next start tries again.
            log.error("it could not be set aside: %s", why)

    def save(self, job: Job) -> None:
        with plain_errors():
            self._connection.execute(_SAVE, _values(job))
        self._spare.drop(job.queue_id)

    def keep_outside(self, job: Job) -> None:
        """Keep the record of a job that `save` could not store where the next server finds it. Raises nothing."""
        self._spare.keep(job.queue_id, json.dumps(record_of(job)))

    def kept_outside(self) -> list[Job]:
        """The jobs whose last state an earlier server could not save, ended ones too."""
        found = (parsed(queue_id, record, self._kinds) for queue_id, record in self._spare.load())
        return [job for job in found if job is not None]

    def remove(self, queue_ids: Iterable[str], now: float | None = None) -> list[tuple[str, str]]:
        """Delete these jobs; the ids that existed, each with the address of its service ("": no service).

        If `now` is given, `restore` brings the ended ones back.
        """
        removed: list[tuple[str, str]] = []
        with plain_errors(), self._connection:
            self._connection.execute("BEGIN")
            for queue_id in queue_ids:
                if now is not None:
                    self._removed.keep(storable(queue_id), now)
                removed += self._connection.execute(
                    "DELETE FROM jobs WHERE queue_id = ? RETURNING queue_id, service", (queue_id,)
                ).fetchall()
        return removed

    def removed(self, queue_ids: Sequence[str], since: float) -> list[Job]:
        """The jobs among these that were removed after `since`, and can be restored."""
        with plain_errors():
            return self._removed.find([storable(queue_id) for queue_id in queue_ids], since)

    def restore(self, jobs: Iterable[Job]) -> None:
        """Save jobs that were removed."""
        with plain_errors(), self._connection:
            self._connection.execute("BEGIN")
            for job in jobs:
                self._connection.execute(_SAVE, _values(job))
                self._removed.drop(job.queue_id)

    def forget_removed(self, before: float, most: int) -> int:
        """Delete up to `most` records of jobs that were removed before `before`; their number."""
        with plain_errors():
            return self._removed.drop_older(before, most)

    def expired(self, retention: Retention, now: float, most: int) -> list[str]:
        """See History.expired."""
        return self._history.expired(retention, now, most)

    def ended(self, owners: Sequence[str] | None, before: float | None, most: int) -> list[str]:
        """See History.ended."""
        return self._history.ended(owners, before, most)

    def find(self, queue_id: str) -> Job | None:
        """The job as it was saved. Any thread."""
        return self._history.find(queue_id)

    def page(self, query: JobQuery) -> JobPage:
        """See History.page. Any thread."""
        return self._history.page(query)

    def ended_by_status(self, owners: Sequence[str] | None = None) -> dict[str, int]:
        """See History.by_status. Any thread."""
        return self._history.by_status(owners)

    def last_instances(self) -> dict[str, str]:
        """See History.last_instances."""
        return self._history.last_instances()

    def last_instance(self, service: str) -> str | None:
        """See History.last_instance."""
        return self._history.last_instance(service)

    @property
    def enabled(self) -> bool:
        """Whether the scheduler dispatches; True until a user pauses it."""
        with plain_errors():
            row = self._connection.execute("SELECT value FROM scheduler WHERE name = 'enabled'").fetchone()
        return row is None or row[0] == "true"

    @enabled.setter
    def enabled(self, value: bool) -> None:
        with plain_errors():
            self._connection.execute(
                "INSERT INTO scheduler (name, value) VALUES ('enabled', ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                ("true" if value else "false",),
            )

    def close(self) -> None:
        self._history.close()
        self._connection.close()

    def _fill_columns(self) -> None:
        """Fill the columns of rows that an older version wrote; continues where a killed server stopped."""
        while True:
            with (
                plain_errors(),
                closing(
                    self._connection.execute(
                        "SELECT CAST(queue_id AS BLOB), CAST(record AS BLOB), rowid FROM jobs WHERE searched = ''"
                        " LIMIT ?",
                        (_FILLED_AT_ONCE,),
                    )
                ) as cursor,
            ):
                rows = cursor.fetchall()
            if not rows:
                return
            with plain_errors(), self._connection:
                self._connection.execute("BEGIN")
                for queue_id, record, row in rows:
                    job = parsed(queue_id, record, self._kinds)
                    if job is None:
                        # No column can be filled; any text prevents that it is read again.
                        self._connection.execute(
                            "UPDATE jobs SET searched = '-', status = ? WHERE rowid = ?", (UNUSABLE, row)
                        )
                    else:
                        self._connection.execute(_SAVE, _values(job))


def _values(job: Job) -> tuple[Any, ...]:
    """The values of `_SAVE`."""
    return (
        job.queue_id,
        job.submitted_at,
        job.status,
        json.dumps(record_of(job)),
        job.state.finished_at if isinstance(job.state, Ended) else None,
        storable(job.title.casefold()),
        job.submission.owner,
        job.path_prefix if job.submission.service else "",
        storable(searched_text(job)),
    )
