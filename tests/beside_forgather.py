"""A stand-in for Forgather's own server, and the home of a user who has both programs."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from forgather_server import FORGATHER

TOKEN = "f" * 64
"""Made by Forgather's server."""


@dataclass
class StandIn:
    """Responds as Forgather's server does, as far as needed here; `changes`: requests that change something."""

    port: int
    health: Any = field(default_factory=lambda: {"status": "ok"})
    status: int = 200
    changes: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def stand_in(port: int) -> Iterator[StandIn]:
    found = StandIn(port)

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "uvicorn", ""

        def answer(self) -> None:
            if self.command != "GET":
                found.changes.append(self.path)
            body = json.dumps(found.health if self.path == "/api/health" else []).encode()
            self.send_response(found.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names are http.server's

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as listening:
        found.port = listening.server_port
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield found
        listening.shutdown()
        thread.join()


class Home:
    """The settings of a user who has Forgather's too."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        config = folder / "forgather"
        (config / "server").mkdir(parents=True, mode=0o700)
        (config / "config.yaml").write_text("eval:\n  search_paths: [/evaluations]\n")
        (config / "server" / "auth_token").write_text(f"{TOKEN}\n")
        (config / "server" / "auth_token").chmod(0o600)
        if settings:
            (config / "units.yaml").write_text(yaml.safe_dump(settings))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FORGATHER_")}
        self.environ = {**kept, "XDG_CONFIG_HOME": str(folder)}

    def __call__(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [FORGATHER, *words], env={**self.environ, **environ}, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
