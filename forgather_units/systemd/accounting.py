"""Resource usage of units, from systemd's counters."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.host import Capabilities
from forgather_units.domain.job import Job
from forgather_units.systemd.manager import Manager
from forgather_units.systemd.names import UnitNames

_NOT_SET: Final = 2**64 - 1
_READ: Final = (
    "ActiveState",
    "MemoryCurrent",
    "CPUUsageNSec",
    "IOReadBytes",
    "IOWriteBytes",
    "InactiveExitTimestamp",
)


@dataclass(frozen=True, slots=True)
class Usage:
    """Usage of the current run of a unit. None: not counted on this host."""

    memory_bytes: int | None
    cpu_seconds: float | None
    io_read_bytes: int | None
    io_write_bytes: int | None
    uptime_seconds: float | None


class Accounting:
    """Reads counters. Thread-safe, as its manager is."""

    def __init__(self, bus: Manager, names: UnitNames, host: Capabilities) -> None:
        self._bus = bus
        self._names = names
        self._host = host

    def usage(self, job: Job) -> Usage | None:
        """None if the unit has no process, or the manager does not respond."""
        try:
            read = self._bus.properties(self._names.service(job), _READ)
        except Unavailable:
            return None
        if read["ActiveState"] not in ("active", "activating", "deactivating"):
            return None
        cpu = _counted(read, "CPUUsageNSec")
        # Without the io controller the counters stay at 0, which means nothing.
        counts_io = self._host.io_accounting
        started = read["InactiveExitTimestamp"] / 1e6
        return Usage(
            memory_bytes=_counted(read, "MemoryCurrent"),
            cpu_seconds=None if cpu is None else cpu / 1e9,
            io_read_bytes=_counted(read, "IOReadBytes") if counts_io else None,
            io_write_bytes=_counted(read, "IOWriteBytes") if counts_io else None,
            uptime_seconds=max(0.0, time.time() - started) if started else None,
        )


def _counted(read: dict[str, Any], name: str) -> int | None:
    value = int(read[name])
    return None if value == _NOT_SET else value
