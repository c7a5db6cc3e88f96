"""The machine on which this process runs, as a value."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from typing import Final

from forgather_units.domain.machine import Machine
from forgather_units.domain.scope import Scope
from forgather_units.host.session import runtime_folder
from forgather_units.host.system_program import FOLDERS

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_PROXYD: Final = ("/usr/lib/systemd/systemd-socket-proxyd", "/lib/systemd/systemd-socket-proxyd")


def this_machine() -> Machine:
    """Its facts now. The manager is the user's, and the system's for root.

    Without homes, which may lie on a file system that does not answer, and without capabilities: see units/probe.py.
    """
    uid = os.geteuid()
    scope = Scope.SYSTEM if uid == 0 else Scope.USER
    runtime_dir = "/run" if scope is Scope.SYSTEM else str(runtime_folder())
    return Machine(
        socket.gethostname(),
        scope,
        uid,
        runtime_dir,
        _bus_address(scope, runtime_dir),
        _boot_id(),
        socket_proxyd=_socket_proxyd(),
    )


def _bus_address(scope: Scope, runtime_dir: str) -> str:
    """From the environment, or the platform's default."""
    if scope is Scope.SYSTEM:
        return os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket")
    return os.environ.get("DBUS_SESSION_BUS_ADDRESS", f"unix:path={runtime_dir}/bus")


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _socket_proxyd() -> str:
    # It is started by a script of bash.
    if shutil.which("bash", path=FOLDERS) is None:
        return ""
    return next((path for path in _PROXYD if Path(path).exists()), "")
