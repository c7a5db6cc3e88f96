"""Finds systemd-socket-proxyd, which connects systemd's socket with a viewer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

_PROXYD: Final = ("/usr/lib/systemd/systemd-socket-proxyd", "/lib/systemd/systemd-socket-proxyd")


def socket_proxy() -> str | None:
    """The absolute path of systemd-socket-proxyd; None if it, or the shell that starts it, is not installed."""
    if shutil.which("bash", path="/bin:/usr/bin") is None:
        return None
    return next((path for path in _PROXYD if Path(path).exists()), None)
