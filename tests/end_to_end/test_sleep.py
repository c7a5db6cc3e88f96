"""A sleeping job has no process, and systemd's socket holds its port; the first request wakes it without error."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from forgather_server import Forgather
from waiting import wait_until

FreePort = Callable[[], int]
# Long enough for a test to see it awake on a loaded machine.
ASLEEP_SOON = {"idle_timeout": 6}


pytestmark = pytest.mark.usefixtures("needs_socket_placement")


@pytest.fixture
def forgather(emptied_forgather: Forgather) -> Forgather:
    return emptied_forgather


def listening(forgather: Forgather) -> str:
    return forgather.systemctl("list-sockets", "--all", "--no-legend", f"{forgather.prefix}-*")


def processes(forgather: Forgather) -> list[str]:
    """The pids of the TensorBoards that run in this server's units."""
    found = []
    for unit in forgather.units():
        pid = forgather.systemctl("show", "-p", "MainPID", "--value", unit).strip()
        found += [pid] if pid != "0" else []
    return found


def open_page(forgather: Forgather, queue_id: str) -> int:
    return forgather.get(f"/api/tb/{queue_id}/data/environment").status_code


def starts(forgather: Forgather, queue_id: str) -> int:
    """How often its TensorBoard has started, by its output. journald stores a line after the viewer has printed it."""
    return forgather.get(f"/api/jobs/{queue_id}/tty").text.count("TensorBoard 2.")


def test_an_idle_job_sleeps_and_wakes(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    queue_id = forgather.submit(sample_runs, port=port, **ASLEEP_SOON)
    running = forgather.wait_status(queue_id, "running")
    assert (running["placement"], "own network" in running["protections"]) == ("socket", True)
    assert f"127.0.0.1:{port}" in listening(forgather)
    asleep = forgather.wait_status(queue_id, "sleeping")
    assert (asleep["port"], asleep["pid"], asleep["usage"], asleep["alive"]) == (port, None, None, True)
    assert processes(forgather) == []
    assert f"127.0.0.1:{port}" in listening(forgather)
    # Directly at its port, and then through the proxy.
    answer = requests.get(f"http://127.0.0.1:{port}/api/tb/{queue_id}/data/environment", timeout=120)
    assert answer.status_code == 200
    # The server may not know yet that the job woke: its unit does.
    wait_until(lambda: processes(forgather) == [])
    forgather.wait_status(queue_id, "sleeping")
    assert open_page(forgather, queue_id) == 200
    again = forgather.wait_status(queue_id, "running")
    assert (again["finished_at"], again["port"]) == (None, port)
    assert again["invocation_id"] != running["invocation_id"]
    # One terminal for all of its runs.
    wait_until(lambda: starts(forgather, queue_id) == 3)


def test_fifty_simultaneous_requests_wake_a_job_once(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port(), lazy=True)
    assert forgather.wait_status(queue_id, "sleeping")["started_at"] is None
    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(lambda _: open_page(forgather, queue_id), range(50)))
    assert answers == [200] * 50
    assert wait_until(lambda: starts(forgather, queue_id)) == 1


