"""The command with a home of its own, before a small server."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from command_line import Shell, SmallServer, handler_of


@pytest.fixture
def server() -> Iterator[SmallServer]:
    small = SmallServer()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(small)) as listening:
        small.url = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield small
        listening.shutdown()
        thread.join()


@pytest.fixture
def forgather(tmp_path: Path, server: SmallServer) -> Shell:
    """The command, with the small server as its server."""
    ours = ("FORGATHER_", "XDG_", "http_proxy", "HTTP_PROXY")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    home = tmp_path / "home"
    folder = tmp_path / "here"
    for each in (home, folder):
        each.mkdir()
    environment |= {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "FORGATHER_SERVER_URL": server.url,
        "COLUMNS": "200",
    }
    return Shell(environment, folder)
