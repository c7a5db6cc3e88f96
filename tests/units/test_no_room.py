"""A temporary lack of resources in systemd does not fail the unit."""

from __future__ import annotations

import errno
import os
import select
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from files_kind import FILES, files_of
from pystemd import dbusexc
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.job import Ended, Job, Queued, Running, Sleeping, Starting
from forgather_units.domain.machine import Machine
from forgather_units.host.this_machine import this_machine
from forgather_units.systemd import dbus_next_connection, pystemd_connection
from forgather_units.systemd.bus import ManagerBus
from forgather_units.systemd.connection import Connection
from forgather_units.systemd.manager import UnitRefused
from forgather_units.systemd.message_bus import ErrorReply

MACHINE = this_machine()
SCOPE = MACHINE.scope


@pytest.fixture
def real(tmp_path: Path, needs_socket_placement: None) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, {FILES.name: FILES}) as made:
        yield made


def test_a_job_waits_while_the_runtime_folder_is_full(real: RealScheduler, tmp_path: Path) -> None:
    """The job keeps its place in the queue with a reason, and starts once there is space."""
    virtual = subprocess.run(["systemd-detect-virt", "--container"], capture_output=True, text=True, check=False)
    if virtual.stdout.strip() != "systemd-nspawn":
        pytest.skip("it fills a folder that other programs of this user need: the sandbox has one of its own")
    earlier = real.scheduler.submit(files_of(tmp_path)).queue_id
    filling = Path(MACHINE.runtime_dir, "filling")
    with filling.open("wb") as file:
        _fill(file.fileno())
        try:
            waiting = real.scheduler.submit(files_of(tmp_path)).queue_id
            state = real.scheduler.job(waiting).state
            assert isinstance(state, Queued)
            assert str(state.waits_for).startswith(f"{MACHINE.runtime_dir} is full")
            assert isinstance(real.state(earlier), Sleeping)
        finally:
            filling.unlink()
    wait_until(lambda: isinstance(real.state(waiting), Sleeping))


@contextmanager
def _needed_file(unit: str = "") -> Iterator[Path]:
    """A file that systemd reads to start a viewer; `unit` has more settings of its unit."""
    prefix = f"fgtest{os.getpid()}-files-"
    file, drop_in = (
        Path(MACHINE.runtime_dir, f"{prefix}needed"),
        Path(MACHINE.runtime_dir, f"systemd/user/{prefix}.service.d"),
    )
    drop_in.mkdir(parents=True)
    (drop_in / "needed.conf").write_text(f"[Unit]\n{unit}\n[Service]\nEnvironmentFile={file}\n")
    subprocess.run(["systemctl", SCOPE.flag, "daemon-reload"], check=True)
    file.touch()
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)
        shutil.rmtree(drop_in)
        subprocess.run(["systemctl", SCOPE.flag, "daemon-reload"], check=True)


@pytest.fixture
def needed() -> Iterator[Path]:
    """Without this file a start fails with the result `resources`, and systemd tries again for ten seconds."""
    with _needed_file() as file:
        yield file


@pytest.fixture
def soon_needed() -> Iterator[Path]:
    """The same, but systemd gives up after the third start."""
    with _needed_file("StartLimitBurst=3") as file:
        yield file


@pytest.mark.parametrize("slept", [False, True], ids=["first-wake", "later-wake"])
def test_a_wake_without_resources_is_retried(real: RealScheduler, tmp_path: Path, needed: Path, slept: bool) -> None:
    """systemd retries the start, and the waiting request gets its response."""
    scheduler = real.scheduler
    job = scheduler.submit(files_of(tmp_path))
    if slept:
        scheduler.wake(job.queue_id)
        wait_until(lambda: isinstance(real.state(job.queue_id), Running))
        wait_until(lambda: _asleep(real, job))
    while True:
        needed.unlink()
        with _visitor(real.unit_factory.paths.socket(job.queue_id)) as visitor:
            visitor.sendall(b"GET / HTTP/1.0\r\n\r\n")
            # The state changes when the start begins, the reason arrives when it has failed.
            wait_until(
                lambda: _responded(visitor) or (isinstance(real.state(job.queue_id), Starting) and _lacked(real, job))
            )
            # The server's own connection may have woken it before the file was removed: then once more.
            had_woken = _responded(visitor)
            needed.touch()
            assert visitor.recv(12) == b"HTTP/1.0 200"
        wait_until(lambda: isinstance(real.state(job.queue_id), Running))
        if not had_woken:
            break
        wait_until(lambda: _asleep(real, job))


def _responded(visitor: socket.socket) -> bool:
    return bool(select.select([visitor], [], [], 0)[0])


