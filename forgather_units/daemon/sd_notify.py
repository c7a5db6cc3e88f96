"""sd_notify(3) messages of a Type=notify service: ready, alive, stopping. No-ops without $NOTIFY_SOCKET."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from systemd import daemon


def tell_ready(status: str) -> None:
    daemon.notify(f"READY=1\nSTATUS={status}")


def tell_stopping() -> None:
    daemon.notify("STOPPING=1")


def keep_alive(is_alive: Callable[[], object]) -> None:
    """Notify the watchdog twice per period while `is_alive` returns: if it hangs, systemd restarts the server."""
    period = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
    if not period or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    pause = threading.Event()

    def notify() -> None:
        while not pause.wait(period / 2):
            is_alive()
            daemon.notify("WATCHDOG=1")

    threading.Thread(target=notify, name="watchdog", daemon=True).start()
