"""A job that needs a socket unit is never placed directly instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.job import Ended, Submission
from forgather_units.domain.listening import AUTO
from forgather_units.domain.placement import Placing
from forgather_units.viewers.table import KINDS
from forgather_units.viewers.tensorboard.options import TensorBoardOptions


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, KINDS) as made:
        yield made


def submission(folder: Path, placing: Placing) -> Submission:
    options = TensorBoardOptions(logdir=str(folder), port=AUTO)
    return Submission(str(folder), f"tensorboard:{options.port}", KINDS["tensorboard"], options, placing=placing)


@pytest.mark.parametrize("promise", ["private", "lazy"])
def test_after_a_reload_to_direct_the_job_fails(real: RealScheduler, tmp_path: Path, promise: str) -> None:
    # The API accepted it under `placement: socket`; a reload changed the setting while it waited.
    real.unit_factory.current_rules.rules = replace(real.unit_factory.rules, sockets=False)
    job = real.scheduler.submit(submission(tmp_path, Placing(**{promise: True})))
    wait_until(lambda: isinstance(real.state(job.queue_id), Ended))
    ended = real.scheduler.job(job.queue_id)
    assert ended.status == "failed" and isinstance(ended.state, Ended)
    assert f"{promise} needs the socket placement: the setting placement is direct" in ended.state.reason
    assert ended.placed is None, "no unit was made for it"


def test_jobs_without_such_a_need_are_placed_directly(real: RealScheduler, tmp_path: Path) -> None:
    real.unit_factory.current_rules.rules = replace(real.unit_factory.rules, sockets=False)
    job = real.scheduler.submit(submission(tmp_path, Placing()))
    wait_until(lambda: real.scheduler.job(job.queue_id).is_active)


def test_a_record_with_private_and_direct_fails(real: RealScheduler, tmp_path: Path) -> None:
    job = real.scheduler.submit(submission(tmp_path, Placing(private=True, direct=True)))
    wait_until(lambda: isinstance(real.state(job.queue_id), Ended))
    ended = real.scheduler.job(job.queue_id)
    assert isinstance(ended.state, Ended)
    assert "private needs the socket placement: the job asks for direct" in ended.state.reason