def _lacked(real: RealScheduler, job: Job) -> bool:
    return "systemd lacked the resources" in real.scheduler.job(job.queue_id).last_failure


def _visitor(path: str) -> socket.socket:
    """A connection to the socket at `path`, once it listens."""
    visitor = socket.socket(socket.AF_UNIX)
    visitor.settimeout(120)
    wait_until(lambda: visitor.connect_ex(path) == 0)
    return visitor


def _asleep(real: RealScheduler, job: Job) -> bool:
    """Whether the job sleeps. Puts it to sleep if it runs, again if the server's own connection has woken it."""
    state = real.state(job.queue_id)
    if isinstance(state, Running):
        real.viewers.put_to_sleep(job)
    return isinstance(state, Sleeping)


@pytest.mark.parametrize("how", ["socket", "direct"])
def test_a_long_lack_of_resources_requeues_the_job(
    real: RealScheduler, tmp_path: Path, soon_needed: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """Longer than systemd retries: the scheduler requeues the job, which starts once the resources are back."""
    soon_needed.unlink()
    queue_id = real.scheduler.submit(files_of(tmp_path, lazy=False, direct=how == "direct")).queue_id
    retried = f"{queue_id} could not be started, will be tried again: systemd lacked the resources"
    wait_until(lambda: not isinstance(real.state(queue_id), Ended) and retried in caplog.text)
    soon_needed.touch()
    wait_until(lambda: isinstance(real.state(queue_id), Running))


def test_a_kill_while_resources_lack_ends_the_job(real: RealScheduler, tmp_path: Path, needed: Path) -> None:
    needed.unlink()
    queue_id = real.scheduler.submit(files_of(tmp_path, lazy=False)).queue_id
    wait_until(lambda: isinstance(real.state(queue_id), Starting))
    real.scheduler.kill(queue_id)
    wait_until(lambda: isinstance(real.state(queue_id), Ended))
    state = real.scheduler.job(queue_id).state
    assert isinstance(state, Ended) and state.reason == "killed on request"


def _fill(file: int) -> None:
    step = 1 << 28
    while step >= 4096:
        try:
            os.posix_fallocate(file, os.fstat(file).st_size, step)
        except OSError:
            step //= 2


class FailingBus:
    """Replaces pystemd's DBusAddress: `open` fails."""

    def __init__(self, why: Exception) -> None:
        self._why = why

    def open(self) -> None:
        raise self._why


def failing_by_pystemd(number: int, monkeypatch: pytest.MonkeyPatch) -> Connection:
    why = dbusexc.DBusBaseError(-number, b"", os.strerror(number).encode())
    monkeypatch.setattr(pystemd_connection, "DBusAddress", lambda address, peer_to_peer: FailingBus(why))
    return pystemd_connection.PystemdConnection(MACHINE)


def failing_by_dbus_next(number: int, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """As sd-bus names errno values, see sd_bus_error_set_errno(3)."""
    names = {
        errno.ENOMEM: "org.freedesktop.DBus.Error.NoMemory",
        errno.EINVAL: "org.freedesktop.DBus.Error.InvalidArgs",
    }

    async def fail(machine: Machine) -> None:
        raise ErrorReply(names.get(number, f"System.Error.{errno.errorcode[number]}"), os.strerror(number))

    monkeypatch.setattr(dbus_next_connection, "connect", fail)
    return dbus_next_connection.DbusNextConnection(MACHINE)


Failing = Callable[[int, pytest.MonkeyPatch], Connection]
libraries = pytest.mark.parametrize("failing", [failing_by_pystemd, failing_by_dbus_next], ids=["pystemd", "dbus-next"])


@libraries
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize("call", [lambda to: to.start_transient("x", {"x": {}}), lambda to: to.start("x")])
def test_temporary_errors_make_the_manager_unavailable(
    monkeypatch: pytest.MonkeyPatch, failing: Failing, call: Callable[[ManagerBus], object], number: int
) -> None:
    """With a fake bus, because a test cannot provoke each of these errors in a real manager."""
    with pytest.raises(Unavailable, match="lacks the resources: " + os.strerror(number)):
        call(ManagerBus(MACHINE, lambda machine: failing(number, monkeypatch)))


@libraries
def test_other_errors_refuse_the_unit(monkeypatch: pytest.MonkeyPatch, failing: Failing) -> None:
    with pytest.raises(UnitRefused, match="Invalid argument"):
        ManagerBus(MACHINE, lambda machine: failing(errno.EINVAL, monkeypatch)).start_transient("x", {"x": {}})
