"""Forgather's own server runs on the same machine, with the usual port, its settings file and the same token."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from forgather_server import FORGATHER, Forgather
from waiting import wait_until

from forgather_units.host.forgathers_server import is_forgathers_server

TOKEN = "f" * 64
USUAL_PORT = 8765


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


def test_a_server_takes_the_next_port_beside_it(make_forgather: Callable[..., Forgather], tmp_path: Path) -> None:
    server = make_forgather()
    del server.settings["port"], server.settings["auth_dir"]
    home = Home(tmp_path / "config", **server.settings)
    log = tmp_path / "log"
    with (
        stand_in(USUAL_PORT) as theirs,
        log.open("w") as stderr,
        subprocess.Popen(
            [FORGATHER, "server"], env=home.environ, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
            assert url != theirs.url
            # With the token that Forgather's server has made.
            wait_until(lambda: home("job", "list").stderr == "no jobs\n")
            assert (tmp_path / "config/forgather/server/auth_token").read_text() == f"{TOKEN}\n"
            said = log.read_text()
            assert f"port {USUAL_PORT} is in use by Forgather's own server" in said
            assert f"where your commands find it; Forgather's find it with FORGATHER_SERVER_URL={url}\n" in said
        finally:
            process.terminate()
            process.wait(120)
    assert theirs.changes == []
