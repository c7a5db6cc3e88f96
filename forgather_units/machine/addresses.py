"""Addresses and ports of this machine, found out by doing: a socket is bound, as TensorBoard would, and let go."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

from forgather_units.domain.errors import Refused

ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104 - a name for it, nothing is bound
_LAST_PORT: Final = 65535


def check_host(host: str) -> None:
    """Raises Refused (field `host`) unless `host` resolves to an address of this machine, as far as one may look."""
    if not may_look():
        return
    try:
        resolved = _resolve(host)
    except (OSError, UnicodeError):
        raise Refused(f"host {host!r} does not resolve", field="host") from None
    try:
        with _bound(resolved, 0):
            pass
    except OSError:
        raise Refused(f"host {host!r} is not an address of this machine", field="host") from None


def may_look() -> bool:
    """Whether this process may make internet sockets: a unit can be kept from it (RestrictAddressFamilies=)."""
    try:
        socket.socket(socket.AF_INET).close()
    except OSError:
        return False
    return True


def is_port_free(address: str, port: int) -> bool:
    """Whether TensorBoard could listen on `port` of `address` now. `0.0.0.0` stands for all addresses, IPv6's too.

    A server that may make no such socket cannot look: then systemd says it, when it claims the port.
    """
    if not may_look():
        return True
    try:
        with _bound(_resolve(address), port):
            pass
        if address == ALL_ADDRESSES and socket.has_dualstack_ipv6():
            # --bind_all listens on `::`, which takes both families: a listener on IPv6 alone holds it too.
            with _bound((socket.AF_INET6, ("::", 0)), port):
                pass
    except (OSError, UnicodeError):
        return False
    return True


def listening_addresses(address: str, port: int) -> list[tuple[str, int]]:
    """The numeric address that a listener on `address` (a name, a number, or ALL_ADDRESSES) has. Raises OSError."""
    if address == ALL_ADDRESSES:
        return [(ALL_ADDRESSES, port)]
    return [(str(_resolve(address)[1][0]), port)]


def lowest_free_port(address: str, start: int, taken: Collection[int] = ()) -> int:
    """The lowest port from `start` that is neither in `taken` nor listened on. Raises Refused if there is none."""
    for port in range(start, _LAST_PORT + 1):
        if port not in taken and is_port_free(address, port):
            return port
    raise Refused(f"no port from {start} is free", field="port")


def addresses_overlap(one: str, other: str) -> bool:
    """Whether the two cannot both have one port: they mean the same address, or one of them means all."""
    try:
        first, second = _resolve(one)[1][0], _resolve(other)[1][0]
    except (OSError, UnicodeError):
        return one == other
    return first == second or any(ipaddress.ip_address(each).is_unspecified for each in (first, second))


def _resolve(host: str) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """The first address, as TensorBoard's own server takes it. Raises OSError or UnicodeError."""
    family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    return family, address


@contextmanager
def _bound(resolved: tuple[socket.AddressFamily, tuple[Any, ...]], port: int) -> Iterator[None]:
    family, address = resolved
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As TensorBoard's server does: connections in TIME_WAIT do not count, a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address[0], port, *address[2:]))
        # With SO_REUSEADDR two sockets may be bound to a port that nobody listens on yet; only listen() decides.
        probe.listen(1)
        yield
