"""The bus restarts while jobs run: no job is lost, and one that ended meanwhile gets its true status."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from forgather_server import Forgather
from waiting import wait_until

from forgather_units.sandbox.plan import PERSON

FreePort = Callable[[], int]


@pytest.fixture(autouse=True)
def _no_other_program_uses_the_bus() -> None:
    if getpass.getuser() != PERSON:
        pytest.skip("a restart of the session bus would end this user's desktop session: the sandbox has one to spare")


@pytest.mark.parametrize("words", [("restart", "dbus.service"), ("daemon-reexec",)])
def test_jobs_survive_a_restart_of_the_bus_or_the_manager(
    forgather: Forgather, sample_runs: Path, free_port: FreePort, words: tuple[str, ...]
) -> None:
    survivor = forgather.submit(sample_runs, port=free_port(), idle_timeout="never")
    killed = forgather.submit(sample_runs, port=free_port(), idle_timeout="never")
    forgather.wait_status(survivor, "running")
    pid = forgather.wait_visited(killed)["pid"]
    subprocess.run(["systemctl", "--user", *words], check=True, timeout=120)
    os.kill(pid, signal.SIGKILL)
    ended = forgather.wait_status(killed, "failed")
    assert ended["signal"] == signal.SIGKILL
    assert forgather.job(survivor)["status"] == "running"
    after = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(after, "running")
    forgather.cli("job", "kill", survivor)
    assert wait_until(lambda: forgather.job(survivor)["status"] == "aborted")