def test_twenty_lazy_jobs_run_no_process_until_they_are_visited(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    # Not `auto`: parallel tests use the same ports, and would probe these for readiness.
    ports = {
        forgather.submit(sample_runs, port=port, lazy=True, **ASLEEP_SOON): port
        for port in (free_port() for _ in range(20))
    }
    wait_until(lambda: listening(forgather).count("127.0.0.1:") == 20)
    assert processes(forgather) == []
    with ExitStack() as visits:
        for queue_id in list(ports)[::4]:
            # An open connection keeps the job awake until all are.
            visits.enter_context(socket.create_connection(("127.0.0.1", ports[queue_id]), 120))
            assert open_page(forgather, queue_id) == 200
        assert len(processes(forgather)) == 5
    wait_until(lambda: processes(forgather) == [])
    wait_until(lambda: {job["status"] for job in forgather.get("/api/jobs").json()} == {"sleeping"})


def test_wake_sleep_restart_and_kill_by_command(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    queue_id = forgather.submit(sample_runs, port=port, lazy=True, idle_timeout="never")
    assert "wakes up" in forgather.cli("job", "wake", queue_id).stdout
    first = forgather.wait_status(queue_id, "running")
    assert "awake already" in forgather.cli("job", "wake", queue_id).stdout
    assert f"{queue_id} is asleep\n" in forgather.cli("job", "sleep", queue_id).stdout
    assert forgather.get(f"/api/jobs/{queue_id}/status").json()["status"] == "sleeping"
    assert "asleep already" in forgather.cli("job", "sleep", queue_id).stdout
    forgather.cli("job", "restart", queue_id)
    forgather.wait_status(queue_id, "sleeping")
    forgather.cli("job", "wake", queue_id)
    second = forgather.wait_status(queue_id, "running")
    assert second["invocation_id"] != first["invocation_id"]
    forgather.cli("job", "kill", queue_id)
    ended = forgather.wait_status(queue_id, "aborted")
    assert (ended["error"], ended["exit_code"]) == ("killed on request", 0)
    wait_until(lambda: (listening(forgather), forgather.units()) == ("", []))
    refused = forgather.cli("job", "wake", queue_id, check=False)
    assert (refused.returncode, "only a sleeping job can be woken" in refused.stderr) == (1, True)
    # An ended job is restarted under its own id.
    forgather.cli("job", "restart", queue_id)
    assert forgather.wait_status(queue_id, "sleeping")["port"] == port


def test_requests_during_and_right_after_sleep_and_restart(forgather: Forgather, sample_runs: Path) -> None:
    """No request reaches the viewer that is shutting down."""
    queue_id = forgather.submit(sample_runs, port="auto", idle_timeout="never")
    forgather.wait_status(queue_id, "running")
    with ThreadPoolExecutor(1) as other:
        for action in ["sleep", "sleep", "restart", "sleep", "restart", "sleep"]:
            forgather.wait_status(queue_id, "running")
            meanwhile = other.submit(forgather.get, f"/api/tb/{queue_id}/data/environment")
            forgather.post(f"/api/jobs/{queue_id}/control/{action}", {})
            assert (action, open_page(forgather, queue_id)) == (action, 200)
            answer = meanwhile.result(120)
            assert (action, answer.status_code) == (action, 200), answer.text


def test_killing_and_cancelling_a_sleeping_job(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    for words in (("kill",), ("force-kill", "--yes"), ("cancel",)):
        port = free_port()
        queue_id = forgather.submit(sample_runs, port=port, lazy=True)
        forgather.cli("job", *words, queue_id)
        assert forgather.wait_status(queue_id, "aborted")["error"] == "killed on request"
        wait_until(lambda: listening(forgather) == "")


@pytest.mark.parametrize("kind", ["service", "socket"])
def test_a_stop_from_outside_ends_the_job(
    forgather: Forgather, sample_runs: Path, free_port: FreePort, kind: str
) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(queue_id, "running")
    forgather.systemctl("stop", forgather.unit(queue_id).replace(".service", f".{kind}"))
    assert "stopped from outside" in forgather.wait_status(queue_id, "aborted")["error"]
    assert wait_until(lambda: listening(forgather) == "" and forgather.units() == [])


def test_stopping_the_socket_ends_a_sleeping_job(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port(), lazy=True)
    forgather.systemctl("stop", f"{forgather.prefix}-tensorboard-{queue_id}.socket")
    assert "stopped from outside" in forgather.wait_status(queue_id, "aborted")["error"]


def _listeners(port: int) -> str:
    return subprocess.run(["ss", "-ltnH", f"sport = :{port}"], capture_output=True, text=True, check=True).stdout


def test_a_sleeping_job_keeps_its_port(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    queue_id = forgather.submit(sample_runs, port=port, lazy=True)
    # systemd reports the socket unit as starting before it listens.
    wait_until(lambda: f"127.0.0.1:{port}" in _listeners(port))
    with socket.socket() as foreign, pytest.raises(OSError, match="in use"):
        foreign.bind(("127.0.0.1", port))
        foreign.listen()
    other = forgather.submit(sample_runs, port=port)
    assert forgather.job(other)["waits_for"] == f"port {port} is held by {queue_id} ({sample_runs.parent.name})"
    assert open_page(forgather, queue_id) == 200


def test_a_job_whose_port_is_taken_waits_before_any_process_starts(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as foreign:
        port = foreign.getsockname()[1]
        queue_id = forgather.submit(sample_runs, port=port)
        assert forgather.job(queue_id)["waits_for"] == f"port {port} is held by another process"
        assert processes(forgather) == []
    forgather.wait_status(queue_id, "running")


@pytest.mark.parametrize("moment", ["sleeping", "starting", "running"])
def test_nothing_is_lost_when_the_server_is_killed(
    forgather: Forgather, sample_runs: Path, free_port: FreePort, moment: str
) -> None:
    port = free_port()
    lazy = moment == "sleeping"
    queue_id = forgather.submit(sample_runs, port=port, lazy=lazy, idle_timeout=6 if lazy else "never")
    forgather.wait_status(queue_id, moment)
    forgather.kill()
    # systemd wakes it without the server.
    answer = requests.get(f"http://127.0.0.1:{port}/api/tb/{queue_id}/data/environment", timeout=120)
    assert answer.status_code == 200
    forgather.start()
    jobs: list[dict[str, Any]] = forgather.get("/api/jobs").json()
    assert [job["queue_id"] for job in jobs] == [queue_id]
    forgather.wait_status(queue_id, "running", "sleeping")
    assert open_page(forgather, queue_id) == 200
    assert starts(forgather, queue_id) <= 2
    forgather.cli("job", "kill", queue_id)
    forgather.wait_status(queue_id, "aborted")
    wait_until(lambda: listening(forgather) == "")


def test_a_private_job_has_no_port(forgather: Forgather, sample_runs: Path) -> None:
    queue_id = forgather.submit(sample_runs, private=True)
    job = forgather.wait_status(queue_id, "running")
    assert job["port"] is None
    assert [line.split()[0].startswith("/run/user/") for line in listening(forgather).splitlines()] == [True]
    assert open_page(forgather, queue_id) == 200
    assert "port:      private" in forgather.cli("job", "status", queue_id).stdout


def test_bind_all_listens_on_all_addresses(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    queue_id = forgather.submit(sample_runs, port=port, bind_all=True, lazy=True)
    wait_until(lambda: f"*:{port}" in _listeners(port))
    answer = requests.get(f"http://127.0.0.2:{port}/api/tb/{queue_id}/data/environment", timeout=120)
    assert answer.status_code == 200
    # TensorBoard itself stays on the loopback of its own network.
    pid = forgather.wait_status(queue_id, "running")["pid"]
    assert "--bind_all" not in Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_an_open_connection_keeps_a_job_awake(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    queue_id = forgather.submit(sample_runs, port=port, **ASLEEP_SOON)
    forgather.wait_status(queue_id, "running")
    with socket.create_connection(("127.0.0.1", port), 120):
        other = forgather.submit(sample_runs, port=free_port(), **ASLEEP_SOON)
        forgather.wait_status(other, "running")
        forgather.wait_status(other, "sleeping")
        assert forgather.job(queue_id)["status"] == "running"
    forgather.wait_status(queue_id, "sleeping")


def test_a_daemon_reload_changes_nothing(forgather: Forgather, tmp_path: Path, free_port: FreePort) -> None:
    """Installing a package or editing a unit makes systemd read all units again, the transient ones too."""
    # systemd 252 cannot read back a bound path with a space.
    special = tmp_path / "$HOME" / "100%h" / "--x"
    special.mkdir(parents=True)
    queue_id = forgather.submit(special, port=free_port(), idle_timeout="never")
    before = forgather.wait_status(queue_id, "running")
    unit = forgather.unit(queue_id)
    shown = "Environment,BindReadOnlyPaths,SystemCallFilter,PrivateNetwork,ProtectHome,Restart,KillMode,CPUWeight"
    declared = forgather.systemctl("show", "-p", shown, unit)
    forgather.systemctl("daemon-reload")
    assert forgather.systemctl("show", "-p", shown, unit) == declared
    assert forgather.systemctl("show", "-p", "LoadState", "--value", unit).strip() == "loaded"
    assert forgather.job(queue_id)["pid"] == before["pid"]
    forgather.cli("job", "sleep", queue_id)
    forgather.wait_status(queue_id, "sleeping")
    assert open_page(forgather, queue_id) == 200
    pid = forgather.wait_status(queue_id, "running")["pid"]
    (child, *_) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert f"--logdir={special}" in Path(f"/proc/{child}/cmdline").read_text().split("\0")
    forgather.cli("job", "kill", queue_id)
    assert forgather.wait_status(queue_id, "aborted")["error"] == "killed on request"
    assert wait_until(lambda: forgather.units() == [])
