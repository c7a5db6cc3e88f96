"""The server's listening sockets: passed by systemd, or created here."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from typing import Any, Final

from forgather_units.domain.errors import Refused
from forgather_units.domain.listening import connectable
from forgather_units.http.limiter import Limiter
from forgather_units.http.server.forwarded import TrustedProxies
from forgather_units.http.server.loop import Loop
from forgather_units.http.server.shutdown import Stop
from forgather_units.http.server.waitress_server import Application, create_strict_server

_BACKLOG: Final = 1024
_FIRST: Final = 3
"""SD_LISTEN_FDS_START"""
_NO_PROXIES: Final = TrustedProxies()
_HINTS: Final[dict[int | None, str]] = {
    errno.EADDRINUSE: "is another server running? (-p takes another port)",
    errno.EACCES: "only root can listen on ports below 1024 (choose another port by -p)",
    errno.EADDRNOTAVAIL: "that is no address of this machine (-H takes another one)",
}


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """$LISTEN_FDS if set (socket activation), else one TCP socket; port 0 takes any free one. Raises Refused."""
    handed = [socket.socket(fileno=number) for number in _handed_descriptors()]
    return handed or [_bind(host, port)]


def _handed_descriptors() -> range:
    """The descriptors that systemd passed to this process, as sd_listen_fds(3) documents."""
    is_ours = os.environ.pop("LISTEN_PID", "") == str(os.getpid())
    count = os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    descriptors = range(_FIRST, _FIRST + int(count)) if is_ours and count.isdigit() else range(0)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return descriptors


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # From here on clients wait in the backlog instead of being refused, while the server starts.
        listener.listen(_BACKLOG)
    except OSError as why:
        raise Refused(
            f"cannot listen on {host} port {port}: {why.strerror}", hint=_HINTS.get(why.errno, ""), field="port"
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """The address for clients on this machine: `http://127.0.0.1:8765`, or a path."""
    if listener.family == socket.AF_UNIX:
        return str(listener.getsockname())
    host, port = listener.getsockname()[:2]
    host = connectable(host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    application: Application,
    listeners: Iterable[socket.socket],
    stop: Stop,
    proxies: TrustedProxies = _NO_PROXIES,
    **tuning: Any,
) -> None:
    """Serve on all of them until `stop` is requested, or KeyboardInterrupt is raised in this thread."""
    by_family: dict[bool, list[socket.socket]] = {}
    for listener in listeners:
        by_family.setdefault(listener.family == socket.AF_UNIX, []).append(listener)
    # waitress takes TCP or unix sockets, never both: one server for each, in one loop.
    loop = Loop()
    limiter = Limiter(loop.call_at)
    servers = [
        create_strict_server(application, loop, limiter, proxies, sockets=group, **tuning)
        for group in by_family.values()
    ]
    try:
        stop.serve(loop)
    finally:
        for server in servers:
            server.close()
        loop.close()
