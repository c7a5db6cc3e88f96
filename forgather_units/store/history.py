"""The ended jobs, read by pages: filtered, searched, ordered and counted by SQLite.

There may be any number of ended jobs, so nothing here reads all records.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from forgather_units.domain.job import Job
from forgather_units.domain.job_query import Cursor, JobPage, JobQuery, Order
from forgather_units.domain.record import check_usable, job_of
from forgather_units.domain.viewer import Kinds
from forgather_units.store.database import plain_errors

log = logging.getLogger(__name__)

_NO_LIMIT: Final = 2**62
# Column, direction, and the comparison that later rows satisfy.
_ORDERS: Final = {
    Order.NEWEST: ("finished_at", "DESC", "<"),
    Order.OLDEST: ("finished_at", "ASC", ">"),
    Order.NAME: ("title", "ASC", ">"),
}
_EXPIRED: Final = """
    SELECT queue_id FROM jobs
    WHERE finished_at IS NOT NULL
        AND (finished_at < ? OR (finished_at, queue_id) <= (
            SELECT finished_at, queue_id FROM jobs WHERE finished_at IS NOT NULL
            ORDER BY finished_at DESC, queue_id DESC LIMIT 1 OFFSET ?
        ))
        AND (service = '' OR queue_id <> (
            SELECT queue_id FROM jobs AS other WHERE other.service = jobs.service AND other.service <> ''
            ORDER BY other.finished_at IS NULL DESC, other.submitted_at DESC LIMIT 1
        ))
    ORDER BY finished_at, queue_id LIMIT ?
"""
# SQLite takes the other columns from the row that has the maximum.
_LAST_INSTANCES: Final = "SELECT service, queue_id, max(submitted_at) FROM jobs WHERE service <> '' GROUP BY service"
_OF_ONE_SERVICE: Final = (
    "SELECT queue_id FROM jobs WHERE service = ? AND service <> '' ORDER BY submitted_at DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Retention:
    """Limits of the history: the last `jobs` ended jobs, and those that ended less than `seconds` ago. None: all."""

    jobs: int | None = None
    seconds: float | None = None


class History:
    """Reads on a separate connection, so that no reader waits for a writer. Any thread; raises Unavailable."""

    def __init__(self, writer: sqlite3.Connection, kinds: Kinds) -> None:
        (_, _, file) = writer.execute("PRAGMA database_list").fetchone()
        self._kinds = kinds
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True, check_same_thread=False, timeout=5)

    def find(self, queue_id: str) -> Job | None:
        """The job with this id, ended or not; None if there is none, or its record cannot be used."""
        query = "SELECT CAST(queue_id AS BLOB), CAST(record AS BLOB) FROM jobs WHERE queue_id = ?"
        rows = self._rows(query, (storable(queue_id),))
        return next((parsed(name, record, self._kinds) for name, record in rows), None)

    def page(self, query: JobQuery) -> JobPage:
        """The ended jobs of this page; `total` counts the ended ones of all pages."""
        if not query.wants_ended:
            return JobPage((), None, 0)
        condition, values = _condition(query)
        ((total,),) = self._rows(f"SELECT count(*) FROM jobs WHERE {condition}", values)  # noqa: S608 - constants
        column, direction, follows = _ORDERS[query.order]
        if query.before is not None:
            condition += f" AND ({column}, queue_id) {follows} (?, ?)"
            value = query.before.value
            after = storable(value) if isinstance(value, str) else value
            values = (*values, after, storable(query.before.queue_id))
        rows = self._rows(
            f"SELECT queue_id, {column}, CAST(record AS BLOB) FROM jobs WHERE {condition}"  # noqa: S608 - constants
            f" ORDER BY {column} {direction}, queue_id {direction} LIMIT ?",
            (*values, query.limit + 1),
        )
        shown = rows[: query.limit]
        more = len(rows) > query.limit and bool(shown)
        following = Cursor(shown[-1][1], shown[-1][0]) if more else None
        found = (parsed(queue_id.encode(), record, self._kinds) for queue_id, _, record in shown)
        return JobPage([job for job in found if job is not None], following, total)

    def by_status(self, owners: Sequence[str] | None = None) -> dict[str, int]:
        """Number of ended jobs of these owners (None: of all) by status."""
        condition, values = _of_owners(owners)
        query = f"SELECT status, count(*) FROM jobs WHERE finished_at IS NOT NULL{condition} GROUP BY status"  # noqa: S608 - marks alone
        return dict(self._rows(query, values))

    def last_instances(self) -> dict[str, str]:
        """The last submitted instance of each service, by the service's address."""
        return {service: queue_id for service, queue_id, _ in self._rows(_LAST_INSTANCES)}

    def last_instance(self, service: str) -> str | None:
        """The last submitted instance of the service with this address."""
        return next(iter(self._ids(_OF_ONE_SERVICE, (service,))), None)

    def ended(self, owners: Sequence[str] | None, before: float | None, most: int) -> list[str]:
        """Up to `most` ended jobs of these owners (None: of all) that ended before `before` (None: at any time)."""
        condition, values = _of_owners(owners)
        return self._ids(
            f"SELECT queue_id FROM jobs WHERE finished_at IS NOT NULL AND finished_at < ?{condition} LIMIT ?",  # noqa: S608 - marks alone
            (_NO_LIMIT if before is None else before, *values, most),
        )

    def expired(self, retention: Retention, now: float, most: int) -> list[str]:
        """Up to `most` jobs that exceed the limits, oldest first. Never the last instance of a service."""
        oldest = -1.0 if retention.seconds is None else now - retention.seconds
        return self._ids(_EXPIRED, (oldest, _NO_LIMIT if retention.jobs is None else retention.jobs, most))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _ids(self, query: str, values: Sequence[Any]) -> list[str]:
        return [queue_id for (queue_id,) in self._rows(query, values)]

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with plain_errors(), self._lock:
            return self._connection.execute(query, values).fetchall()


def _of_owners(owners: Sequence[str] | None) -> tuple[str, tuple[str, ...]]:
    """A further condition for jobs of these owners (None: of all), and its values."""
    if owners is None:
        return "", ()
    return f" AND owner IN ({', '.join('?' * len(owners))})", tuple(owners)


def _condition(query: JobQuery) -> tuple[str, tuple[Any, ...]]:
    """The condition for all pages of a query, and its values."""
    conditions, values = ["finished_at IS NOT NULL"], []
    for word in query.words:
        conditions.append("instr(searched, ?)")
        values.append(storable(word))
    if query.id_part:
        conditions.append("instr(queue_id, ?)")
        values.append(storable(query.id_part))
    return " AND ".join(conditions), tuple(values)


def storable(text: str) -> str:
    """Text that SQLite accepts: a path may contain bytes that are not UTF-8, which Python writes as surrogates."""
    return text.encode(errors="backslashreplace").decode()


def parsed(queue_id: bytes, record: bytes, kinds: Kinds) -> Job | None:
    """The job of a row; None, and a line in the log, if the record cannot be used.

    Bytes, since SQLite accepts any: its own conversion to text would fail for a whole query if one row is not UTF-8.
    """
    try:
        job = job_of(json.loads(record.decode()), kinds)
        check_usable(job)
        if job.queue_id.encode() != queue_id:
            raise ValueError(f"it is the record of {job.queue_id}")
    except Exception as why:
        log.error("the record of job %s cannot be used: %r", queue_id.decode(errors="backslashreplace"), why)
        return None
    return job
