"""A connection to the service manager's bus: the protocol, its errors, and the choice of the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from forgather_units.domain.machine import Machine
from forgather_units.host.libraries import has_native
from forgather_units.systemd.property_types import Readable, Typed

DESTINATION = "org.freedesktop.systemd1"
MANAGER_PATH = "/org/freedesktop/systemd1"
MANAGER_INTERFACE = "org.freedesktop.systemd1.Manager"


class CallFailed(Exception):
    """The manager's error reply; the text is its own message."""

    def __init__(self, sentence: str, number: int = 0, *, is_unknown_unit: bool = False) -> None:
        super().__init__(sentence)
        self.number = number
        """The errno of the error; 0: unknown."""
        self.is_unknown_unit = is_unknown_unit


class ConnectionLost(Exception):
    """The bus did not respond, or closed the connection. A new connection may work."""


class Connection(Protocol):
    """An open connection, for one thread at a time. Methods raise CallFailed or ConnectionLost.

    Strings of replies are `str`, with surrogate escapes for bytes that are not UTF-8.
    """

    def call(self, member: str, signature: str, arguments: Sequence[Any]) -> Any:
        """Call a method of the manager; returns the first value of the reply, None if there is none."""

    def start_transient(self, unit: str, properties: Iterable[Typed], others: Mapping[str, Iterable[Typed]]) -> None:
        """StartTransientUnit of `unit`, in mode `fail`; the same call creates the units `others`."""

    def set_properties(self, unit: str, properties: Iterable[Typed]) -> None:
        """SetUnitProperties until the next boot."""

    def read(self, unit: str, properties: Sequence[Readable]) -> list[Any]:
        """The values of properties of a unit."""

    def close(self) -> None:
        """Close it. May be called twice."""


def connect(machine: Machine) -> Connection:
    """A new connection, by pystemd if it is installed, else by dbus-next. Raises CallFailed or ConnectionLost."""
    if has_native("pystemd"):
        from forgather_units.systemd.pystemd_connection import PystemdConnection

        return PystemdConnection(machine)
    from forgather_units.systemd.dbus_next_connection import DbusNextConnection

    return DbusNextConnection(machine)
