"""Removes ended jobs from the history: those that exceed its limits, and those that a user removes, with an undo."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from forgather_units.domain.errors import Unavailable
from forgather_units.scheduler.actor import Actor
from forgather_units.scheduler.job_table import JobTable
from forgather_units.store.history import Retention

log = logging.getLogger(__name__)

RESTORABLE: Final = 60.0
"""Seconds during which a user's removal can be undone."""
# The age of an ended job sends no event (seconds between two checks).
_EXPIRY_PAUSE: Final = 600.0
# Removed in one task, so that other tasks of the actor wait only some milliseconds.
_REMOVED_AT_ONCE: Final = 500


class HistoryCleaner:
    """Removes jobs in small tasks of the actor."""

    def __init__(self, table: JobTable, actor: Actor, retention: Retention) -> None:
        self._table = table
        self._actor = actor
        self.retention = retention

    def expire_periodically(self) -> None:
        """Remove expired jobs now and every ten minutes. On the actor's thread."""
        self.expire()
        self._forget_removed()
        self._actor.after(_EXPIRY_PAUSE, self.expire_periodically)

    def expire(self) -> None:
        """Remove some of the jobs that exceed the limits; a later task removes the others. On the actor's thread."""
        try:
            removed = self._table.remove_expired(self.retention, time.time(), _REMOVED_AT_ONCE)
        except Unavailable as why:
            log.warning("old jobs could not be removed: %s", why)
            return
        if removed:
            log.info("%d ended jobs removed (settings history_jobs and history_days)", len(removed))
        if len(removed) == _REMOVED_AT_ONCE:
            self._actor.post(self.expire)

    def remove(self, queue_id: str) -> None:
        """Remove an ended job; `restore` brings it back for a minute. On the actor's thread."""
        self._table.remove([queue_id], time.time())
        self._actor.after(RESTORABLE, self._forget_removed)

    def restore(self, queue_ids: Sequence[str], owners: Sequence[str] | None) -> list[str]:
        """Undo the removal of the jobs of these owners (None: of all); the ids of those that are back. Any thread."""
        restored: list[str] = []
        for start in range(0, len(queue_ids), _REMOVED_AT_ONCE):
            some = queue_ids[start : start + _REMOVED_AT_ONCE]
            since = time.time() - RESTORABLE
            restored += self._actor.ask(partial(self._table.restore, some, owners, since))
        return restored

    def _forget_removed(self) -> None:
        try:
            if self._table.forget_removed(time.time() - RESTORABLE, _REMOVED_AT_ONCE) == _REMOVED_AT_ONCE:
                self._actor.post(self._forget_removed)
        except Unavailable as why:
            log.warning("records of removed jobs could not be deleted: %s", why)

    def remove_ended(self, owners: Sequence[str] | None, older_than: float) -> list[str]:
        """Remove the jobs of these owners (None: of all) that ended `older_than` seconds ago; their ids. Any thread."""
        before = time.time() - older_than if older_than else None
        removed: list[str] = []
        while True:
            some = self._actor.ask(lambda: self._table.remove_ended(owners, before, _REMOVED_AT_ONCE, time.time()))
            removed += some
            if len(some) < _REMOVED_AT_ONCE:
                self._actor.post(lambda: self._actor.after(RESTORABLE, self._forget_removed))
                return removed
