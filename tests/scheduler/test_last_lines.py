"""The reason of a failure contains the job's last lines, which journald stores some time after its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from files_kind import FILES, files_of
from real_scheduler import real_scheduler
from waiting import wait_until

from forgather_units.domain.job import Ended, Job
from forgather_units.domain.program import Program


def stored_after(reads: int) -> Callable[[Job], Sequence[str]]:
    """Last lines that the first reads do not find."""
    left = [()] * reads

    def last_lines(job: Job) -> Sequence[str]:
        return left.pop() if left else ("no room",)

    return last_lines


@pytest.mark.parametrize(
    ("reads", "reason"),
    [
        (0, "ended with exit code 3; its last output: no room"),
        (2, "ended with exit code 3; its last output: no room"),
        (9, "ended with exit code 3"),
    ],
)
def test_a_failure_is_explained_once_its_output_is_stored(tmp_path: Path, reads: int, reason: str) -> None:
    kind = replace(FILES, describe=lambda _: Program(("/bin/sh", "-c", "exit 3")))
    with real_scheduler(tmp_path, {kind.name: kind}, last_lines=stored_after(reads)) as made:
        queue_id = made.scheduler.submit(files_of(tmp_path, direct=True, kind=kind)).queue_id
        wait_until(lambda: isinstance(made.state(queue_id), Ended))
        state = made.scheduler.job(queue_id).state
        assert isinstance(state, Ended) and state.reason == reason
