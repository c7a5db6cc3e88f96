"""The files of units: written before a unit starts, and read when it has ended."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from forgather_units.units.exit_record import ExitRecord, read_exit_record
from forgather_units.units.scripts import Scripts
from forgather_units.units.unit_paths import UnitPaths


class UnitFiles(Protocol):
    """The files on the machine that runs the units. Methods raise OSError."""

    def install_scripts(self) -> None:
        """Install the scripts of this version."""

    def remove_unused_scripts(self, used: Collection[str]) -> None:
        """Remove the versions that are neither current nor in `used`."""

    def prepare(self, queue_id: str, text: str) -> None:
        """Write the prepared file of a job."""

    def is_prepared(self, queue_id: str) -> bool:
        """Whether a job has a prepared file."""

    def write_drop_in(self, unit: str, text: str) -> None:
        """Write the drop-in file of a unit."""

    def exit_record(self, queue_id: str) -> ExitRecord | None:
        """How the service of a job ended last; None if it has left no record."""

    def socket_exit_record(self, queue_id: str) -> ExitRecord | None:
        """How the socket unit of a job ended; None if it has left no record."""

    def drop_records(self, queue_id: str) -> None:
        """Make room for the exit records of a job that is about to start, or remove those of one that has ended."""

    def forget(self, queue_id: str, unit: str) -> None:
        """Remove all files of a job that has ended, and of its service `unit`."""


@dataclass(frozen=True, slots=True)
class LocalUnitFiles:
    """Implements UnitFiles on this machine's file system."""

    paths: UnitPaths
    scripts: Scripts

    def install_scripts(self) -> None:
        """Implements UnitFiles."""
        self.scripts.install()

    def remove_unused_scripts(self, used: Collection[str]) -> None:
        """Implements UnitFiles."""
        self.scripts.remove_unused(used)

    def prepare(self, queue_id: str, text: str) -> None:
        """Implements UnitFiles."""
        file = self.paths.prepared_file(queue_id)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(text, encoding="utf-8")

    def is_prepared(self, queue_id: str) -> bool:
        """Implements UnitFiles."""
        return self.paths.prepared_file(queue_id).exists()

    def write_drop_in(self, unit: str, text: str) -> None:
        """Implements UnitFiles."""
        file = self.paths.drop_in(unit)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def exit_record(self, queue_id: str) -> ExitRecord | None:
        """Implements UnitFiles."""
        return self._record(self.paths.exit_file(queue_id))

    def socket_exit_record(self, queue_id: str) -> ExitRecord | None:
        """Implements UnitFiles."""
        return self._record(self.paths.socket_exit_file(queue_id))

    def drop_records(self, queue_id: str) -> None:
        """Implements UnitFiles."""
        self.paths.exits_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in (self.paths.exit_file(queue_id), self.paths.socket_exit_file(queue_id)):
            file.unlink(missing_ok=True)
            # The next record that `file` takes removes the spare one.
            with suppress(OSError):
                self.paths.spare_file(file).unlink(missing_ok=True)

    def forget(self, queue_id: str, unit: str) -> None:
        """Implements UnitFiles."""
        self.drop_records(queue_id)
        self.paths.prepared_file(queue_id).unlink(missing_ok=True)
        drop_in = self.paths.drop_in(unit)
        drop_in.unlink(missing_ok=True)
        with suppress(OSError):
            # It is not there, or systemd has drop-in files of its own in it.
            drop_in.parent.rmdir()

    def _record(self, file: Path) -> ExitRecord | None:
        return read_exit_record(file, self.paths.spare_file(file))
