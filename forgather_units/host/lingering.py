"""Whether units of this account keep running after logout (logind's lingering)."""

from __future__ import annotations

import os
from pathlib import Path

from forgather_units.host.account import account_name

_FOLDER = Path("/var/lib/systemd/linger")
POLKIT = Path("/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service")
"""logind asks polkit whether an account may do it for itself; without polkit it refuses."""


def lingers() -> bool:
    """True for root, whose units live in the system manager. Asks the file system alone."""
    return os.geteuid() == 0 or (_FOLDER / account_name()).exists()


def enable_lingering() -> str:
    """The command that turns it on for this account, without root where polkit can permit it."""
    return f"{'' if POLKIT.exists() else 'sudo '}loginctl enable-linger {account_name()}"


def ends_at_logout() -> str:
    """A warning that jobs end at logout; empty if they do not."""
    return "" if lingers() else f"jobs end when {account_name()} logs out: lingering is off ({enable_lingering()})"
