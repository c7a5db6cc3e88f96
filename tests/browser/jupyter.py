"""jupyter-server-proxy in front of a server: in a single Jupyter server, and in a JupyterHub."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from playwright.sync_api import BrowserContext
from ports import free_port
from waiting import wait_until

_ENVIRONMENT = Path(__file__).parents[2] / ".venv-jupyter"
_USER = "alice"
_SECRET = "the-secret-of-this-test"
_HUB = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.cleanup_servers = True
c.DummyAuthenticator.password = "{secret}"
c.Authenticator.allow_all = True
c.Spawner.cmd = ["{environment}/bin/jupyterhub-singleuser"]
c.Spawner.notebook_dir = "{folder}"
c.Spawner.environment = {{"HOME": "{folder}"}}
c.ConfigurableHTTPProxy.command = ["{environment}/node_modules/.bin/configurable-http-proxy"]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
"""


@dataclass(frozen=True)
class Jupyter:
    """`url` is the address of the Jupyter server, without a final slash."""

    url: str
    sign_in: Callable[[BrowserContext], None]
    """Give the browser Jupyter's cookies, without opening a page of Jupyter."""


@contextmanager
def jupyter_server(folder: Path, **environment: str) -> Iterator[Jupyter]:
    """A single Jupyter server, with these variables in its environment."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = [f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={_SECRET}"]
    with _running(["jupyter-server", "--no-browser", *options], folder, f"{url}/api", **environment):

        def sign_in(context: BrowserContext) -> None:
            assert context.request.get(f"{url}/api/status?token={_SECRET}").ok

        yield Jupyter(url, sign_in)


@contextmanager
def jupyterhub(folder: Path) -> Iterator[Jupyter]:
    """A JupyterHub, with the Jupyter server of its user."""
    port = free_port()
    hub = f"http://127.0.0.1:{port}"
    config = folder / "jupyterhub_config.py"
    config.write_text(
        _HUB.format(
            port=port,
            hub_port=free_port(),
            api_port=free_port(),
            secret=_SECRET,
            environment=_ENVIRONMENT,
            folder=folder,
        )
    )
    with _running(["jupyterhub", f"--config={config}"], folder, f"{hub}/hub/health"):

        def sign_in(context: BrowserContext) -> None:
            assert context.request.get(f"{hub}/hub/login").ok
            xsrf = next(cookie["value"] for cookie in context.cookies(f"{hub}/hub/") if cookie["name"] == "_xsrf")
            form: dict[str, str | float | bool] = {"username": _USER, "password": _SECRET, "_xsrf": xsrf}
            assert context.request.post(f"{hub}/hub/login?next=/hub/spawn", form=form).ok
            # A file's address leads to the hub and back (OAuth), which makes the cookie of the user's server. Before it
            # runs, the hub answers with a page.
            file = f"{hub}/user/{_USER}/files/{config.name}"
            wait_until(lambda: "c.JupyterHub" in context.request.get(file).text(), what="the user's server runs")

        yield Jupyter(f"{hub}/user/{_USER}", sign_in)


@contextmanager
def _running(command: list[str], folder: Path, url: str, **more: str) -> Iterator[None]:
    """Run a program of Jupyter's environment in `folder`; the body runs once `url` responds."""
    assert _ENVIRONMENT.is_dir(), "Jupyter is not installed: make .venv-jupyter/.complete"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
        "PATH": f"{_ENVIRONMENT / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder),
        **more,
    }
    with subprocess.Popen([_ENVIRONMENT / "bin" / command[0], *command[1:]], cwd=folder, env=environment) as process:
        try:
            wait_until(lambda: process.poll() is None and _answers(url), what=f"{url} responds")
            yield
        finally:
            process.terminate()
            process.wait(120)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=120).ok
    except requests.ConnectionError:
        return False
