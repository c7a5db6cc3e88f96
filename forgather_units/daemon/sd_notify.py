"""sd_notify(3) messages of a Type=notify service: ready, alive, stopping. No-ops without $NOTIFY_SOCKET."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


def tell_ready(status: str) -> None:
    _notify(f"READY=1\nSTATUS={status}")


def tell_stopping() -> None:
    _notify("STOPPING=1")


def keep_alive(is_alive: Callable[[], object]) -> None:
    """Notify the watchdog twice per period while `is_alive` returns: if it hangs, systemd restarts the server."""
    period = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
    if not period or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    pause = threading.Event()

    def notify() -> None:
        while not pause.wait(period / 2):
            is_alive()
            _notify("WATCHDOG=1")

    threading.Thread(target=notify, name="watchdog", daemon=True).start()


def _notify(message: str) -> None:
    """Send the message by the protocol that sd_notify(3) documents."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # An abstract address is written with @ in place of NUL.
    address = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to_manager:
            to_manager.sendto(message.encode(), address)
    except OSError as why:
        log.warning("the service manager was not notified: %s", why)
