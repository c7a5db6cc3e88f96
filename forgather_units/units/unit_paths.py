"""Where the files and sockets of units are, on the machine that runs them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forgather_units.domain.machine import Machine


@dataclass(frozen=True, slots=True)
class UnitPaths:
    """Of the units with one prefix. Nothing here accesses the file system."""

    machine: Machine
    prefix: str
    exits_dir: Path
    """The folder of exit records, which outlive a boot."""

    def exit_file(self, queue_id: str) -> Path:
        """The exit record of a service."""
        return self.exits_dir / queue_id

    def socket_exit_file(self, queue_id: str) -> Path:
        """The exit record of a socket unit."""
        return self.exits_dir / f"{queue_id}.socket"

    def spare_file(self, exit_file: Path) -> Path:
        """The file for a record if the disk of `exit_file` is full: in memory, removed when the manager ends."""
        return self._runtime("exits") / exit_file.name

    def prepared_file(self, queue_id: str) -> Path:
        """The file that some kinds need before they start."""
        return self._runtime("prepared") / f"{queue_id}.yml"

    def drop_in(self, unit: str) -> Path:
        """A drop-in file of a transient unit, in the manager's folder of transient units."""
        return Path(f"{self.machine.runtime_dir}/systemd/transient/{unit}.d/exit-record.conf")

    @property
    def scripts_dir(self) -> Path:
        """The folder of all versions of the scripts."""
        return self._runtime("scripts")

    def socket(self, queue_id: str) -> str:
        """The unix socket by which the proxy reaches the viewer; mode 0600."""
        return str(self._runtime("sockets") / f"{queue_id}.sock")

    def _runtime(self, name: str) -> Path:
        return Path(f"{self.machine.runtime_dir}/{self.prefix}-{name}")
