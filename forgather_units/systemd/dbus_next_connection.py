"""Calls to the service manager by dbus-next, which is pure Python.

A call takes about a millisecond, has a time limit, and lets other threads run meanwhile.
"""

from __future__ import annotations

import asyncio
import errno
import re
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from dbus_next import Message, Variant
from dbus_next.errors import DBusError, InvalidSignatureError, SignatureBodyMismatchError

from forgather_units.domain.machine import Machine
from forgather_units.systemd.connection import (
    DESTINATION,
    MANAGER_INTERFACE,
    MANAGER_PATH,
    CallFailed,
    ConnectionLost,
)
from forgather_units.systemd.message_bus import Bus, ErrorReply, call, connect
from forgather_units.systemd.names import path_of_unit
from forgather_units.systemd.property_types import Readable, Typed

Result = TypeVar("Result")

_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_ERRORS: Final[Mapping[str, int]] = {
    # sd-bus maps these errno values to names of their own (sd_bus_error_set_errno(3)); others to System.Error.E...
    "org.freedesktop.DBus.Error.NoMemory": errno.ENOMEM,
    "org.freedesktop.DBus.Error.LimitsExceeded": errno.ENOBUFS,
    "org.freedesktop.DBus.Error.AccessDenied": errno.EACCES,
    "org.freedesktop.DBus.Error.InvalidArgs": errno.EINVAL,
    "org.freedesktop.systemd1.UnitExists": errno.EEXIST,
    "org.freedesktop.systemd1.NoSuchUnit": errno.ENOENT,
}
_NO_SUCH_UNIT: Final = "org.freedesktop.systemd1.NoSuchUnit"
# dbus-daemon's errors when the manager is not connected to the bus, or went away during the call.
_MANAGER_LOST: Final = {
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.Disconnected",
}


class DbusNextConnection:
    """Implements Connection."""

    def __init__(self, machine: Machine) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._bus: Bus | None = self._run(connect(machine))
        except BaseException:
            self._loop.close()
            raise

    def call(self, member: str, signature: str, arguments: Sequence[Any]) -> Any:
        """Implements Connection."""
        body = self._run(self._call(MANAGER_PATH, MANAGER_INTERFACE, member, signature, arguments))
        return body[0] if body else None

    def start_transient(self, unit: str, properties: Iterable[Typed], others: Mapping[str, Iterable[Typed]]) -> None:
        """Implements Connection."""
        auxiliary = [[name, _array(one)] for name, one in others.items()]
        self.call("StartTransientUnit", "ssa(sv)a(sa(sv))", [unit, "fail", _array(properties), auxiliary])

    def set_properties(self, unit: str, properties: Iterable[Typed]) -> None:
        """Implements Connection."""
        self.call("SetUnitProperties", "sba(sv)", [unit, True, _array(properties)])

    def read(self, unit: str, properties: Sequence[Readable]) -> list[Any]:
        """Implements Connection. All requests are sent before the first reply arrives."""

        async def read() -> list[list[Any]]:
            path = path_of_unit(unit)
            return await asyncio.gather(
                *(self._call(path, _PROPERTIES, "Get", "ss", [each.interface, each.name]) for each in properties)
            )

        return [body[0].value for body in self._run(read())]

    def close(self) -> None:
        """Implements Connection."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None
            # Requests of `read` that were pending when another one failed.
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    async def _call(
        self, path: str, interface: str, member: str, signature: str, arguments: Sequence[Any]
    ) -> list[Any]:
        if self._bus is None:
            raise EOFError("the connection is closed")
        message = Message(
            destination=DESTINATION,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=[_encoded(each) for each in arguments],
        )
        return await call(self._bus, message)

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            return self._loop.run_until_complete(work)
        except ErrorReply as why:
            if why.name in _MANAGER_LOST:
                raise ConnectionLost(str(why)) from None
            raise CallFailed(str(why), _errno_of(why.name), is_unknown_unit=why.name == _NO_SUCH_UNIT) from None
        except TimeoutError:
            raise ConnectionLost("Connection timed out") from None
        except OSError as why:
            raise ConnectionLost(why.strerror or str(why)) from None
        except (EOFError, DBusError) as why:
            raise ConnectionLost(str(why) or "it closed the connection") from None
        except (UnicodeEncodeError, InvalidSignatureError, SignatureBodyMismatchError) as why:
            raise CallFailed(str(why), errno.EINVAL) from None


def _errno_of(name: str) -> int:
    if found := re.fullmatch(r"System\.Error\.(E[A-Z0-9]+)", name):
        return int(getattr(errno, found[1], 0))
    return _ERRORS.get(name, 0)


def _array(properties: Iterable[Typed]) -> list[list[Any]]:
    """The value of type a(sv)."""
    return [[each.name, Variant(each.signature, _encoded(each.value))] for each in properties]


def _encoded(value: Any) -> Any:
    """The value as dbus-next takes it: `str` for strings, lists for structures."""
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    return value
