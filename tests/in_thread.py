"""The server's own loop, and one of plain waitress, in a thread of the tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import waitress

from forgather_units.proxy.tuning import WAITRESS_SETTINGS
from forgather_units.server.draining import Stop
from forgather_units.server.listening import serve

Look = Callable[[dict[str, Any]], Any]


class InThread:
    """Serves `application` on a port of its own until `stop`. `look` says what of it is answered early."""

    def __init__(self, application: Any, look: Look | None = None, backlog: int = 1024, **settings: Any) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port: int = listener.getsockname()[1]
        self.first_look: Look = look or (lambda environ: None)
        self._application = application
        self._stop = Stop()
        how = {**WAITRESS_SETTINGS, **settings}
        self._thread = threading.Thread(target=lambda: serve(self, [listener], self._stop, **how))
        self._thread.start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer

    def stop(self) -> None:
        self._stop.ask()
        self._thread.join(10)
        assert not self._thread.is_alive()


class PlainWaitress:
    """waitress as it is, with nothing of ours, on a port of its own."""

    def __init__(self, application: Any, **settings: Any) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = listener.getsockname()[1]
        self._server = waitress.create_server(application, sockets=[listener], **{**WAITRESS_SETTINGS, **settings})
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()

    def stop(self) -> None:
        self._server.close()
        self._thread.join(10)
