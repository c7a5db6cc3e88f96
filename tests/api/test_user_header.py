"""A proxy that signs users in, in front of the server of a shared host, over every socket that systemd passes it."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forgather_server import FORGATHER, Forgather
from shared_server import SharedForgather, as_member, members, shared_server

from forgather_units.sandbox.plan import NEIGHBOUR

PROXY = "127.0.0.2"
USER = {"Remote-User": NEIGHBOUR}
SETTINGS = {"trusted_proxy": [PROXY, "unix"], "user_header": "Remote-User"}


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedForgather]:
    with shared_server(tmp_path, **SETTINGS) as server:
        yield server


def _user(server: Forgather, source: str, headers: dict[str, str]) -> str | None:
    """Whom the server takes the sender for."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=120, source_address=(source, 0))
    connection.request("GET", "/api/auth/me", headers=headers)
    response = connection.getresponse()
    said = json.loads(response.read())
    connection.close()
    return str(said["user"]) if response.status == 200 else None


def test_over_sockets_that_systemd_passes(shared: SharedForgather) -> None:
    assert _user(shared, PROXY, USER) == NEIGHBOUR
    assert _user(shared, "127.0.0.1", USER) is None
    assert _user(shared, PROXY, {"Remote-User": "daemon"}) is None
    over_unix = ["curl", "-s", "--unix-socket", shared.socket_path, "http://localhost/api/auth/me", "-H"]
    # The kernel knows the member; the header of the unix socket names no other.
    assert json.loads(as_member(*over_unix, "Remote-User: root").stdout)["user"] == NEIGHBOUR
    own = subprocess.run([*over_unix, f"Remote-User: {NEIGHBOUR}"], capture_output=True, text=True, check=True)
    assert json.loads(own.stdout)["detail"] == "authentication required"


def test_over_the_server_s_own_socket(make_forgather: Callable[..., Forgather]) -> None:
    server = make_forgather(group=members(), **SETTINGS)
    server.start()
    assert _user(server, PROXY, USER) == NEIGHBOUR
    assert _user(server, "127.0.0.1", USER) is None
    (row,) = [each for each in server.cli_json("doctor") if each["name"] == "sign-in by Remote-User"]
    assert row["verdict"] == "warn"
    assert "each account on it can name any user" in row["detail"]


def test_the_setting_alone_is_one_sentence(make_forgather: Callable[..., Forgather]) -> None:
    server = make_forgather(user_header="Remote-User")
    server.config.write_text("user_header: Remote-User\n")
    for words in (("server", "--config", str(server.config)), ("config", "check", "--config", str(server.config))):
        done = subprocess.run([FORGATHER, *words], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 2
        assert "user_header needs trusted_proxy with the address of the proxy" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
