"""Two people on one machine: the usual port is one's, and the other's commands know."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from beside_forgather import TOKEN, Home, stand_in
from forgather_server import FORGATHER, Forgather
from shared_server import members
from waiting import wait_until

from forgather_units.sandbox.plan import NEIGHBOUR

FreePort = Callable[[], int]
# It ends with its standard input.
LISTEN = """
import socket, sys
with socket.create_server(("127.0.0.1", {port})):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def neighbour_port(free_port: FreePort) -> Iterator[int]:
    """A port at which the second user listens, and answers nothing."""
    members()
    port = free_port()
    words = ["su", NEIGHBOUR, "-c", f"exec {sys.executable} -c {shlex.quote(LISTEN.format(port=port))}"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield port
        process.stdin.close()
        process.wait(120)


def test_the_token_is_not_sent_to_another_account_s_server(neighbour_port: int, tmp_path: Path) -> None:
    config = tmp_path / "forgather"
    (config / "server").mkdir(parents=True)
    (config / "units.yaml").write_text(yaml.safe_dump({"port": neighbour_port}))
    (config / "server" / "auth_token").write_text("secret\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FORGATHER_")}
    done = subprocess.run(
        [FORGATHER, "job", "list"],
        env={**environment, "XDG_CONFIG_HOME": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"forgather: the server at http://127.0.0.1:{neighbour_port} belongs to {NEIGHBOUR}, not to you\n"
        "hint: forgather server starts your own, at the next free port; for theirs: forgather login URL\n"
    )


def test_a_server_takes_the_next_port_and_its_user_s_commands_find_it(
    make_forgather: Callable[..., Forgather], tmp_path: Path
) -> None:
    server = make_forgather()
    del server.settings["port"], server.settings["auth_dir"]
    config_home = tmp_path / "config"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FORGATHER_")}
    environment["XDG_CONFIG_HOME"] = str(config_home)
    (config_home / "forgather").mkdir(parents=True)
    (config_home / "forgather" / "units.yaml").write_text(yaml.safe_dump(server.settings))

    def forgather(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [FORGATHER, *words], env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    with socket.create_server(("127.0.0.1", 8765)):
        log = tmp_path / "log"
        with (
            log.open("w") as stderr,
            subprocess.Popen(
                [FORGATHER, "server"], env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
            ) as process,
        ):
            try:
                assert process.stdout is not None
                url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
                assert url != "http://127.0.0.1:8765"
                wait_until(lambda: forgather("job", "list").stderr == "no jobs\n")
                assert "port 8765 is in use by " in log.read_text()
                assert forgather("doctor", "--json").stdout.count(f"at {url}") == 1
            finally:
                process.terminate()
                process.wait(120)


def test_a_server_takes_the_next_port_beside_forgather_s(
    make_forgather: Callable[..., Forgather], tmp_path: Path
) -> None:
    server = make_forgather()
    del server.settings["port"], server.settings["auth_dir"]
    home = Home(tmp_path / "config", **server.settings)
    log = tmp_path / "log"
    with (
        stand_in(8765) as theirs,
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
            assert "port 8765 is in use by Forgather's own server" in said
            assert f"where your commands find it; Forgather's find it with FORGATHER_SERVER_URL={url}\n" in said
        finally:
            process.terminate()
            process.wait(120)
    assert theirs.changes == []
