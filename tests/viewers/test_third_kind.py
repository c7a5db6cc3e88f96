"""A kind that the product does not have: one table entry is enough for the scheduler, the units and the API."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from files_kind import FILES, USUAL_PORT
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.job import Running
from forgather_units.proxy.destination import OpenUnix
from forgather_units.proxy.readiness import responds
from forgather_units.viewers.submission import SubmissionParser
from forgather_units.viewers.table import KINDS


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, {**KINDS, FILES.name: FILES}) as made:
        yield made


def test_a_job_of_a_new_kind_is_queued_started_reached_and_ended(real: RealScheduler, tmp_path: Path) -> None:
    scheduler, unit_factory = real.scheduler, real.unit_factory
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "hello").write_text("hello")
    parser = SubmissionParser({FILES.name: FILES}, unit_factory.program, lambda: unit_factory.no_sockets)
    body = {
        "project_dir": "/",
        "config": "files",
        "job_type": "files",
        "job_params": {"shown": str(tmp_path / "shown"), "port": "auto"},
    }
    submission, _ = parser.parse(body)
    job = scheduler.submit(submission)
    assert (job.path_prefix, job.title) == (f"/api/files/{job.queue_id}", "shown")
    wait_until(lambda: isinstance(real.state(job.queue_id), Running))
    state = scheduler.job(job.queue_id).state
    assert isinstance(state, Running) and state.port is not None and state.port >= USUAL_PORT
    if scheduler.job(job.queue_id).has_socket:
        assert responds(OpenUnix(unit_factory.paths.socket(job.queue_id)), "/hello")
    assert unit_factory.names.service(job).startswith(f"fgtest{os.getpid()}-files-q_")
    scheduler.kill(job.queue_id)
    wait_until(lambda: (scheduler.sweep(), scheduler.job(job.queue_id).is_ended)[1])
    assert scheduler.job(job.queue_id).status == "aborted"
