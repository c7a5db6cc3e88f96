"""The product's server and a plain waitress server, each in a thread of the test process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import waitress

from forgather_units.http.server.shutdown import Stop
from forgather_units.http.server.sockets import serve
from forgather_units.http.tuning import WAITRESS_SETTINGS
from forgather_units.proxy.mounts import is_mounted

Handle = Callable[[dict[str, Any]], Any]


class InThread:
    """Serves `application` on a port of its own until `stop`. `handle_early` is the early handler."""

    def __init__(
        self,
        application: Any,
        handle_early: Handle | None = None,
        backlog: int = 1024,
        home: str = "/",
        **settings: Any,
    ) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port: int = listener.getsockname()[1]
        self.handle_early: Handle = handle_early or (lambda environ: None)
        self.reads_body = is_mounted
        self.home = home
        self._application = application
        self._stop = Stop()
        how = {**WAITRESS_SETTINGS, **settings}
        self._thread = threading.Thread(target=lambda: serve(self, [listener], self._stop, **how))
        self._thread.start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer

    def stop(self) -> None:
        self._stop.request()
        self._thread.join(120)
        assert not self._thread.is_alive()


class PlainWaitress:
    """An unmodified waitress server on a port of its own."""

    def __init__(self, application: Any, **settings: Any) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = listener.getsockname()[1]
        self._server = waitress.create_server(application, sockets=[listener], **{**WAITRESS_SETTINGS, **settings})
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()

    def stop(self) -> None:
        self._server.close()
        self._thread.join(120)
