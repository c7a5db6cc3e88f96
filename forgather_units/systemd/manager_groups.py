"""The groups of the user's service manager, which its viewers inherit: those at the time when it started."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from pathlib import Path

from forgather_units.systemd.scope import Scope

_PATIENCE = 1.0


def manager_groups() -> frozenset[int] | None:
    """Group ids; None if no user manager runs, and for root, whose viewers run in the system manager."""
    if Scope.of_this_process() is Scope.SYSTEM:
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(_PATIENCE)
            peer.connect(f"{Scope.USER.runtime_dir}/systemd/private")
            # For a listening socket these are the credentials of the process that called listen(2).
            pid, _, gid = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        listed = next(line.split()[1:] for line in status.splitlines() if line.startswith("Groups:"))
    except (OSError, StopIteration):
        return None
    return frozenset({gid, *map(int, listed)})


def joined_since() -> dict[int, str]:
    """Groups of this account in the database that the running manager lacks, by id."""
    groups = manager_groups()
    if groups is None:
        return {}
    try:
        account = pwd.getpwuid(os.geteuid())
        return {gid: _name(gid) for gid in os.getgrouplist(account.pw_name, account.pw_gid) if gid not in groups}
    except (KeyError, OSError):
        return {}


def _name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
