"""A connected socket to a viewer, with the kernel's own timeouts.

Python's settimeout() would add a poll() before every recv() and send(); SO_RCVTIMEO and SO_SNDTIMEO do not.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from dataclasses import dataclass
from typing import Final

from forgather_units.proxy.target import Open, OpenUnix

# An address to listen on that stands for all of them is no address to connect to.
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
_TIMED_OUT: Final = frozenset({errno.EAGAIN, errno.EINPROGRESS, errno.ETIMEDOUT})
# systemd says that it starts a socket unit before the socket is there; so many seconds later it is, or never will be.
_APPEARS_WITHIN: Final = 2.0
_LOOKS_AGAIN_AFTER: Final = 0.01


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; 0 is for ever. `connect`: until the connection stands. `first_byte`: from the request to the first byte
    of the answer; a slow plugin may work for long, and waiting costs nothing once it is the relay that waits. `stall`:
    without any progress in the middle of either direction."""

    connect: float = 5
    first_byte: float = 0
    stall: float = 300


class Unreachable(OSError):
    """No connection; the text is one sentence for a person."""


class TookTooLong(OSError):
    """A timeout passed; the text is one sentence for a person."""


def connect(where: Open | OpenUnix, seconds: float, patience: float) -> socket.socket:
    """Within so many seconds a connected socket whose receives give up after `patience`; its sends are for the caller
    not to wait in.

    Raises Unreachable or TookTooLong.
    """
    try:
        return _connect(where, seconds, patience)
    except OSError as error:
        if error.errno in _TIMED_OUT:
            raise TookTooLong(f"TensorBoard did not accept a connection within {seconds:g} s.") from error
        reason = error.strerror or str(error)
        raise Unreachable(f"TensorBoard cannot be reached at {_spelled(where)} ({reason}).") from error


def begin_to_connect(where: Open | OpenUnix) -> socket.socket | None:
    """A socket that never blocks, connected or about to be (the first send says if not); None where even to begin, or
    to find out why not, would mean to wait."""
    address: str | tuple[str, int]
    match where:
        case OpenUnix(path=address):
            family = socket.AF_UNIX
        case Open(host=host, port=port):
            family, address = socket.AF_INET, (_ANY.get(host, host), port)
            if not _is_number(address[0]):
                return None
    try:
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    except OSError:  # no more files
        return None
    # On the loopback interface it mostly stands by now, though the kernel says that it is in progress.
    if sock.connect_ex(address) in (0, errno.EINPROGRESS):
        return sock
    sock.close()
    return None


def set_timeout(sock: socket.socket, option: int, seconds: float) -> None:
    """Bound SO_SNDTIMEO or SO_RCVTIMEO (0: none); the call then fails with EAGAIN."""
    whole = int(seconds)
    sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", whole, int((seconds - whole) * 1e6)))


def send_at_once(sock: socket.socket) -> None:
    """For what leaves in several sends: the last, small one does not wait for an acknowledgement."""
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def host_header(where: Open | OpenUnix) -> str:
    """What to say as Host where the client said none."""
    match where:
        case Open(host=host, port=port):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        case OpenUnix():
            return "localhost"


def _connect(where: Open | OpenUnix, *seconds: float) -> socket.socket:
    match where:
        case OpenUnix(path=path):
            return _appeared(path, *seconds)
        case Open(host=host, port=port):
            address = _ANY.get(host, host)
            # Resolving costs more than connecting, and is seldom needed.
            if _is_number(address):
                return _connected(socket.AF_INET, (address, port), *seconds)
            if ":" in address and "%" not in address:
                return _connected(socket.AF_INET6, (address, port), *seconds)
            return _resolved(address, port, *seconds)


def _is_number(host: str) -> bool:
    return host.replace(".", "").isdigit()


def _resolved(name: str, port: int, *seconds: float) -> socket.socket:
    failure = OSError(f"{name} has no address")
    for family, *_, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM):
        try:
            return _connected(family, address, *seconds)
        except OSError as error:
            failure = error
    raise failure


def _appeared(path: str, seconds: float, patience: float) -> socket.socket:
    deadline = time.monotonic() + min(seconds, _APPEARS_WITHIN)
    while True:
        try:
            return _connected(socket.AF_UNIX, path, seconds, patience)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise
            # A poll: to be told of it would cost more than the few looks that it takes.
            time.sleep(_LOOKS_AGAIN_AFTER)


def _connected(family: int, address: object, seconds: float, patience: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        set_timeout(sock, socket.SO_SNDTIMEO, seconds)  # bounds connect() too
        sock.connect(address)  # type: ignore[arg-type]  # its shape is the family's
        set_timeout(sock, socket.SO_RCVTIMEO, patience)
    except BaseException:
        sock.close()
        raise
    return sock


def _spelled(where: Open | OpenUnix) -> str:
    return where.path if isinstance(where, OpenUnix) else host_header(where)
