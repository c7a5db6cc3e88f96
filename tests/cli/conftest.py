"""The command with a home of its own, before a small server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.command_line import Shell, SmallServer, small_server


@pytest.fixture
def server() -> Iterator[SmallServer]:
    with small_server() as small:
        yield small


@pytest.fixture
def forgather(tmp_path: Path, server: SmallServer) -> Shell:
    """The command, with the small server as its server."""
    ours = ("FORGATHER_", "XDG_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_")
    proxies = tuple(f"{scheme}_proxy" for scheme in ("http", "https", "all", "no"))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(ours) and name.lower() not in proxies
    }
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
