"""What stands between systemd's socket and a viewer: systemd's own proxy, and the shell that starts both."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

BEHIND_SOCKET: Final = Path(__file__).with_name("behind_socket.sh")
_PROXYD: Final = ("/usr/lib/systemd/systemd-socket-proxyd", "/lib/systemd/systemd-socket-proxyd")


def socket_proxy() -> str | None:
    """The absolute path of systemd-socket-proxyd; None where it, or the shell that starts it, is not installed."""
    if shutil.which("bash", path="/bin:/usr/bin") is None:
        return None
    return next((path for path in _PROXYD if Path(path).exists()), None)
