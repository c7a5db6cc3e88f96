"""The proxy on a real waitress, in the tests' own process."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clients import Clients
from in_thread import InThread, PlainWaitress
from viewer_zoo import ID

from forgather_units.domain.program import StaticFile
from forgather_units.http.relay import raise_open_files_limit
from forgather_units.proxy.cache import StaticFiles
from forgather_units.proxy.connection import Timeouts
from forgather_units.proxy.destination import Destination, Unknown
from forgather_units.proxy.wsgi import Proxy

# A viewer of the tests, or its thread, may be slow on a busy machine.
TIMEOUTS = Timeouts(connect=60, first_byte=60, stall=60)
HASTY = Timeouts(connect=1, first_byte=1.5, stall=1)
"""For tests of a viewer that does not respond in time."""


class Front(Clients):
    """The proxy on a port of its own. It resolves queue ids by `targets`.

    With `public_api` it runs on an unmodified waitress, which hands no connection over.
    """

    def __init__(self, timeouts: Timeouts = TIMEOUTS, *, public_api: bool = False) -> None:
        # As the server does: a test with 192 clients has both ends of each connection in this process.
        raise_open_files_limit()
        self.targets: dict[str, Destination] = {}
        self.files: dict[str, StaticFile] = {}
        """Files of the stock program by their path below the prefix, for any release."""
        self._listeners: set[Callable[[], None]] = set()
        self.static_file: StaticFiles = lambda release, path, hashed: self.files.get(path)
        self.proxy = proxy = Proxy(
            lambda mount, queue_id: self.targets.get(queue_id, Unknown()),
            timeouts=timeouts,
            static_file=lambda release, path, hashed: self.static_file(release, path, hashed),
            subscribe=self._subscribe,
        )
        # Every client is admitted.
        self._server: InThread | PlainWaitress = (
            PlainWaitress(proxy)
            if public_api
            else InThread(proxy, lambda environ: proxy.handle_early(environ, lambda _: True))
        )
        self.port = self._server.port

    @contextmanager
    def _subscribe(self, changed: Callable[[], None]) -> Iterator[None]:
        self._listeners.add(changed)
        try:
            yield
        finally:
            self._listeners.discard(changed)

    @property
    def waiting(self) -> int:
        """The number of requests that wait for a change of the target."""
        return len(self._listeners)

    def change_target(self, target: Destination, queue_id: str = ID) -> None:
        """Change the target, and notify the waiting requests."""
        self.targets[queue_id] = target
        self.notify()

    def notify(self) -> None:
        """Have the waiting requests look for their target again."""
        for changed in tuple(self._listeners):
            changed()

    def stop(self) -> None:
        self._server.stop()

    def get(self, path: str = f"/api/tb/{ID}/", *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
        """The raw response to one request with these extra header lines."""
        rows = [f"{method} {path} HTTP/{version}", "Host: viewer.test:8765", "Connection: close", *lines]
        return self.raw("\r\n".join([*rows, "", ""]).encode("latin-1"))

    def ask(
        self, path: str = f"/api/tb/{ID}/", method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """See Clients.ask."""
        return super().ask(path, method, body, **headers)
