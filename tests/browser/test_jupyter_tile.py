"""The tile in JupyterLab's launcher: jupyter-server-proxy finds it, starts the server and signs the user in."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from browser.jupyter import Jupyter, jupyter_server
from browser.watched_page import Watched
from forgather_server import FORGATHER, Forgather
from playwright.sync_api import BrowserContext, expect
from waiting import wait_until

from forgather_units.host.addresses import is_port_free

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Forgather]:
    """A server with its settings in the usual file of a home; the tile starts it."""
    server = Forgather(tmp_path, trusted_proxy="127.0.0.1")
    (tmp_path / "config" / "forgather").mkdir(parents=True)
    (tmp_path / "config" / "forgather" / "units.yaml").write_text(yaml.safe_dump(server.settings))
    yield server
    server.clean()
    # Jupyter has ended the server that it has started.
    wait_until(lambda: is_port_free("127.0.0.1", int(server.settings["port"])))


@pytest.fixture
def jupyter(settings: Forgather, tmp_path: Path) -> Iterator[Jupyter]:
    """With the package and its entry points on the path, as `pip install forgather-units[jupyter]` puts them there."""
    installed = tmp_path / "installed"
    metadata = installed / "forgather_units-0.dist-info"
    metadata.mkdir(parents=True)
    (installed / "forgather_units").symlink_to(ROOT / "forgather_units")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: forgather-units\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text(
        "\n".join(
            f"[{group}]\n" + "\n".join(f"{name} = {value}" for name, value in entries.items())
            for group, entries in project["entry-points"].items()
        )
    )
    path = f"{ROOT / '.venv-jupyter' / 'bin'}:{Path(FORGATHER).parent}:{os.environ['PATH']}"
    config = str(tmp_path / "config")
    with jupyter_server(tmp_path, PYTHONPATH=str(installed), PATH=path, XDG_CONFIG_HOME=config) as running:
        yield running


@pytest.fixture
def watched(jupyter: Jupyter) -> Iterator[Watched]:
    yield Watched(jupyter.url)


def _open(context: BrowserContext, jupyter: Jupyter) -> None:
    jupyter.sign_in(context)
    (tile,) = [
        each
        for each in context.request.get(f"{jupyter.url}/server-proxy/servers-info").json()["server_processes"]
        if each["name"] == "forgather"
    ]
    assert tile["launcher_entry"]["title"] == "Forgather Units"
    page = context.new_page()
    page.goto(f"{jupyter.url}/{tile['launcher_entry']['path_info']}")
    # Signed in: no token is asked for, and the browser gets none.
    expect(page.get_by_role("switch", name="Scheduler")).to_be_enabled()
    assert not any("forgather_session" in cookie["name"] for cookie in context.cookies())
    expect(page.get_by_text("Connection to the server is lost")).to_have_count(0)


def test_the_tile_starts_the_server(
    context: BrowserContext, jupyter: Jupyter, settings: Forgather, tmp_path: Path
) -> None:
    _open(context, jupyter)
    # Commands find the same server at its usual port.
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    done = subprocess.run(
        [FORGATHER, "sched", "status", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        timeout=120,
    )
    assert json.loads(done.stdout)["enabled"] is True


def test_the_tile_opens_the_server_that_runs(context: BrowserContext, jupyter: Jupyter, settings: Forgather) -> None:
    settings.start()
    _open(context, jupyter)
    wait_until(lambda: settings.get("/api/health").ok)
