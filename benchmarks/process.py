"""Programs under measurement: started, waited for, weighed, ended."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from waiting import wait_until

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Program:
    """A running program and its children."""

    process: subprocess.Popen[str]

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        return sum(self._cpu(pid) for pid in self._tree())

    def memory(self) -> int:
        """Resident bytes."""
        return sum(self._field(pid, "VmRSS:") for pid in self._tree()) * 1024

    def peak_memory(self) -> int:
        """The most resident bytes since `forget_peak`."""
        return sum(self._field(pid, "VmHWM:") for pid in self._tree()) * 1024

    def forget_peak(self) -> None:
        for pid in self._tree():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def open_files(self) -> int:
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self._tree())

    def threads(self) -> int:
        return sum(self._field(pid, "Threads:") for pid in self._tree())

    def _tree(self) -> list[int]:
        pids = [self.process.pid]
        for pid in pids:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            if children.exists():
                pids += [int(child) for child in children.read_text().split()]
        return pids

    def _cpu(self, pid: int) -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def _field(self, pid: int, name: str) -> int:
        rows = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith(name))


@contextmanager
def running(*command: str, port: int | None = None, **how: Any) -> Iterator[Program]:
    """Started, and listening on `port` where one is given."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, **how) as process:
        try:
            if port is not None:
                wait_until(lambda: process.poll() is not None or _listens(port), 60, f"{command[0]} listens")
            assert process.poll() is None, f"{command} ended with {process.returncode}"
            yield Program(process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
