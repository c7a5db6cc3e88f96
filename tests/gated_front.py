"""A real waitress with the gate before the real sign-in routes, the real proxy and one secret."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable
from typing import Any

import requests
from flask import Flask, request

from forgather_units.auth.authority import Authority
from forgather_units.auth.gate import IDENTITY, Gate
from forgather_units.auth.origin import Hosts
from forgather_units.proxy.target import Unknown
from forgather_units.proxy.tuning import WAITRESS_SETTINGS
from forgather_units.proxy.waitress_guard import create_strict_server
from forgather_units.proxy.wsgi import Proxy
from forgather_units.server import auth_routes, errors

SECRET = "the runs of the owner"
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")


class GatedFront:
    """On a port of its own, put together as the server does it. `guard` says by whom it is guarded."""

    def __init__(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        settings = {**WAITRESS_SETTINGS, "threads": 8}
        self._server = create_strict_server(lambda *call: self._gate(*call), sockets=[listener], **settings)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()

    def guard(self, authority: Authority, allowed_hosts: tuple[str, ...] = ()) -> None:
        app, proxy = _app(authority), Proxy(lambda mount, queue_id: Unknown())

        def route(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            chosen: Any = proxy if proxy.claims(environ) else app
            answer: Iterable[bytes] = chosen(environ, start_response)
            return answer

        self.authority = authority
        self._gate = Gate(route, authority, Hosts(allowed_hosts))

    def stop(self) -> None:
        self._server.close()
        self._thread.join(10)
        assert not self._thread.is_alive()

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.authority.token}"}

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, self.url + path, timeout=10, allow_redirects=False, **options)

    def browser(self) -> requests.Session:
        """One that has signed in and holds the cookie."""
        browser = requests.Session()
        answer = browser.post(f"{self.url}/api/auth/login", json={"token": self.authority.token}, timeout=10)
        assert answer.ok, answer.text
        return browser

    def raw(self, target: str, *lines: str, method: str = "GET", host: str = "127.0.0.1") -> str:
        """The whole raw answer to a request with this target, sent letter by letter (latin-1)."""
        rows = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", *lines, "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall("\r\n".join(rows).encode("latin-1"))
            answer = b""
            while received := connection.recv(65536):
                answer += received
        return answer.decode("latin-1")


def detail(answer: requests.Response) -> str:
    text: str = answer.json()["detail"]
    return text


def _app(authority: Authority) -> Flask:
    app = Flask("front", static_folder=None)
    errors.register(app)
    app.register_blueprint(auth_routes.blueprint(authority))

    @app.route("/api/queue", methods=EVERY_METHOD)
    @app.route("/api/anything/<path:rest>", methods=EVERY_METHOD)
    def queue(rest: str = "") -> str:
        return SECRET

    @app.get("/api/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.route("/", methods=["GET", "POST"])
    def who() -> str:
        identity = request.environ[IDENTITY]
        return json.dumps(identity and identity.how)

    return app
