"""What systemd wants to hear of a Type=notify service: ready, alive, stopping. Silent without $NOTIFY_SOCKET."""

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
    """Pet the watchdog, twice in its period, for as long as `is_alive` returns: one that hangs gets us restarted."""
    period = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
    if not period or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    pause = threading.Event()

    def pet() -> None:
        while not pause.wait(period / 2):
            is_alive()
            daemon.notify("WATCHDOG=1")

    threading.Thread(target=pet, name="watchdog", daemon=True).start()
