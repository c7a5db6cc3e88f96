"""systemd reads all units again at a daemon-reload, as after the installation of a package."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from forgather_server import Forgather
from waiting import wait_until

FreePort = Callable[[], int]


@pytest.fixture(params=["socket", "direct"])
def viewer(forgather: Forgather, sample_runs: Path, free_port: FreePort, request: pytest.FixtureRequest) -> str:
    """A running viewer, read again by systemd."""
    if request.param == "socket":
        request.getfixturevalue("needs_socket_placement")
    queue_id = forgather.submit(sample_runs, port=free_port(), direct=request.param == "direct")
    forgather.wait_visited(queue_id)
    forgather.systemctl("daemon-reload")
    return queue_id


def drop_ins(forgather: Forgather) -> list[Path]:
    folder = Path(os.environ["XDG_RUNTIME_DIR"], "systemd", "transient")
    return list(folder.glob(f"{forgather.prefix}-*.d"))


def test_a_stop_from_outside_after_a_daemon_reload(forgather: Forgather, viewer: str) -> None:
    forgather.systemctl("stop", forgather.unit(viewer))
    ended = forgather.wait_status(viewer, "aborted")
    assert (ended["error"], ended["exit_code"]) == ("its unit was stopped from outside", 0)
    wait_until(lambda: forgather.units() == [])
    wait_until(lambda: not drop_ins(forgather))


def test_an_end_after_a_daemon_reload_while_no_server_runs(forgather: Forgather, viewer: str) -> None:
    pid = forgather.job(viewer)["pid"]
    forgather.kill()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: "running" not in forgather.systemctl("show", "-p", "SubState", forgather.unit(viewer)))
    forgather.start()
    ended = forgather.wait_status(viewer, "failed")
    assert (ended["signal"], ended["exit_code"]) == (signal.SIGKILL, None)
    wait_until(lambda: not drop_ins(forgather))


def test_a_viewer_without_a_daemon_reload_leaves_no_drop_in_file(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(queue_id, "running")
    assert len(drop_ins(forgather)) == 1
    assert "NeedDaemonReload=no" in forgather.systemctl("show", "-p", "NeedDaemonReload", forgather.unit(queue_id))
    forgather.post(f"/api/jobs/{queue_id}/control/kill")
    forgather.wait_status(queue_id, "aborted")
    wait_until(lambda: not drop_ins(forgather))
