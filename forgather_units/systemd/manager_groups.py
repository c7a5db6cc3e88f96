"""The groups of the user's service manager, which its viewers inherit: those at the time when it started."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from pathlib import Path

from forgather_units.domain.machine import Machine
from forgather_units.domain.scope import Scope

_PATIENCE = 1.0


def manager_groups(machine: Machine) -> frozenset[int] | None:
    """Group ids; None if no user manager runs, and for root, whose viewers run in the system manager."""
    if machine.scope is Scope.SYSTEM:
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(_PATIENCE)
            peer.connect(f"{machine.runtime_dir}/systemd/private")
            # For a listening socket these are the credentials of the process that called listen(2).
            pid, _, gid = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        listed = next(line.split()[1:] for line in status.splitlines() if line.startswith("Groups:"))
    except (OSError, StopIteration):
        return None
    return frozenset({gid, *map(int, listed)})


def joined_since(machine: Machine) -> dict[int, str]:
    """Groups of this account in the database that the running manager lacks, by id."""
    groups = manager_groups(machine)
    if groups is None:
        return {}
    try:
        account = pwd.getpwuid(machine.uid)
        return {gid: _name(gid) for gid in os.getgrouplist(account.pw_name, account.pw_gid) if gid not in groups}
    except (KeyError, OSError):
        return {}


def _name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
