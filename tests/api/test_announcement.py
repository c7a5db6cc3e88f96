"""The server's output at its start: it prints the token to a terminal only."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml
from forgather_server import FORGATHER, Forgather
from waiting import wait_until


def test_on_a_terminal_the_server_prints_the_token(make_forgather: Callable[..., Forgather]) -> None:
    server = make_forgather()
    server.config.write_text(yaml.safe_dump(server.settings))
    controller, terminal = pty.openpty()
    with subprocess.Popen([FORGATHER, "server", "--config", str(server.config)], stdout=terminal) as process:
        os.close(terminal)
        printed = ""
        # The address, which the token follows, may come in a write of its own.
        while "/?token=" not in printed or not printed.endswith("\n"):
            printed += os.read(controller, 4096).decode()
        token = Path(server.settings["auth_dir"], "auth_token").read_text().strip()
        assert f"/?token={token}" in printed
        process.terminate()
    os.close(controller)


def test_in_a_log_the_server_prints_how_to_sign_in(make_forgather: Callable[..., Forgather], tmp_path: Path) -> None:
    server = make_forgather()
    server.config.write_text(yaml.safe_dump(server.settings))
    # Both outputs go to one log, as the journal in a unit.
    log = tmp_path / "log"
    with (
        log.open("wb") as out,
        subprocess.Popen([FORGATHER, "server", "--config", str(server.config)], stdout=out, stderr=out) as process,
    ):
        wait_until(lambda: "forgather server at http" in log.read_text())
        process.terminate()
    token = Path(server.settings["auth_dir"], "auth_token").read_text().strip()
    assert token not in log.read_text()
    assert "forgather login-url" in log.read_text()


def test_a_command_of_the_same_user_finds_the_token_for_the_server_s_address(
    forgather: Forgather,
) -> None:
    config = forgather.folder / "xdg" / "forgather" / "units.yaml"
    config.parent.mkdir(parents=True)
    # The settings file has another port.
    config.write_text(yaml.safe_dump({"auth_dir": forgather.settings["auth_dir"], "port": 1}))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FORGATHER_")}
    environment["XDG_CONFIG_HOME"] = str(config.parent.parent)
    words = [FORGATHER, "login-url", "--server", forgather.url]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.startswith(f"{forgather.url}/?token=login-"), done.stderr
