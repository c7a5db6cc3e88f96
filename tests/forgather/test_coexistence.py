"""Forgather's own server runs on the same machine, with the usual port, its settings file and the same token."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from beside_forgather import Home, StandIn, stand_in
from forgather_server import FORGATHER, Forgather
from waiting import wait_until

from forgather_units.host.forgathers_server import is_forgathers_server


@pytest.fixture
def theirs() -> Iterator[StandIn]:
    """Forgather's server, at any port."""
    with stand_in(0) as found:
        yield found


def test_it_is_told_by_its_health(theirs: StandIn) -> None:
    assert is_forgathers_server("127.0.0.1", theirs.port)
    for health in ({"status": "ok", "version": "0.1.0", "scope": "user"}, {"status": "starting"}, ["ok"], "ok", None):
        theirs.health = health
        assert not is_forgathers_server("127.0.0.1", theirs.port), health
    theirs.health, theirs.status = {"status": "ok"}, 503
    assert not is_forgathers_server("127.0.0.1", theirs.port)


def test_a_silent_server_costs_a_limited_time() -> None:
    with socket_that_says_nothing() as port:
        assert not is_forgathers_server("127.0.0.1", port, seconds=0.05)


@contextmanager
def socket_that_says_nothing() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("words", [["job", "list"], ["tb", "--enqueue", "--logdir", "."], ["job", "kill", "q_1_2"]])
def test_a_command_reports_it_and_changes_nothing_there(theirs: StandIn, tmp_path: Path, words: list[str]) -> None:
    done = Home(tmp_path, port=theirs.port)(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"forgather: the server at {theirs.url} is Forgather's own, not that of Forgather Units\n"
        "hint: forgather-units server takes the next free port, where these commands find it; another address: --server"
        " or FORGATHER_SERVER_URL\n"
    )
    assert theirs.changes == []


def test_a_server_of_that_kind_that_a_user_names_is_reported_too(theirs: StandIn, tmp_path: Path) -> None:
    home = Home(tmp_path)
    for done in (home("job", "list", "--server", theirs.url), home("job", "list", FORGATHER_SERVER_URL=theirs.url)):
        assert (done.returncode, done.stdout) == (1, "")
        assert "is Forgather's own" in done.stderr


def test_a_server_with_its_port_in_the_settings_says_who_has_it(theirs: StandIn, tmp_path: Path) -> None:
    done = Home(tmp_path, port=theirs.port)("server")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith(f"forgather: port {theirs.port} is in use by Forgather's own server")
    assert second.startswith("hint: -p ")
    assert second.endswith(" or the setting port takes another port, where your commands find this server")


def test_jupyter_s_tile_opens_a_server_of_this_program(
    theirs: StandIn, make_forgather: Callable[..., Forgather], tmp_path: Path
) -> None:
    server = make_forgather(port=theirs.port)
    del server.settings["auth_dir"]
    home = Home(tmp_path / "config", **server.settings)
    path = tmp_path / "tile.sock"
    command = [FORGATHER, "jupyter", str(path)]
    with subprocess.Popen(command, env=home.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: path.is_socket() or process.poll() is not None)
            asked = ["curl", "--silent", "--max-time", "120", "--unix-socket", str(path), "http://localhost/api/health"]
            said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
            assert {"version", "scope"} <= set(json.loads(said)), said
        finally:
            process.terminate()
            process.wait(120)
