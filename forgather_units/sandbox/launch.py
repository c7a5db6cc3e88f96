"""Boots a sandbox, runs commands in it and ends it."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Unavailable
from forgather_units.sandbox.cgroup import ControlGroup, own_cgroup
from forgather_units.sandbox.exposure import make_plan
from forgather_units.sandbox.plan import PERSON, Plan

_BOOT_LIMIT: Final = 60.0
_POWER_OFF_LIMIT: Final = 5.0
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A booted one."""

    plan: Plan
    leader: int
    """The pid of its process 1, as the host sees it."""

    @property
    def person_environment(self) -> Mapping[str, str]:
        """The environment of a login session of the ordinary user."""
        return {
            "HOME": f"/home/{PERSON}",
            "USER": PERSON,
            "LOGNAME": PERSON,
            "SHELL": "/bin/bash",
            "XDG_RUNTIME_DIR": f"/run/user/{self.plan.uid}",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path=/run/user/{self.plan.uid}/bus",
        }

    def enter(self, command: Sequence[str]) -> list[str]:
        """The host's command line that runs `command` inside as root, in the sandbox's own process tree."""
        # Without the death signals it would outlive a launcher that was killed: nsenter is two processes, one inside,
        # and that one would hold up the power-off.
        dies_with_parent = ["setpriv", "--pdeathsig", "KILL"]
        nsenter = ["nsenter", "-t", str(self.leader), "-a", "env", "-i", f"PATH={_PATH}"]
        return [*dies_with_parent, *nsenter, *dies_with_parent, *command]


@contextlib.contextmanager
def booted(
    bind: Sequence[str] = (),
    bind_read_only: Sequence[str] = (),
    *,
    user_namespaces: bool = True,
    tree: str = "/",
    private_network: bool = False,
    disk: str = "",
) -> Iterator[Sandbox]:
    """A sandbox for as long as the `with` lasts. Raises a ForgatherError if it does not come up.

    `tree` is the root file system that it is made of; nothing is written there.
    """
    name = f"forgather-sandbox-{os.getpid()}"
    group = own_cgroup(name)
    group.create()
    with _swept(group), _notify_socket(name) as messages:
        plan = make_plan(
            name,
            str(group.folder),
            bind=bind,
            bind_read_only=bind_read_only,
            user_namespaces=user_namespaces,
            tree=tree,
            private_network=private_network,
            disk=disk,
        )
        process = _start(plan)
        try:
            leader = _wait_ready(process, messages)
            # Newer systemd also reports each reload. If nothing reads the messages, nspawn blocks, and at the end the
            # systemd inside waits for nspawn.
            messages.close()
            yield Sandbox(plan, leader)
        finally:
            _power_off(process, group)


def _start(plan: Plan) -> subprocess.Popen[bytes]:
    boot = [sys.executable, "-m", "forgather_units.sandbox.boot", plan.to_json()]
    package = str(Path(__file__).resolve().parents[2])
    return subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", *boot],
        env={"PATH": os.environ.get("PATH", _PATH), "PYTHONPATH": package, "NOTIFY_SOCKET": f"@{plan.name}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # A Ctrl-C is for the command inside; we end the sandbox ourselves, afterwards.
        start_new_session=True,
    )


@contextlib.contextmanager
def _notify_socket(name: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as messages:
        messages.bind(f"\0{name}")
        yield messages


def _wait_ready(process: subprocess.Popen[bytes], messages: socket.socket) -> int:
    """The leader's pid, after the boot. Raises Unavailable with nspawn's error."""
    leader = 0
    deadline = time.monotonic() + _BOOT_LIMIT
    while time.monotonic() < deadline:
        # nspawn sends no notification if it dies early, so watch for its exit too.
        if not select.select([messages], [], [], 0.1)[0]:
            if process.poll() is not None:
                break
            continue
        for line in messages.recv(4096).decode(errors="replace").splitlines():
            key, _, value = line.partition("=")
            if key == "X_NSPAWN_LEADER_PID":
                leader = int(value)
            elif line == "READY=1" and leader:
                return leader
    process.kill()
    said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    raise Unavailable(f"the sandbox did not boot: {' / '.join(said.splitlines()) or 'no reason was given'}")


def _power_off(process: subprocess.Popen[bytes], group: ControlGroup) -> None:
    process.terminate()
    try:
        process.wait(_POWER_OFF_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stderr:
        process.stderr.close()
    group.remove()


@contextlib.contextmanager
def _swept(group: ControlGroup) -> Iterator[None]:
    """Have a small process clean up if we are killed: it waits for the end of a pipe that only we hold open."""
    ours_to_hold, theirs = os.pipe()[::-1]
    sweeper = subprocess.Popen(
        [sys.executable, "-m", "forgather_units.sandbox.sweeper", str(theirs), str(group.folder), group.path],
        env={"PATH": _PATH, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        cwd="/",
        pass_fds=[theirs],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield
    finally:
        os.close(ours_to_hold)
        sweeper.wait()
