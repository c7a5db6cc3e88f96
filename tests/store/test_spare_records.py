"""The next server finds records that the database could not store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from jobs import make_job, running

from forgather_units.domain.errors import Unavailable
from forgather_units.scheduler.events import EventBus
from forgather_units.scheduler.job_table import JobTable
from forgather_units.scheduler.transitions import cancelled
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.viewers.table import KINDS


class Disk:
    """The disk of the database; writes fail while it is full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, *, full: bool) -> JobTable:
        connection = open_database(self.folder / "db")
        store = JobStore(connection, KINDS, self.folder / "spare")
        if full:
            connection.execute("PRAGMA query_only = ON")
        table = JobTable(store, EventBus())
        table.load()
        return table


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_unsaved_stops_and_ends_are_restored_from_spare_records(disk: Disk) -> None:
    stopped, over = running(1, 6006), running(2, 6007)
    table = disk.open(full=False)
    table.accept(stopped)
    table.accept(over)
    full = disk.open(full=True)
    stopping, ended = replace(stopped, stop_requested=True), cancelled(over, 9.0)
    full.note(stopping)
    full.note(ended)
    assert not full.is_saved(stopped.queue_id)
    again = disk.open(full=False)
    assert (again.live(stopped.queue_id), again.live(over.queue_id)) == (stopping, ended)
    assert again.save_unsaved()
    assert list((disk.folder / "spare").iterdir()) == []
    assert disk.open(full=False).get(over.queue_id) == ended


def test_a_refused_job_leaves_no_spare_record(disk: Disk) -> None:
    full = disk.open(full=True)
    with pytest.raises(Unavailable):
        full.accept(make_job(1))
    assert disk.open(full=False).present() == []
