"""A transport adapter for requests over a unix socket."""

from __future__ import annotations

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import NewConnectionError


class _Connection(HTTPConnection):
    socket_path = ""

    def connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # urllib3 has the time to connect here, and sets the time to read by itself.
        connection.settimeout(self.timeout if isinstance(self.timeout, int | float) else None)
        try:
            connection.connect(self.socket_path)
        except OSError as why:
            connection.close()
            raise NewConnectionError(self, f"{self.socket_path}: {why}") from None
        self.sock = connection


class UnixSocket(HTTPAdapter):
    """An adapter that sends each request to the socket at `path`, regardless of its host."""

    def __init__(self, path: str) -> None:
        # urllib3 instantiates this class without arguments, so the class carries the path.
        connections = type("Connection", (_Connection,), {"socket_path": path})
        self._pool = HTTPConnectionPool("localhost")
        self._pool.ConnectionCls = connections
        super().__init__()

    def get_connection(self, url: Any, proxies: Any = None) -> HTTPConnectionPool:
        """Before requests 2.32."""
        return self._pool

    def get_connection_with_tls_context(self, *args: Any, **how: Any) -> HTTPConnectionPool:
        """Since then."""
        return self._pool

    def close(self) -> None:
        """Close its connections."""
        self._pool.close()
        super().close()
