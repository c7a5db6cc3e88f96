"""The bus goes away while jobs run: nothing is lost, and what ended meanwhile has its true status."""

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
def _nobody_else_uses_the_bus() -> None:
    if getpass.getuser() != PERSON:
        pytest.skip("a restart of somebody's own session bus would end their desktop: the sandbox has one to spare")


@pytest.mark.parametrize("words", [("restart", "dbus.service"), ("daemon-reexec",)])
def test_it_comes_back(forgather: Forgather, sample_runs: Path, free_port: FreePort, words: tuple[str, ...]) -> None:
    goes_on = forgather.submit(sample_runs, port=free_port(), idle_timeout="never")
    dies = forgather.submit(sample_runs, port=free_port(), idle_timeout="never")
    for queue_id in (goes_on, dies):
        forgather.wait_status(queue_id, "running")
    pid = forgather.job(dies)["pid"]
    subprocess.run(["systemctl", "--user", *words], check=True, timeout=30)
    os.kill(pid, signal.SIGKILL)
    ended = forgather.wait_status(dies, "failed", seconds=30)
    assert ended["signal"] == signal.SIGKILL
    assert forgather.job(goes_on)["status"] == "running"
    after = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(after, "running", seconds=60)
    forgather.cli("job", "kill", goes_on)
    assert wait_until(lambda: forgather.job(goes_on)["status"] == "aborted", 20)
