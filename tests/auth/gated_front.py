"""A real waitress server with the gate, the real sign-in routes, the real proxy and one secret."""

from __future__ import annotations

import json
from typing import Any

import requests
from clients import Clients
from flask import Flask, request
from in_thread import InThread

from forgather_units.api import errors
from forgather_units.api.routes import auth
from forgather_units.auth.authority import Authority
from forgather_units.auth.gate import IDENTITY
from forgather_units.auth.origin import Hosts
from forgather_units.daemon.dispatch import Gateway
from forgather_units.proxy.destination import Unknown
from forgather_units.proxy.wsgi import Proxy

SECRET = "the runs of the owner"
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")


class GatedFront(Clients):
    """Has a port of its own, and is wired like the real server. `guard` sets the authority."""

    def __init__(self) -> None:
        self._server = InThread(
            lambda *call: self._gateway(*call), lambda environ: self._gateway.handle_early(environ), threads=8
        )
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"

    def guard(self, authority: Authority, allowed_hosts: tuple[str, ...] = ()) -> None:
        proxy = Proxy(lambda mount, queue_id: Unknown())
        self.authority = authority
        self._gateway = Gateway(gated_app(authority), proxy, authority, Hosts(allowed_hosts))

    def stop(self) -> None:
        self._server.stop()

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.authority.token}"}

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, self.url + path, timeout=120, allow_redirects=False, **options)

    def browser(self) -> requests.Session:
        """A session that has signed in and has the cookie."""
        browser = requests.Session()
        answer = browser.post(f"{self.url}/api/auth/login", json={"token": self.authority.token}, timeout=120)
        assert answer.ok, answer.text
        return browser

    def text(self, target: str, *lines: str, method: str = "GET", host: str = "127.0.0.1") -> str:
        """The whole raw response to a request with exactly this target (latin-1)."""
        rows = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", *lines, "", ""]
        return self.raw("\r\n".join(rows).encode("latin-1")).decode("latin-1")


def detail(answer: requests.Response) -> str:
    text: str = answer.json()["detail"]
    return text


def gated_app(authority: Authority) -> Flask:
    """Routes that tell which credential authenticated a request."""
    app = Flask("front", static_folder=None)
    errors.register(app)
    app.register_blueprint(auth.blueprint(authority))

    @app.route("/api/queue", methods=EVERY_METHOD)
    @app.route("/api/anything/<path:rest>", methods=EVERY_METHOD)
    def queue(rest: str = "") -> str:
        return SECRET

    @app.get("/api/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.route("/", methods=["GET", "POST"])
    def credential() -> str:
        identity = request.environ[IDENTITY]
        return json.dumps(identity and identity.credential)

    return app
