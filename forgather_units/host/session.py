"""The variables that lead to this account's service manager, and why it may not run.

Only a login sets them: `su`, `sudo -u`, cron and an sshd without PAM leave them out, or keep those of another account.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

from forgather_units.host.account import account_name
from forgather_units.host.lingering import enable_lingering, lingers

RUN_USER: Final = Path("/run/user")
_BOOTED: Final = Path("/run/systemd/system")
"""Exists only where systemd is process 1 (sd_booted(3))."""
_FOLDER: Final = "XDG_RUNTIME_DIR"
_BUS: Final = "DBUS_SESSION_BUS_ADDRESS"
_LAUNCHED: Final = re.compile(r"unix:(path|abstract)=/tmp/dbus-")
"""A bus of dbus-launch, as VNC and xrdp sessions have it: the service manager is not on it."""
_AT_START: Final = dict(os.environ)

NO_SYSTEMD: Final = "without systemd: forgather sandbox run -- CMD (as root)"


def runtime_folder() -> Path:
    """Where the user manager of this account has its sockets."""
    return RUN_USER / str(os.geteuid())


def correct_session(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set the variables if the account's own folder exists, so that this process and its children find the manager."""
    own = runtime_folder()
    if _is_wrong_folder(environ):
        if own.is_dir():
            environ[_FOLDER] = str(own)
        else:
            environ.pop(_FOLDER, None)
    if _is_wrong_bus(environ):
        # Without it the bus is searched for in XDG_RUNTIME_DIR.
        del environ[_BUS]


def session_fault(environ: Mapping[str, str] = _AT_START) -> str:
    """What `systemctl --user` in the calling shell lacks; empty if nothing."""
    given = environ.get(_FOLDER, "")
    if _is_wrong_folder(environ):
        return f"{_FOLDER} is {given}, which is not yours" if given else f"{_FOLDER} is not set"
    return f"{_BUS} is {environ[_BUS]}, which is not the manager's" if _is_wrong_bus(environ) else ""


def why_no_manager() -> tuple[str, str]:
    """Why no user manager of this account can be reached, and the commands to start one; empty if it has a bus."""
    name, own = account_name(), runtime_folder()
    if not _BOOTED.is_dir():
        return "systemd is not process 1 of this machine", NO_SYSTEMD
    if not own.is_dir():
        opens = f"ssh {name}@localhost, or as root: machinectl shell {name}@"
        how = f"systemctl start user@{os.geteuid()}" if lingers() else enable_lingering()
        as_root = f"as root: {how}; " if lingers() else f"{how}; "
        return f"no service manager runs for {name}: su and sudo -u open no session", f"{as_root}or {opens}"
    if not (own / "bus").exists():
        fix = "systemctl --user start dbus.socket; if there is none, install dbus-user-session or dbus-broker"
        return f"the service manager of {name} has no D-Bus: {own}/bus is missing", fix
    return "", ""


def _is_wrong_folder(environ: Mapping[str, str]) -> bool:
    """Whether it is unset, or belongs to another account."""
    try:
        return Path(environ.get(_FOLDER) or "/nowhere").stat().st_uid != os.geteuid()
    except OSError:
        return True


def _is_wrong_bus(environ: Mapping[str, str]) -> bool:
    address, own = environ.get(_BUS, ""), runtime_folder()
    of_another = f"{RUN_USER}/" in address and f"{own}/" not in address
    return of_another or bool(_LAUNCHED.match(address) and (own / "bus").exists())
