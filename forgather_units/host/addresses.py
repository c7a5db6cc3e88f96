"""Checks addresses and ports of this host by binding sockets as TensorBoard does."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import Refused
from forgather_units.domain.listening import ALL_ADDRESSES, LAST_PORT, PortState
from forgather_units.host.account import account_name

_FIRST_WITHOUT_PRIVILEGES: Final = "net.ipv4.ip_unprivileged_port_start"
_STATES: Final = {
    errno.EACCES: PortState.FORBIDDEN,
    errno.EPERM: PortState.FORBIDDEN,
    errno.EADDRNOTAVAIL: PortState.NO_ADDRESS,
}


def check_host(host: str) -> None:
    """Raises Refused (field `host`) unless `host` is an address of this host; no check without internet sockets."""
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


def check_port(address: str, port: int) -> None:
    """Raises Refused (field `port`) if this account may not listen on `port`, whether or not it is in use."""
    if port_state(address, port) is not PortState.FORBIDDEN:
        return
    first = _first_port_without_privileges()
    if port >= first:
        raise Refused(f"{account_name()} may not listen on port {port}", field="port")
    raise Refused(
        f"port {port} is below {first}, where {account_name()} may not listen ({_FIRST_WITHOUT_PRIVILEGES} is {first})",
        field="port",
        hint=f"take a port from {first}, or have an admin run: sysctl {_FIRST_WITHOUT_PRIVILEGES}={port}",
    )


def _first_port_without_privileges() -> int:
    try:
        return int(Path("/proc/sys", *_FIRST_WITHOUT_PRIVILEGES.split(".")).read_text())
    except (OSError, ValueError):
        return 1024


def is_port_free(address: str, port: int) -> bool:
    """Whether TensorBoard could listen on `port` of `address` now."""
    return port_state(address, port) is PortState.FREE


def port_state(address: str, port: int) -> PortState:
    """Whether a process could listen on `port` of `address` now. `0.0.0.0` means all addresses, including IPv6.

    A server that may not create such a socket cannot check: then systemd reports it when it binds the port.
    """
    if not may_look():
        return PortState.FREE
    try:
        resolved = _resolve(address)
    except (OSError, UnicodeError):
        return PortState.NO_ADDRESS
    try:
        with _bound(resolved, port):
            pass
        if address == ALL_ADDRESSES and socket.has_dualstack_ipv6():
            # --bind_all listens on `::`, which takes both families: a listener on IPv6 alone holds it too.
            with _bound((socket.AF_INET6, ("::", 0)), port):
                pass
    except OSError as why:
        return _STATES.get(why.errno or 0, PortState.TAKEN)
    return PortState.FREE


def listening_addresses(address: str, port: int) -> list[tuple[str, int]]:
    """The numeric address that a listener on `address` (a name, a number, or ALL_ADDRESSES) has. Raises OSError."""
    if address == ALL_ADDRESSES:
        return [(ALL_ADDRESSES, port)]
    return [(str(_resolve(address)[1][0]), port)]


def lowest_free_port(address: str, start: int, taken: Collection[int] = ()) -> int:
    """The lowest port from `start` that is neither in `taken` nor listened on. Raises Refused if there is none."""
    for port in range(start, LAST_PORT + 1):
        if port not in taken and is_port_free(address, port):
            return port
    raise Refused(f"no port from {start} is free", field="port")


def addresses_overlap(one: str, other: str) -> bool:
    """Whether both cannot have the same port: they are the same address, or one is a wildcard."""
    try:
        first, second = _resolve(one)[1][0], _resolve(other)[1][0]
    except (OSError, UnicodeError):
        return one == other
    return first == second or any(ipaddress.ip_address(each).is_unspecified for each in (first, second))


class MachinePorts:
    """This machine's ports, as the scheduler asks for them."""

    def state(self, address: str, port: int) -> PortState:
        return port_state(address, port)

    def overlap(self, one: str, other: str) -> bool:
        return addresses_overlap(one, other)


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
        # With SO_REUSEADDR two sockets may be bound to a port without a listener; only listen() decides.
        probe.listen(1)
        yield
