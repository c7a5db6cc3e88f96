"""Jobs for tests, with defaults for all fields that do not matter."""

from __future__ import annotations

from forgather_units.domain.job import Job, Queued, Running, Starting, State, Submission
from forgather_units.domain.listening import Port
from forgather_units.viewers.tensorboard.kind import TENSORBOARD
from forgather_units.viewers.tensorboard.options import TensorBoardOptions


def make_job(
    number: int = 1,
    *,
    port: Port = 6006,
    priority: int = 0,
    state: State | None = None,
    host: str | None = None,
    bind_all: bool = False,
    logdir: str = "/runs/tiny_llama",
) -> Job:
    """The `number`th job: submitted in the `number`th second."""
    options = TensorBoardOptions(logdir=logdir, port=port, host=host, bind_all=bind_all)
    submission = Submission(
        project_dir=logdir, config=f"tensorboard:{options.port}", kind=TENSORBOARD, options=options, priority=priority
    )
    return Job(f"q_{number}000_0000000{number % 10}", submission, float(number), state or Queued())


def starting(number: int, port: int) -> Job:
    return make_job(number, port=port, state=Starting(started_at=float(number), port=port, pid=number))


def running(number: int, port: int) -> Job:
    return make_job(number, port=port, state=Running(float(number), number + 1.0, port, pid=number))
