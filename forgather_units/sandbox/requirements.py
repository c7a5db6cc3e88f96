"""What the sandbox needs of its host, checked before anything is touched."""

from __future__ import annotations

import os
import shutil
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
    """Raises Refused with one sentence."""
    if os.geteuid() != 0:
        raise Refused(
            "the sandbox needs root: it mounts file systems and boots a systemd of its own",
            hint="with a systemd session of your own you need no sandbox",
        )
    missing = {package for file, package in _PACKAGE_OF.items() if not _there(file)}
    if missing:
        names = " ".join(sorted(missing))
        raise Refused(f"the sandbox lacks Debian packages: {names}", hint=f"apt-get install {names}")


def _there(file: str) -> bool:
    return Path(file).exists() or shutil.which(Path(file).name) is not None
