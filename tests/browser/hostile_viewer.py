"""A viewer whose page does all that it can to leave its prefix, and what it would reach if it could."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from in_thread import InThread
from viewer_zoo import Seen, Viewer, answer

from forgather_units.auth.authority import Authority
from forgather_units.auth.origin import Hosts
from forgather_units.daemon.dispatch import Gateway
from forgather_units.proxy.destination import Destination, Open, Unknown
from forgather_units.proxy.wsgi import Proxy

HOSTILE = "q_1700000000000_0000bad0"
SIBLING = "q_1700000000000_0000900d"

_PAGE = (Path(__file__).parent / "hostile_page.html").read_bytes()
_WORKER = b"""
const say = async () => {
  const reached = [];
  for (const url of TARGETS) {
    try { await fetch(url); reached.push('fetch ' + url); } catch (error) {}
    try { const x = new XMLHttpRequest(); x.open('POST', url, false); x.send(); reached.push('xhr ' + url); }
    catch (error) {}
    try { importScripts(url); reached.push('import ' + url); } catch (error) {}
  }
  return reached;
};
self.onmessage = async () => postMessage(await say());
self.addEventListener('install', (event) => event.waitUntil(say()));
"""


class Site:
    """The gate, the proxy with two viewers, and routes that note the requests."""

    def __init__(self, folder: Path) -> None:
        self.reached: list[str] = []
        """Every request that came to the API or to the sibling: `METHOD path`."""
        self._viewers = [_serve(self._hostile), _serve(self._sibling)]
        ports = [viewer.port for viewer in self._viewers]
        targets: dict[str, Destination] = {
            HOSTILE: Open("127.0.0.1", ports[0], "hostile"),
            SIBLING: Open("127.0.0.1", ports[1], "sibling"),
        }
        self.authority = Authority(folder)
        self.targets = targets
        proxy = Proxy(lambda mount, name: targets.get(name, Unknown()))
        gateway = Gateway(self._api, proxy, self.authority, Hosts(()))
        self._server = InThread(gateway, gateway.handle_early, threads=8)
        self.origin = f"http://127.0.0.1:{self._server.port}"

    def page(self, queue_id: str) -> str:
        return f"{self.origin}/api/tb/{queue_id}/"

    def stop(self) -> None:
        self._server.stop()
        for viewer in self._viewers:
            viewer.stop()

    def _api(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Its icon the browser asks for by itself.
        if environ["PATH_INFO"] != "/favicon.ico":
            self.reached.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "6")])
        return [b"secret"]

    def _sibling(self, method: str, path: str) -> tuple[str, bytes]:
        self.reached.append(f"{method} {path}")
        return "text/html", b"sibling"

    def _hostile(self, method: str, path: str) -> tuple[str, bytes]:
        targets = ["/api/jobs", "/api/queue", f"/api/tb/{SIBLING}/data/runs", "/"]
        if path.endswith(".js"):
            return "text/javascript", _WORKER.replace(b"TARGETS", json.dumps(targets).encode())
        return "text/html", _PAGE.replace(b"TARGETS", json.dumps(targets).encode())


def _serve(page: Callable[[str, str], tuple[str, bytes]]) -> Viewer:
    """A viewer whose answers are the content type and the body that `page` gives for a method and a path."""

    def respond(connection: socket.socket, request: Seen) -> None:
        method, path, _ = request.line.decode().split(" ")
        kind, body = page(method, path)
        connection.sendall(answer(body, b"Content-Type: " + kind.encode()))

    return Viewer(socket.create_server(("127.0.0.1", 0)), respond).start()
