"""A server behind a proxy that signs users in: it listens at TCP and at a unix socket, and has a viewer."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from auth.gated_front import gated_app
from viewer_zoo import ID, OK, Viewer

from forgather_units.auth.authority import Authority
from forgather_units.auth.origin import Hosts
from forgather_units.auth.people import People
from forgather_units.daemon.dispatch import Gateway
from forgather_units.http.server.forwarded import TrustedProxies
from forgather_units.http.server.shutdown import Stop
from forgather_units.http.server.sockets import serve
from forgather_units.http.tuning import WAITRESS_SETTINGS
from forgather_units.proxy.destination import Open
from forgather_units.proxy.wsgi import Proxy

PROXY = "127.0.0.2"
"""The address from which the trusted proxy connects."""
OTHER = "127.0.0.3"
"""The address of another client."""
UNIX = "unix"
VIEWER = f"/api/tb/{ID}/data"


class Lab:
    """`trusted` are the trusted proxies, `header` the user_header, `people` who may use the server."""

    def __init__(self, folder: Path, header: str, people: People, trusted: tuple[str, ...] = (PROXY, UNIX)) -> None:
        self.authority = Authority(folder / "auth", people=people)
        self.viewer = Viewer(socket.create_server(("127.0.0.1", 0)), OK).start()
        self.proxies = TrustedProxies(trusted, header)
        proxy = Proxy(lambda mount, name: Open("127.0.0.1", self.viewer.port))
        gateway = Gateway(gated_app(self.authority), proxy, self.authority, Hosts())
        self._path = str(folder / "socket")
        tcp, unix = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
        unix.bind(self._path)
        unix.listen()
        self._port: int = tcp.getsockname()[1]
        self._stop = Stop()
        how = (gateway, [tcp, unix], self._stop, self.proxies)
        self._thread = threading.Thread(target=lambda: serve(*how, **WAITRESS_SETTINGS))
        self._thread.start()

    def get(self, source: str, path: str, *lines: str, method: str = "GET") -> tuple[int, str]:
        """Status and body of a request from the address `source`, or over the unix socket, with these header lines."""
        rows = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *lines, "", ""]
        with self._connect(source) as connection:
            connection.sendall("\r\n".join(rows).encode("latin-1"))
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")
        head, _, body = answer.partition("\r\n\r\n")
        return int(head.split(" ")[1]), body

    def _connect(self, source: str) -> socket.socket:
        if source != UNIX:
            return socket.create_connection(("127.0.0.1", self._port), 120, (source, 0))
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(120)
        connection.connect(self._path)
        return connection

    def stop(self) -> None:
        self._stop.request()
        self._thread.join(120)
        self.viewer.stop()
        assert not self._thread.is_alive()
