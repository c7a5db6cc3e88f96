"""behind_socket.sh ends when its viewer or its proxy does, at any moment. The test takes systemd's place."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest
from waiting import PATIENCE, wait_until

from forgather_units.units import scripts

_SCRIPT = Path(scripts.__file__).with_name("behind_socket.sh")

Start = Callable[[str], subprocess.Popen[bytes]]
"""Starts the script with a proxy that runs this shell command."""


class Notifications:
    """The datagram socket at NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(PATIENCE)
        self._barrier: list[int] = []

    def wait_ready(self) -> None:
        """Wait for READY=1. The script continues after `proceed`: systemd-notify waits until its barrier is closed."""
        assert b"READY=1" in self.socket.recv(4096)
        text, self._barrier, *_ = socket.recv_fds(self.socket, 4096, 1)
        assert text == b"BARRIER=1"

    def proceed(self) -> None:
        while self._barrier:
            os.close(self._barrier.pop())


@pytest.fixture
def notifications(tmp_path: Path) -> Iterator[Notifications]:
    made = Notifications(tmp_path / "notify")
    yield made
    made.proceed()
    made.socket.close()


@pytest.fixture
def start(tmp_path: Path, free_port: Callable[[], int], notifications: Notifications) -> Iterator[Start]:
    with ExitStack() as started:

        def start(proxy: str) -> subprocess.Popen[bytes]:
            program, port = tmp_path / "proxyd", str(free_port())
            program.write_text(f"#!/bin/sh\n{proxy}\n")
            program.chmod(0o700)
            viewer = shlex.join([sys.executable, "-m", "http.server", "--bind=127.0.0.1", port])
            process = subprocess.Popen(
                ["/bin/bash", _SCRIPT, program, "900", port, "/"],
                env={**os.environ, "FORGATHER_COMMAND": viewer, "NOTIFY_SOCKET": str(tmp_path / "notify")},
                start_new_session=True,
            )
            started.callback(process.wait, PATIENCE)
            # As systemd does at the end of the main process.
            started.callback(kill_rest, process.pid)
            return process

        yield start


def kill_rest(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, SIGKILL)


def viewer_of(process: subprocess.Popen[bytes]) -> int:
    """Its pid: the script's first child."""
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


def kill(pid: int) -> None:
    """Kill the process, and wait until it has ended; its parent may not have reaped it yet."""
    os.kill(pid, SIGKILL)
    stat = Path(f"/proc/{pid}/stat")
    wait_until(lambda: not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z")


def test_the_viewer_exits_while_the_script_reports_that_it_is_ready(start: Start, notifications: Notifications) -> None:
    process = start("exec sleep 600")
    notifications.wait_ready()
    kill(viewer_of(process))
    notifications.proceed()
    assert process.wait(PATIENCE) == -SIGKILL


def test_a_stop_while_the_script_reports_that_the_viewer_is_ready(start: Start, notifications: Notifications) -> None:
    process = start("exec sleep 600")
    notifications.wait_ready()
    process.terminate()
    notifications.proceed()
    assert process.wait(PATIENCE) == -SIGTERM


@pytest.mark.parametrize("attempt", range(20))
def test_a_stop_as_soon_as_the_proxy_runs(
    start: Start, notifications: Notifications, tmp_path: Path, attempt: int
) -> None:
    """The moment differs a little each time."""
    process = start(f"touch {tmp_path}/proxy; exec sleep 600")
    notifications.wait_ready()
    notifications.proceed()
    wait_until((tmp_path / "proxy").exists)
    process.terminate()
    assert process.wait(PATIENCE) == -SIGTERM


@pytest.mark.parametrize("status", [0, 3])
def test_the_status_of_the_proxy_counts_if_it_exits_first(
    start: Start, notifications: Notifications, status: int
) -> None:
    process = start(f"exit {status}")
    notifications.wait_ready()
    viewer = viewer_of(process)
    notifications.proceed()
    assert process.wait(PATIENCE) == status
    assert not Path(f"/proc/{viewer}").exists()
