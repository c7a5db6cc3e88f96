"""What is started: the stock command and what stands around it on this machine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BEHIND_SOCKET: Final = Path(__file__).with_name("behind_socket.sh")
_PROXYD: Final = ("/usr/lib/systemd/systemd-socket-proxyd", "/lib/systemd/systemd-socket-proxyd")


@dataclass(frozen=True, slots=True)
class Program:
    """A stock viewer: its command (an absolute path first), and the folders that it must be able to read."""

    command: tuple[str, ...]
    folders: tuple[str, ...] = ()


def socket_proxy() -> str | None:
    """The absolute path of systemd-socket-proxyd; None where it, or the shell that starts it, is not installed."""
    if shutil.which("bash", path="/bin:/usr/bin") is None:
        return None
    return next((path for path in _PROXYD if Path(path).exists()), None)
