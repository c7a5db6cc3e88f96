"""A job in any state is restored unchanged from its record."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jobs import make_job, running, starting

from forgather_units.domain.job import Ended, Exit, Job, Outcome, Queued, Sleeping
from forgather_units.domain.placement import Placed, Placement
from forgather_units.domain.record import item_of, job_of, job_of_item, record_of
from forgather_units.viewers.table import KINDS

STATES = [
    make_job(1, port="auto", state=Queued("port 6006 is held by another process")),
    starting(2, 6007),
    running(3, 6008),
    make_job(4, state=Ended(Outcome.FAILED, 9.5, Exit(signal=9), "ended with signal 9 (SIGKILL)", 4.0, 6006)),
    make_job(5, state=Ended(Outcome.DONE, 9.5, Exit(code=0), "", 4.0, 6006)),
    make_job(7, state=Sleeping(8.0, 6006, 4.0)).placed_as(Placed(Placement.SOCKET, ("own network",), ("a notice",))),
    make_job(6, state=Ended(Outcome.ABORTED, 9.5, reason="cancelled before it started")),
]


@pytest.mark.parametrize("job", STATES, ids=lambda job: job.status)
def test_a_job_is_restored_from_its_record(job: Job) -> None:
    assert job_of(json.loads(json.dumps(record_of(job))), KINDS) == job


def test_the_owner_is_restored_and_older_records_have_none() -> None:
    job = make_job(1)
    owned = replace(job, submission=replace(job.submission, owner="alice"))
    record = json.loads(json.dumps(record_of(owned)))
    assert job_of(record, KINDS) == owned
    del record["owner"]
    assert job_of(record, KINDS) == job


def test_a_queued_job_is_restored_from_its_item() -> None:
    job = make_job(1, port="auto")
    assert job_of_item(json.loads(json.dumps(item_of(job))), KINDS) == job


def test_a_record_has_the_fields_of_forgather_s_own_server() -> None:
    wanted = (
        "queue_id project_dir config dynamic_args requested_gpus priority submitted_at job_type job_params node "
        "gpu_indices pid status started_at finished_at exit_code error output_dir path_prefix"
    )
    assert set(wanted.split()) <= set(record_of(make_job()))
