"""A real waitress with the gate before the real sign-in routes, the real proxy and one secret."""

from __future__ import annotations

import json
import socket
from typing import Any

import requests
from flask import Flask, request
from in_thread import InThread

from forgather_units.auth.authority import Authority
from forgather_units.auth.gate import IDENTITY
from forgather_units.auth.origin import Hosts
from forgather_units.proxy.target import Unknown
from forgather_units.proxy.wsgi import Proxy
from forgather_units.server import auth_routes, errors
from forgather_units.server.gateway import Gateway

SECRET = "the runs of the owner"
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")


class GatedFront:
    """On a port of its own, put together as the server does it. `guard` says by whom it is guarded."""

    def __init__(self) -> None:
        self._server = InThread(
            lambda *call: self._gateway(*call), lambda environ: self._gateway.first_look(environ), threads=8
        )
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"

    def guard(self, authority: Authority, allowed_hosts: tuple[str, ...] = ()) -> None:
        proxy = Proxy(lambda mount, queue_id: Unknown())
        self.authority = authority
        self._gateway = Gateway(_app(authority), proxy, authority, Hosts(allowed_hosts))

    def stop(self) -> None:
        self._server.stop()

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
