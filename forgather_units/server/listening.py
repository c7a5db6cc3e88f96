"""The sockets that the server answers on: systemd's, if it hands us some, else our own."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from typing import Any, Final, Protocol

from systemd import daemon

from forgather_units.domain.errors import Refused
from forgather_units.proxy.turns import Turns
from forgather_units.proxy.waitress_guard.early import FirstLook
from forgather_units.proxy.waitress_guard.loop import Loop
from forgather_units.proxy.waitress_guard.server import create_strict_server
from forgather_units.server.draining import Stop

_BACKLOG: Final = 1024
_HINTS: Final[dict[int | None, str]] = {
    errno.EADDRINUSE: "is another server running? (-p takes another port)",
    errno.EACCES: "ports below 1024 are root's (-p takes another port)",
    errno.EADDRNOTAVAIL: "that is no address of this machine (-H takes another one)",
}


class Served(Protocol):
    """A WSGI application that knows what of it can be answered early."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]: ...

    @property
    def first_look(self) -> FirstLook: ...


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """$LISTEN_FDS if set (socket activation), else one TCP socket; port 0 takes any free one. Raises Refused."""
    handed = [socket.socket(fileno=number) for number in daemon.listen_fds()]
    return handed or [_bind(host, port)]


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # From here on a client waits instead of being refused, while the rest of the server gets up.
        listener.listen(_BACKLOG)
    except OSError as why:
        raise Refused(
            f"cannot listen on {host} port {port}: {why.strerror}", hint=_HINTS.get(why.errno, ""), field="port"
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """Where a client on this machine reaches it: `http://127.0.0.1:8765`, or a path."""
    if listener.family == socket.AF_UNIX:
        return str(listener.getsockname())
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - said to a person, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(served: Served, listeners: Iterable[socket.socket], stop: Stop, **tuning: Any) -> None:
    """Answer on all of them until `stop` is asked for, or KeyboardInterrupt is raised in this thread."""
    by_family: dict[bool, list[socket.socket]] = {}
    for listener in listeners:
        by_family.setdefault(listener.family == socket.AF_UNIX, []).append(listener)
    # waitress takes TCP or unix sockets, never both: one server for each, in one loop.
    loop = Loop()
    turns = Turns(loop.call_at)
    servers = [
        create_strict_server(served, served.first_look, loop, turns, sockets=group, **tuning)
        for group in by_family.values()
    ]
    try:
        stop.serve(loop)
    finally:
        for server in servers:
            server.close()
        loop.close()
