"""Requirements of the sandbox on its host, checked first."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused

_PACKAGE_OF: Final[Mapping[str, str]] = {
    "/usr/bin/systemd-nspawn": "systemd-container",
    "/lib/systemd/systemd": "systemd",
    "/usr/bin/dbus-daemon": "dbus",
    "/usr/lib/systemd/user/dbus.socket": "dbus-user-session",
    "/usr/bin/nsenter": "util-linux",
    "/usr/bin/setpriv": "util-linux",
}


def check_requirements() -> None:
    """Raises Refused with one sentence if the host cannot run a sandbox or lacks packages for it."""
    check_host()
    missing = {package for file, package in _PACKAGE_OF.items() if not _there(file)}
    if missing:
        names = " ".join(sorted(missing))
        raise Refused(f"the sandbox lacks Debian packages: {names}", hint=f"apt-get install {names}")


def check_host() -> None:
    """Raises Refused with one sentence if no package could make a sandbox possible here."""
    if os.geteuid() != 0:
        raise Refused(
            "the sandbox needs root: it mounts file systems and boots a systemd of its own",
            hint="log in with a systemd user session (`systemctl --user status` works there): it needs no sandbox",
        )
    # CAP_SYS_ADMIN is not enough: a container's AppArmor profile may forbid mounts all the same.
    mount = ("mount", "-t", "tmpfs", "tmpfs", "/mnt")
    tried = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", *mount], capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        raise Refused(
            f"this container forbids mount namespaces ({tried.stderr.strip()})",
            hint="start it with `docker run --privileged` (docs/install.md has the whole line),"
            " or use a machine that systemd has booted",
        )


def _there(file: str) -> bool:
    return Path(file).exists() or shutil.which(Path(file).name) is not None
