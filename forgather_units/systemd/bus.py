"""Calls to the service manager over D-Bus. For signals see signals.py."""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.machine import Machine
from forgather_units.systemd.connection import CallFailed, Connection, ConnectionLost, connect
from forgather_units.systemd.manager import UnitExists, UnitRefused, UnitRow
from forgather_units.systemd.property_types import readable, typed

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# Not the unit's fault: the manager may have the resource later.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE}


class ManagerBus:
    """Implements Manager by a connection to the bus of `machine`.

    A connection does not recover after a loss of the bus, so each call is repeated once on a new one; then it raises
    Unavailable. Thread-safe: a reload of the settings calls beside the scheduler's thread.
    """

    def __init__(self, machine: Machine, connect: Callable[[Machine], Connection] = connect) -> None:
        self._machine = machine
        self._connect = connect
        self._connection: Connection | None = None
        self._lock = threading.RLock()

    def start_transient(self, unit: str, units: Mapping[str, Mapping[str, Any]]) -> None:
        """Implements Manager."""

        def start(connection: Connection) -> None:
            others = {name: typed(properties) for name, properties in units.items() if name != unit}
            connection.start_transient(unit, typed(units[unit]), others)

        try:
            self._call(start)
        except CallFailed as why:
            # The manager writes each unit into its runtime folder. If that fails, systemd 252 continues without the
            # file.
            if why.is_unknown_unit:
                raise self._no_room(f"it could not keep the unit: {why}") from None
            if why.number in _NO_ROOM:
                raise self._no_room(str(why)) from None
            raise (UnitExists if why.number == errno.EEXIST else UnitRefused)(str(why)) from None

    def start(self, unit: str) -> None:
        """Implements Manager."""
        try:
            self._manager_call("StartUnit", "ss", unit, "replace")
        except CallFailed as why:
            if why.number in _NO_ROOM:
                raise self._no_room(str(why)) from None
            raise UnitRefused(str(why)) from None

    def restart(self, unit: str) -> bool:
        """Implements Manager."""
        return self._if_loaded("RestartUnit", "ss", unit, "replace")

    def set_properties(self, unit: str, properties: Mapping[str, Any]) -> None:
        """Implements Manager."""
        try:
            self._call(lambda connection: connection.set_properties(unit, typed(properties)))
        except CallFailed as why:
            raise UnitRefused(str(why)) from None

    def stop(self, unit: str) -> bool:
        """Implements Manager."""
        return self._if_loaded("StopUnit", "ss", unit, "replace")

    def kill(self, unit: str, signal: int, *, whom: str = "all") -> bool:
        """Implements Manager."""
        return self._if_loaded("KillUnit", "ssi", unit, whom, signal)

    def reset_failed(self, unit: str) -> bool:
        """Implements Manager."""
        return self._if_loaded("ResetFailedUnit", "s", unit)

    def is_loaded(self, unit: str) -> bool:
        """Implements Manager."""
        return self._if_loaded("GetUnit", "s", unit)

    def units(self, *patterns: str) -> list[UnitRow]:
        """Implements Manager."""
        rows = self._manager_call("ListUnitsByPatterns", "asas", [], list(patterns))
        return [UnitRow(row[0], row[3], row[4], bool(row[7])) for row in rows or []]

    def properties(self, unit: str, names: Sequence[str]) -> dict[str, Any]:
        """Implements Manager."""
        wanted = [readable(unit, name) for name in names]
        return dict(zip(names, self._call(lambda connection: connection.read(unit, wanted)), strict=True))

    def close(self) -> None:
        """Implements Manager."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _no_room(self, sentence: str) -> Unavailable:
        folder = self._machine.runtime_dir
        try:
            space = os.statvfs(folder)
        except OSError:
            pass
        else:
            if not space.f_bavail or not space.f_favail:
                return Unavailable(
                    f"{folder} is full: the {self._machine.scope.value} service manager has no room for another unit",
                    hint=f"remove what fills it: du -a {folder} | sort -n | tail",
                )
        return Unavailable(f"the {self._machine.scope.value} service manager lacks the resources: {sentence}")

    def _if_loaded(self, member: str, signature: str, *arguments: Any) -> bool:
        try:
            self._manager_call(member, signature, *arguments)
        except CallFailed as why:
            if not why.is_unknown_unit:
                # "No matching processes to kill" is systemd's error for a unit whose processes have just ended.
                log.debug("%s: %s", member, why)
            return False
        return True

    def _manager_call(self, member: str, signature: str, *arguments: Any) -> Any:
        return self._call(lambda connection: connection.call(member, signature, arguments))

    def _call(self, call: Callable[[Connection], Result]) -> Result:
        with self._lock:
            return self._call_twice(call)

    def _call_twice(self, call: Callable[[Connection], Result]) -> Result:
        try:
            return call(self._open())
        except ConnectionLost:
            self.close()
        try:
            return call(self._open())
        except ConnectionLost as why:
            self.close()
            raise Unavailable(
                f"the {self._machine.scope.value} service manager does not respond: {why}",
                hint="run `forgather doctor` to find the cause",
            ) from None

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect(self._machine)
        return self._connection
