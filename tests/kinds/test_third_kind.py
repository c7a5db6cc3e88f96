"""A kind that the product does not know: one table entry, and scheduler, units and edge do the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.job import Running
from forgather_units.domain.listening import Listening, Port
from forgather_units.domain.program import Program
from forgather_units.kinds import params
from forgather_units.kinds.kind import Facts, Kind
from forgather_units.kinds.table import KINDS
from forgather_units.machine.tensorboard_cli import folders_of
from forgather_units.proxy.readiness import answers
from forgather_units.proxy.target import OpenUnix
from forgather_units.server.submission import SubmissionParser

# The whole kind


@dataclass(frozen=True, slots=True)
class FilesOptions(Listening):
    """Python's own file server."""

    shown: str
    port: Port = field(default=9000, kw_only=True)

    @property
    def title(self) -> str:
        return Path(self.shown).name

    @property
    def folder(self) -> str:
        return self.shown


FILES = Kind(
    name="files",
    segment="files",
    noun="Files",
    usual_port=9000,
    options=FilesOptions,
    parsers={
        "shown": params.path,
        "port": params.port(9000),
        "host": params.optional_text,
        "bind_all": params.truth,
    },
    required="shown",
    check=lambda options: Facts(),
    find=lambda command: Program((sys.executable, "-m", "http.server"), (*folders_of(sys.executable), sys.base_prefix)),
    command_line=lambda options, port, prefix, prepared: [
        f"--directory={options.shown}",
        f"--bind={options.address}",
        str(port),
    ],
    ready=lambda prefix: "/",
)

# The whole proof


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, {**KINDS, FILES.name: FILES}) as made:
        yield made


def test_it_is_queued_started_reached_and_ended(scheduler: RealScheduler, tmp_path: Path) -> None:
    deciding, makes = scheduler.deciding, scheduler.makes
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "hello").write_text("hello")
    parser = SubmissionParser({FILES.name: FILES}, makes.program, makes.host.reason)
    body = {
        "project_dir": "/",
        "config": "files",
        "job_type": "files",
        "job_params": {"shown": str(tmp_path / "shown"), "port": "auto"},
    }
    submission, _ = parser.parse(body)
    job = deciding.submit(submission)
    assert (job.path_prefix, job.title) == (f"/api/files/{job.queue_id}", "shown")
    wait_until(lambda: isinstance(scheduler.state(job.queue_id), Running), 30)
    state = deciding.job(job.queue_id).state
    assert isinstance(state, Running) and state.port is not None and state.port >= 9000
    if deciding.job(job.queue_id).has_socket:
        assert answers(OpenUnix(makes.socket_path(job.queue_id)), "/hello")
    assert makes.names.service(job).startswith(f"fgtest{os.getpid()}-files-q_")
    deciding.kill(job.queue_id)
    wait_until(lambda: (deciding.sweep(), deciding.job(job.queue_id).is_ended)[1])
    assert deciding.job(job.queue_id).status == "aborted"
