"""Saved records are loaded again; unusable ones are set aside, and never deleted."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest
from jobs import make_job, running

from forgather_units.domain.errors import Unavailable
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.store.migrations import STEPS
from forgather_units.viewers.table import KINDS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "forgather.db"


def test_jobs_and_the_enabled_state_are_loaded_again(file: Path) -> None:
    store = JobStore(open_database(file), KINDS)
    jobs = [make_job(1), running(2, 6007)]
    for job in jobs:
        store.save(job)
    store.enabled = False
    store.close()
    again = JobStore(open_database(file), KINDS)
    assert again.load() == jobs
    assert again.enabled is False
    again.remove([jobs[0].queue_id])
    assert again.load() == jobs[1:]


def test_only_the_owner_can_read_the_database(file: Path) -> None:
    open_database(file).close()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("content", [b"this is no database " * 100, None], ids=["garbage", "torn"])
def test_a_corrupt_database_is_set_aside(file: Path, content: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    store = JobStore(open_database(file), KINDS)
    for number in range(200):
        store.save(make_job(number))
    store.close()
    if content is None:
        whole = file.read_bytes()
        content = whole[:4096] + b"\xff" * 8192 + whole[12288:]
    file.write_bytes(content)
    with caplog.at_level(logging.ERROR):
        assert JobStore(open_database(file), KINDS).load() == []
    (aside,) = file.parent.glob("forgather.db.corrupt-*")
    assert aside.read_bytes() == content
    assert str(aside) in caplog.text


@pytest.mark.parametrize(
    "damage",
    [
        "record = '{}'",
        "record = '[]'",
        "record = json_set(record, '$.priority', 'high')",
        "record = json_set(record, '$.submitted_at', 'yesterday')",
        "record = json_set(record, '$.job_params.logdir', 5)",
        "record = json_set(record, '$.job_params.port', json('[]'))",
        "record = json_set(record, '$.job_type', 'unknown')",
        "record = json_set(record, '$.status', 'unknown')",
        "record = json_set(record, '$.queue_id', '../../etc')",
        "record = json_set(record, '$.queue_id', 'q_7_00000007')",
        "record = replace(record, '/runs/tiny_llama', '/runs/' || char(92) || 'udce9')",
        "record = replace(record, '/runs/tiny_llama', '/runs/' || char(92) || 'uffff')",
        "record = json_quote(CAST(x'e9' AS TEXT))",
        "queue_id = CAST(x'e9' AS TEXT)",
    ],
)
def test_an_unusable_record_is_set_aside(file: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    connection = open_database(file)
    store = JobStore(connection, KINDS)
    good, bad = make_job(1), make_job(2)
    store.save(good)
    store.save(bad)
    connection.execute(f"UPDATE jobs SET {damage} WHERE queue_id = ?", (bad.queue_id,))
    assert store.load() == [good]
    assert "cannot be used" in caplog.text
    caplog.clear()
    assert store.load() == [good], "the record is not read again"
    assert "1 records in the database were set aside" in caplog.text
    assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (2,), "the record is kept"
    # The job is restored from its unit.
    store.save(bad)
    assert store.load() == [good, bad]


def test_the_database_of_a_newer_version_is_refused_and_kept(file: Path) -> None:
    connection = open_database(file)
    connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()
    with pytest.raises(Unavailable, match="newer version"):
        open_database(file)
    assert sqlite3.connect(file).execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)


def test_the_schema_of_every_version_is_migrated(tmp_path: Path) -> None:
    """A database of each released version opens with its jobs."""
    for version in range(len(STEPS) + 1):
        file = tmp_path / f"{version}.db"
        connection = sqlite3.connect(file)
        for step in STEPS[:version]:
            connection.executescript(step)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        store = JobStore(open_database(file), KINDS)
        store.save(make_job(1))
        assert store.load() == [make_job(1)]
