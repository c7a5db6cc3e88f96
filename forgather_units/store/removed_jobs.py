"""Records of ended jobs that a user removed: kept for a while, so that the removal can be undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from forgather_units.domain.job import Job
from forgather_units.domain.viewer import Kinds
from forgather_units.store.history import parsed


class RemovedJobs:
    """A table of its own, so that no query for jobs finds them. Raises SQLite's errors."""

    def __init__(self, connection: sqlite3.Connection, kinds: Kinds) -> None:
        self._connection = connection
        self._kinds = kinds

    def keep(self, queue_id: str, now: float) -> None:
        """Copy the record of an ended job, which the caller then deletes."""
        self._connection.execute(
            "INSERT OR REPLACE INTO removed_jobs (queue_id, removed_at, record)"
            " SELECT queue_id, ?, record FROM jobs WHERE queue_id = ? AND finished_at IS NOT NULL",
            (now, queue_id),
        )

    def find(self, queue_ids: Sequence[str], since: float) -> list[Job]:
        """The jobs among these that were removed after `since`."""
        found: list[Job | None] = []
        for queue_id in queue_ids:
            rows = self._connection.execute(
                "SELECT CAST(queue_id AS BLOB), CAST(record AS BLOB) FROM removed_jobs"
                " WHERE queue_id = ? AND removed_at > ?",
                (queue_id, since),
            )
            found += [parsed(name, record, self._kinds) for name, record in rows.fetchall()]
        return [job for job in found if job is not None]

    def drop(self, queue_id: str) -> None:
        self._connection.execute("DELETE FROM removed_jobs WHERE queue_id = ?", (queue_id,))

    def drop_older(self, before: float, most: int) -> int:
        """Delete up to `most` records of jobs that were removed before `before`; their number."""
        query = "SELECT queue_id FROM removed_jobs WHERE removed_at <= ? LIMIT ?"
        return self._connection.execute(
            f"DELETE FROM removed_jobs WHERE queue_id IN ({query})",  # noqa: S608 - a constant
            (before, most),
        ).rowcount
