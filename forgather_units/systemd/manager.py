"""The protocol of a service manager: the calls that the program makes, their values and errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class UnitRefused(Exception):
    """systemd refused the unit; the text is its own message."""


class UnitExists(UnitRefused):
    """A unit of this name is loaded, perhaps the previous one, which systemd has not unloaded yet."""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A loaded unit in the manager's list."""

    name: str
    active: str
    """ActiveState"""
    sub: str
    """SubState"""
    has_job: bool
    """Whether a start or stop of it is pending."""


class Manager(Protocol):
    """A service manager. Thread-safe. Methods raise Unavailable if it does not respond."""

    def start_transient(self, unit: str, units: Mapping[str, Mapping[str, Any]]) -> None:
        """Create `units` (names and properties) in one call, and start `unit`, one of them.

        Does not report later failures (such as a program that cannot be executed). Raises UnitRefused, or Unavailable
        if the manager lacks the resources now.
        """

    def start(self, unit: str) -> None:
        """Start an existing unit; does not wait. Raises UnitRefused or Unavailable, as above."""

    def restart(self, unit: str) -> bool:
        """Restart a loaded unit, without waiting. False if there is none."""

    def set_properties(self, unit: str, properties: Mapping[str, Any]) -> None:
        """Change an existing unit until the next boot. Raises UnitRefused."""

    def stop(self, unit: str) -> bool:
        """Request a stop; does not wait. False if there is no such unit."""

    def kill(self, unit: str, signal: int, *, whom: str = "all") -> bool:
        """Send `signal` to every process of the unit (`main`: to its main one). False if there is none."""

    def reset_failed(self, unit: str) -> bool:
        """Unload a failed unit. False if there is no such unit."""

    def is_loaded(self, unit: str) -> bool:
        """Whether the unit is loaded. Unlike `properties` this loads nothing, and so emits no signals."""

    def units(self, *patterns: str) -> list[UnitRow]:
        """The loaded units whose names match any of `patterns` (globs), in one call."""

    def properties(self, unit: str, names: Sequence[str]) -> dict[str, Any]:
        """The values of `names` (see property_types.py) of a service or a socket.

        Reading a unit that does not exist makes systemd load it for a moment, which emits signals.
        """

    def close(self) -> None:
        """Close its connection; the next call opens another one."""
