"""Clients of a server that runs in the tests' own process."""

from __future__ import annotations

import http.client
import socket


class Clients:
    """For a server on the loopback port `port`."""

    port: int

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(120)
        return connection

    def raw(self, request: bytes) -> bytes:
        """All bytes of the response to these bytes, until the connection ends."""
        with self.connect() as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """The response as http.client reads it; header names are written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        with response:
            content = response.read()
        connection.close()
        return response, content
