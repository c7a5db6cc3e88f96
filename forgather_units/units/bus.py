"""Calls to the service manager, by pystemd. Signals come by another road: signals.py."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import pystemd.systemd1.unit_signatures as signatures
from pystemd import dbusexc
from pystemd.dbuslib import DBus, apply_signature, path_encode
from pystemd.systemd1.manager import Manager

from forgather_units.domain.errors import Unavailable
from forgather_units.units.scope import Scope

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# Properties that pystemd's own table lacks, in 0.11 or still (it raises KeyError for them before any call).
signatures.KNOWN_UNIT_SIGNATURES.update(
    {
        b"ExecStartEx": b"a(sasas)",
        b"ExecStopPostEx": b"a(sasas)",
        b"OOMPolicy": b"s",
        b"UMask": b"u",
        b"RuntimeDirectoryMode": b"u",
        b"Restart": b"s",
        b"RestartUSec": b"t",
        b"StartLimitBurst": b"u",
        b"StartLimitIntervalUSec": b"t",
        b"AmbientCapabilities": b"t",
        b"CPUWeight": b"t",
        b"RestrictAddressFamilies": b"(bas)",
        b"CapabilityBoundingSet": b"t",
        b"RestrictNamespaces": b"t",
        b"RestrictSUIDSGID": b"b",
        b"ProtectProc": b"s",
        b"ProcSubset": b"s",
        b"ProtectKernelLogs": b"b",
        b"ProtectClock": b"b",
        b"ProtectHostname": b"b",
        b"SystemCallErrorNumber": b"i",
        # A filter is an allow list and then what is taken out of it again: the same property, twice.
        b"SystemCallFilter-": lambda _, value: (b"SystemCallFilter", b"(bas)", value),
    }
)

_DESTINATION = b"org.freedesktop.systemd1"
_MANAGER_PATH = b"/org/freedesktop/systemd1"
_MANAGER = b"org.freedesktop.systemd1.Manager"
_UNIT = b"org.freedesktop.systemd1.Unit"
_SERVICE = b"org.freedesktop.systemd1.Service"
_SOCKET = b"org.freedesktop.systemd1.Socket"

_LOST = {
    -errno.ECONNRESET,
    -errno.ENOTCONN,
    -errno.EPIPE,
    -errno.ECONNREFUSED,
    -errno.ENOENT,
    -errno.ESTALE,
    -errno.ETIMEDOUT,
}

_Types = Mapping[str, tuple[bytes, bytes]]

UNIT_TYPES: Final[_Types] = {
    "LoadState": (_UNIT, b"s"),
    "ActiveState": (_UNIT, b"s"),
    "SubState": (_UNIT, b"s"),
    "InvocationID": (_UNIT, b"ay"),
    "Job": (_UNIT, b"(uo)"),
    "ActiveEnterTimestamp": (_UNIT, b"t"),
    "InactiveEnterTimestamp": (_UNIT, b"t"),
    "InactiveExitTimestamp": (_UNIT, b"t"),
}
SERVICE_TYPES: Final[_Types] = {
    **UNIT_TYPES,
    "MainPID": (_SERVICE, b"u"),
    "NRestarts": (_SERVICE, b"u"),
    "MemoryCurrent": (_SERVICE, b"t"),
    "CPUUsageNSec": (_SERVICE, b"t"),
    "IOReadBytes": (_SERVICE, b"t"),
    "IOWriteBytes": (_SERVICE, b"t"),
    "Result": (_SERVICE, b"s"),
    "ExecMainCode": (_SERVICE, b"i"),
    "ExecMainStatus": (_SERVICE, b"i"),
    "Environment": (_SERVICE, b"as"),
}
SOCKET_TYPES: Final[_Types] = {**UNIT_TYPES, "Result": (_SOCKET, b"s")}
"""The properties that we read: their interface and their D-Bus type."""


class UnitRefused(Exception):
    """systemd did not take the unit; the text is its own sentence."""


class UnitExists(UnitRefused):
    """A unit of that name is loaded: perhaps the one before it, which systemd has not swept out yet."""


class ManagerBus:
    """A connection to the manager of `scope`, for one thread.

    pystemd holds the GIL during a call: calls here take fractions of a millisecond (reading) to a few (starting).
    Once the bus is lost a connection fails for ever, so each call gets one more try on a fresh one; then it
    raises Unavailable.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._bus: DBus | None = None

    def start_transient(self, unit: str, units: Mapping[str, Mapping[str, Any]]) -> None:
        """Create `units` (names and properties) in one call, and start `unit`, which is one of them.

        What goes wrong later (say, the program cannot be executed) is not told here. Raises UnitRefused.
        """
        encoded = {name: {key.encode(): value for key, value in one.items()} for name, one in units.items()}
        beside = [(name.encode(), one) for name, one in encoded.items() if name != unit]

        def start(bus: DBus) -> None:
            Manager(bus=bus).StartTransientUnit(_MANAGER, unit.encode(), b"fail", encoded[unit], beside)

        try:
            self._call(start)
        except dbusexc.DBusBaseError as why:
            raise (UnitExists if why.errno == -errno.EEXIST else UnitRefused)(_sentence(why)) from None

    def start(self, unit: str) -> None:
        """Start a unit that is there; does not wait for it. Raises UnitRefused."""
        try:
            self._manager_call(b"StartUnit", b"ss", [unit.encode(), b"replace"])
        except dbusexc.DBusBaseError as why:
            raise UnitRefused(_sentence(why)) from None

    def set_properties(self, unit: str, properties: Mapping[str, Any]) -> None:
        """Change a unit that is there, until the next boot. Raises UnitRefused."""
        encoded = {name.encode(): value for name, value in properties.items()}
        arguments = [*apply_signature(b"sb", [unit.encode(), True]), *signatures.signature_array(encoded)]
        try:
            self._call(
                lambda bus: bus.call_method(_DESTINATION, _MANAGER_PATH, _MANAGER, b"SetUnitProperties", arguments).body
            )
        except dbusexc.DBusBaseError as why:
            raise UnitRefused(_sentence(why)) from None

    def stop(self, unit: str) -> bool:
        """Ask for a stop; does not wait for it. False if there is no such unit."""
        return self._if_loaded(b"StopUnit", b"ss", [unit.encode(), b"replace"])

    def kill(self, unit: str, signal: int, *, whom: str = "all") -> bool:
        """Send `signal` to every process of the unit (`main`: to its main one). False if there is none."""
        return self._if_loaded(b"KillUnit", b"ssi", [unit.encode(), whom.encode(), signal])

    def reset_failed(self, unit: str) -> bool:
        """Let systemd forget a failed unit. False if there is no such unit."""
        return self._if_loaded(b"ResetFailedUnit", b"s", [unit.encode()])

    def is_loaded(self, unit: str) -> bool:
        """Whether systemd has it in mind. Unlike `properties` this loads nothing, and so says nothing to anybody."""
        return self._if_loaded(b"GetUnit", b"s", [unit.encode()])

    def units(self, pattern: str) -> list[str]:
        """The names of the loaded units that match."""
        rows = self._manager_call(b"ListUnitsByPatterns", b"asas", [[], [pattern.encode()]])
        return [bytes(row[0]).decode() for row in rows or []]

    def properties(self, unit: str, names: Sequence[str]) -> dict[str, Any]:
        """The values of `names` (keys of SERVICE_TYPES or, for a socket, of SOCKET_TYPES), bytes as text.

        Who asks for a unit that is not there has systemd load it for a moment, which all its listeners hear of.
        """
        types = SOCKET_TYPES if unit.endswith(".socket") else SERVICE_TYPES
        path = path_encode(_MANAGER_PATH + b"/unit", unit.encode())

        def read(bus: DBus) -> dict[str, Any]:
            found = {}
            for name in names:
                interface, kind = types[name]
                found[name] = _plain(bus.get_property(_DESTINATION, path, interface, name.encode(), kind))
            return found

        return self._call(read)

    def manager_property(self, name: str) -> str:
        """A text property of the manager itself, such as `Version`."""
        return self._call(
            lambda bus: str(_plain(bus.get_property(_DESTINATION, _MANAGER_PATH, _MANAGER, name.encode(), b"s")))
        )

    def close(self) -> None:
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _if_loaded(self, method: bytes, signature: bytes, arguments: list[Any]) -> bool:
        try:
            self._manager_call(method, signature, arguments)
        except dbusexc.DBusNoSuchUnitError:
            return False
        except dbusexc.DBusBaseError as why:
            # "No matching processes to kill" is systemd's answer for a unit that has just emptied.
            log.debug("%s: %s", method.decode(), why)
            return False
        return True

    def _manager_call(self, method: bytes, signature: bytes, arguments: list[Any]) -> Any:
        return self._call(
            lambda bus: (
                bus.call_method(
                    _DESTINATION, _MANAGER_PATH, _MANAGER, method, apply_signature(signature, arguments)
                ).body
            )
        )

    def _call(self, call: Callable[[DBus], Answer]) -> Answer:
        try:
            return call(self._open())
        except dbusexc.DBusBaseError as why:
            if not _is_lost(why):
                raise
        self.close()
        try:
            return call(self._open())
        except dbusexc.DBusBaseError as why:
            if not _is_lost(why):
                raise
            self.close()
            raise Unavailable(
                f"the {self._scope.value} service manager does not answer: {_sentence(why)}",
                hint="`forgather doctor` says what is missing",
            ) from None

    def _open(self) -> DBus:
        if self._bus is None:
            bus = DBus(user_mode=self._scope is Scope.USER)
            bus.open()
            self._bus = bus
        return self._bus


def _is_lost(why: dbusexc.DBusBaseError) -> bool:
    return why.errno in _LOST and not isinstance(why, dbusexc.DBusNoSuchUnitError)


def _sentence(why: dbusexc.DBusBaseError) -> str:
    message = why.err_message
    text = message.decode(errors="replace") if isinstance(message, bytes) else str(message)
    return text or str(why)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
