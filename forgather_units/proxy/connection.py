"""Connects sockets to viewers, with timeouts in the kernel.

Python's settimeout() would add a poll() before every recv() and send(); SO_RCVTIMEO and SO_SNDTIMEO do not.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from dataclasses import dataclass
from typing import Final

from forgather_units.domain.listening import connectable
from forgather_units.proxy.destination import VIEWER, Open, OpenUnix

_TIMED_OUT: Final = frozenset({errno.EAGAIN, errno.EINPROGRESS, errno.ETIMEDOUT})
# Seconds. systemd reports that it starts a socket unit before the socket exists; it appears within this time or never.
_APPEARS_WITHIN: Final = 2.0
_POLL_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; 0 means no limit. `connect`: until the connection is established. `first_byte`: from the request to the
    first byte of the response; unlimited by default, since a plugin may compute for long and the relay waits at no
    cost. `stall`: without progress in either direction."""

    connect: float = 5
    first_byte: float = 0
    stall: float = 300


class Unreachable(OSError):
    """Connecting failed; the text is one sentence for the user."""


class TookTooLong(OSError):
    """A timeout expired; the text is one sentence for the user."""


def connect(where: Open | OpenUnix, seconds: float, patience: float) -> socket.socket:
    """Connect within `seconds`. Receiving times out after `patience`; the caller must send without blocking.

    Raises Unreachable or TookTooLong.
    """
    try:
        return _connect(where, seconds, patience)
    except OSError as error:
        if error.errno in _TIMED_OUT:
            raise TookTooLong(f"{VIEWER} did not accept a connection within {seconds:g} s.") from error
        reason = error.strerror or str(error)
        raise Unreachable(f"{VIEWER} cannot be reached at {_display(where)} ({reason}).") from error


def start_connect(where: Open | OpenUnix) -> socket.socket | None:
    """A non-blocking socket, connected or connecting (the first send reports a failure). None if connecting cannot be
    started, or would block."""
    address: str | tuple[str, int]
    match where:
        case OpenUnix(path=address):
            family = socket.AF_UNIX
        case Open(host=host, port=port):
            family, address = socket.AF_INET, (connectable(host), port)
            if not _is_number(address[0]):
                return None
    try:
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    except OSError:  # no file descriptor is free
        return None
    # On the loopback interface it is mostly established already, though the kernel reports EINPROGRESS.
    if sock.connect_ex(address) in (0, errno.EINPROGRESS):
        return sock
    sock.close()
    return None


def set_timeout(sock: socket.socket, option: int, seconds: float) -> None:
    """Set SO_SNDTIMEO or SO_RCVTIMEO (0: no limit); the call then fails with EAGAIN."""
    whole = int(seconds)
    sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", whole, int((seconds - whole) * 1e6)))


def send_at_once(sock: socket.socket) -> None:
    """Set TCP_NODELAY, for data sent in several pieces: a small last one does not wait for an acknowledgement."""
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def host_header(where: Open | OpenUnix) -> str:
    """The Host header if the client sent none."""
    match where:
        case Open(host=host, port=port):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        case OpenUnix():
            return "localhost"


def _connect(where: Open | OpenUnix, *seconds: float) -> socket.socket:
    match where:
        case OpenUnix(path=path):
            return _connect_when_present(path, *seconds)
        case Open(host=host, port=port):
            address = connectable(host)
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


def _connect_when_present(path: str, seconds: float, patience: float) -> socket.socket:
    deadline = time.monotonic() + min(seconds, _APPEARS_WITHIN)
    while True:
        try:
            return _connected(socket.AF_UNIX, path, seconds, patience)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise
            # A poll: setting up inotify would cost more than the few attempts.
            time.sleep(_POLL_SECONDS)


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


def _display(where: Open | OpenUnix) -> str:
    return where.path if isinstance(where, OpenUnix) else host_header(where)
