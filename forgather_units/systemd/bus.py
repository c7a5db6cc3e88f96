"""Calls to the service manager, by pystemd. For signals see signals.py."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import pystemd.systemd1.unit_signatures as signatures
from pystemd import dbusexc
from pystemd.dbuslib import DBus, apply_signature, path_encode
from pystemd.systemd1.manager import Manager

from forgather_units.domain.errors import Unavailable
from forgather_units.systemd.scope import Scope

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# Properties missing in the table of pystemd 0.11 or newer (it raises KeyError for them before any call).
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
        # A filter is an allow list followed by a list of exceptions: the same property, twice.
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

# Not the unit's fault: the manager may have the resource later.
_NO_ROOM = {-number for number in (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE)}

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
"""The properties read: interface and D-Bus type."""


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


class ManagerBus:
    """A connection to the manager of `scope`, for one thread.

    pystemd holds the GIL during a call: calls here take fractions of a millisecond (reading) to a few (starting).
    A connection does not recover after a loss of the bus, so each call is repeated once on a new one; then it raises
    Unavailable.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._bus: DBus | None = None

    def start_transient(self, unit: str, units: Mapping[str, Mapping[str, Any]]) -> None:
        """Create `units` (names and properties) in one call, and start `unit`, one of them.

        Does not report later failures (such as a program that cannot be executed). Raises UnitRefused, or Unavailable
        if the manager lacks the resources now.
        """
        encoded = {name: {key.encode(): value for key, value in one.items()} for name, one in units.items()}
        others = [(name.encode(), one) for name, one in encoded.items() if name != unit]

        def start(bus: DBus) -> None:
            Manager(bus=bus).StartTransientUnit(_MANAGER, unit.encode(), b"fail", encoded[unit], others)

        try:
            self._call(start)
        except dbusexc.DBusBaseError as why:
            # The manager writes each unit into its runtime folder. If that fails, systemd 252 continues without the
            # file.
            if isinstance(why, dbusexc.DBusNoSuchUnitError):
                raise self._no_room(f"it could not keep the unit: {_sentence(why)}") from None
            if why.errno in _NO_ROOM:
                raise self._no_room(_sentence(why)) from None
            raise (UnitExists if why.errno == -errno.EEXIST else UnitRefused)(_sentence(why)) from None

    def start(self, unit: str) -> None:
        """Start an existing unit; does not wait. Raises UnitRefused or Unavailable, as above."""
        try:
            self._manager_call(b"StartUnit", b"ss", [unit.encode(), b"replace"])
        except dbusexc.DBusBaseError as why:
            if why.errno in _NO_ROOM:
                raise self._no_room(_sentence(why)) from None
            raise UnitRefused(_sentence(why)) from None

    def restart(self, unit: str) -> bool:
        """Restart a loaded unit, without waiting. False if there is none."""
        return self._if_loaded(b"RestartUnit", b"ss", [unit.encode(), b"replace"])

    def set_properties(self, unit: str, properties: Mapping[str, Any]) -> None:
        """Change an existing unit until the next boot. Raises UnitRefused."""
        encoded = {name.encode(): value for name, value in properties.items()}
        arguments = [*apply_signature(b"sb", [unit.encode(), True]), *signatures.signature_array(encoded)]
        try:
            self._call(
                lambda bus: bus.call_method(_DESTINATION, _MANAGER_PATH, _MANAGER, b"SetUnitProperties", arguments).body
            )
        except dbusexc.DBusBaseError as why:
            raise UnitRefused(_sentence(why)) from None

    def stop(self, unit: str) -> bool:
        """Request a stop; does not wait. False if there is no such unit."""
        return self._if_loaded(b"StopUnit", b"ss", [unit.encode(), b"replace"])

    def kill(self, unit: str, signal: int, *, whom: str = "all") -> bool:
        """Send `signal` to every process of the unit (`main`: to its main one). False if there is none."""
        return self._if_loaded(b"KillUnit", b"ssi", [unit.encode(), whom.encode(), signal])

    def reset_failed(self, unit: str) -> bool:
        """Unload a failed unit. False if there is no such unit."""
        return self._if_loaded(b"ResetFailedUnit", b"s", [unit.encode()])

    def is_loaded(self, unit: str) -> bool:
        """Whether the unit is loaded. Unlike `properties` this loads nothing, and so emits no signals."""
        return self._if_loaded(b"GetUnit", b"s", [unit.encode()])

    def units(self, *patterns: str) -> list[UnitRow]:
        """The loaded units whose names match any of `patterns` (globs), in one call."""
        rows = self._manager_call(b"ListUnitsByPatterns", b"asas", [[], [pattern.encode() for pattern in patterns]])
        return [UnitRow(_plain(row[0]), _plain(row[3]), _plain(row[4]), bool(row[7])) for row in rows or []]

    def properties(self, unit: str, names: Sequence[str]) -> dict[str, Any]:
        """The values of `names` (keys of SERVICE_TYPES or, for a socket, of SOCKET_TYPES), bytes as text.

        Reading a unit that does not exist makes systemd load it for a moment, which emits signals.
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

    def close(self) -> None:
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _no_room(self, sentence: str) -> Unavailable:
        folder = self._scope.runtime_dir
        try:
            space = os.statvfs(folder)
        except OSError:
            pass
        else:
            if not space.f_bavail or not space.f_favail:
                return Unavailable(
                    f"{folder} is full: the {self._scope.value} service manager has no room for another unit",
                    hint=f"remove what fills it: du -a {folder} | sort -n | tail",
                )
        return Unavailable(f"the {self._scope.value} service manager lacks the resources: {sentence}")

    def _if_loaded(self, method: bytes, signature: bytes, arguments: list[Any]) -> bool:
        try:
            self._manager_call(method, signature, arguments)
        except dbusexc.DBusNoSuchUnitError:
            return False
        except dbusexc.DBusBaseError as why:
            # "No matching processes to kill" is systemd's error for a unit whose processes have just ended.
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

    def _call(self, call: Callable[[DBus], Result]) -> Result:
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
                f"the {self._scope.value} service manager does not respond: {_sentence(why)}",
                hint="run `forgather doctor` to find the cause",
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
