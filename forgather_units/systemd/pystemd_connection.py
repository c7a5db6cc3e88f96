"""Calls to the service manager by pystemd, a binding of libsystemd.

pystemd holds the GIL during a call: calls take fractions of a millisecond (reading) to a few (starting).
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pystemd import dbusexc
from pystemd.dbuslib import DBusAddress, apply_signature, path_encode

from forgather_units.domain.machine import Machine
from forgather_units.systemd.connection import (
    DESTINATION,
    MANAGER_INTERFACE,
    MANAGER_PATH,
    CallFailed,
    ConnectionLost,
)
from forgather_units.systemd.property_types import Readable, Typed

_MANAGER: Final = (DESTINATION.encode(), MANAGER_PATH.encode(), MANAGER_INTERFACE.encode())
_LOST: Final = {
    -number
    for number in (
        errno.ECONNRESET,
        errno.ENOTCONN,
        errno.EPIPE,
        errno.ECONNREFUSED,
        errno.ENOENT,
        errno.ESTALE,
        errno.ETIMEDOUT,
    )
}
_END: Final = (-1, None)
"""Closes a container in pystemd's list of typed values."""

Arguments = list[tuple[int, Any]]


class PystemdConnection:
    """Implements Connection."""

    def __init__(self, machine: Machine) -> None:
        self._bus = DBusAddress(machine.bus_address.encode(), peer_to_peer=False)
        with _errors():
            self._bus.open()

    def call(self, member: str, signature: str, arguments: Sequence[Any]) -> Any:
        """Implements Connection."""
        return self._call(member, apply_signature(signature.encode(), [_encoded(each) for each in arguments]))

    def start_transient(self, unit: str, properties: Iterable[Typed], others: Mapping[str, Iterable[Typed]]) -> None:
        """Implements Connection."""
        arguments = [*apply_signature(b"ss", [unit.encode(), b"fail"]), *_array(properties), (ord("a"), b"(sa(sv))")]
        for name, one in others.items():
            arguments += [(ord("r"), b"sa(sv)"), (ord("s"), name.encode()), *_array(one), _END]
        self._call("StartTransientUnit", [*arguments, _END])

    def set_properties(self, unit: str, properties: Iterable[Typed]) -> None:
        """Implements Connection."""
        self._call("SetUnitProperties", [*apply_signature(b"sb", [unit.encode(), True]), *_array(properties)])

    def read(self, unit: str, properties: Sequence[Readable]) -> list[Any]:
        """Implements Connection."""
        path = path_encode(f"{MANAGER_PATH}/unit".encode(), unit.encode())
        with _errors():
            return [
                _decoded(
                    self._bus.get_property(
                        _MANAGER[0], path, each.interface.encode(), each.name.encode(), each.signature.encode()
                    )
                )
                for each in properties
            ]

    def close(self) -> None:
        """Implements Connection."""
        self._bus.close()

    def _call(self, member: str, arguments: Arguments) -> Any:
        with _errors():
            return _decoded(self._bus.call_method(*_MANAGER, member.encode(), arguments).body)


def _array(properties: Iterable[Typed]) -> Arguments:
    """The value of type a(sv), as pystemd's list of typed values."""
    values: Arguments = [(ord("a"), b"(sv)")]
    for each in properties:
        signature = each.signature.encode()
        values += [(ord("r"), b"sv"), (ord("s"), each.name.encode()), (ord("v"), signature)]
        values += [*apply_signature(signature, [_encoded(each.value)]), _END, _END]
    return [*values, _END]


@contextmanager
def _errors() -> Iterator[None]:
    """Inside, an error of pystemd becomes one of Connection."""
    try:
        yield
    except dbusexc.DBusBaseError as why:
        message = why.err_message
        sentence = (message.decode(errors="replace") if isinstance(message, bytes) else str(message)) or str(why)
        is_unknown = isinstance(why, dbusexc.DBusNoSuchUnitError)
        if why.errno in _LOST and not is_unknown:
            raise ConnectionLost(sentence) from None
        raise CallFailed(sentence, -why.errno, is_unknown_unit=is_unknown) from None


def _encoded(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="surrogateescape")
    if isinstance(value, list | tuple):
        return type(value)(_encoded(item) for item in value)
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    if isinstance(value, list | tuple):
        return [_decoded(item) for item in value]
    return value
