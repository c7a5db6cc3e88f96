"""forgather-units.pyz: one file that a stock Python runs, with a server that serves the page."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from waiting import wait_until

from forgather_units import __version__

ROOT = Path(__file__).parents[2]
PYTHON = str(Path(sys.base_prefix, "bin/python3"))
"""Without the environment of the tests."""


@pytest.fixture(scope="module")
def pyz(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A space: the folder of a user may have one.
    file = tmp_path_factory.mktemp("my programs") / "forgather-units.pyz"
    subprocess.run([sys.executable, str(ROOT / "packaging/pyz.py"), str(wheel), str(file)], check=True)
    return file


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A new home, and nothing of the environment's libraries."""
    kept = {name: os.environ[name] for name in ("PATH", "XDG_RUNTIME_DIR") if name in os.environ}
    return {**kept, "HOME": str(tmp_path)}


def run(pyz: Path, environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, str(pyz), *words], cwd="/", env=environ, capture_output=True, text=True, check=False, timeout=120
    )


def test_it_has_no_compiled_code(pyz: Path) -> None:
    names = zipfile.ZipFile(pyz).namelist()
    assert not [name for name in names if name.endswith(".so")]
    assert any(name.endswith("forgather_units/webpage/index.html") for name in names)


def test_its_units_start_the_file_and_not_the_cache(pyz: Path, environ: dict[str, str], tmp_path: Path) -> None:
    done = run(pyz, environ, "service-unit", "install", "--no-start")
    assert (done.returncode, done.stderr) == (0, "")
    unit = (tmp_path / ".config/systemd/user/forgather-server.service").read_text()
    command = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    assert command.endswith(f'"{pyz}" server')
    assert str(tmp_path / ".cache") not in command


@pytest.fixture
def server(pyz: Path, environ: dict[str, str], tmp_path: Path) -> Iterator[str]:
    command = [PYTHON, str(pyz), "server", "--port", "0"]
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd="/", env=environ, stdout=output, stderr=output)
    served_at = tmp_path / ".config/forgather/server/served_at"
    try:
        wait_until(lambda: served_at.exists() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield served_at.read_text().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)


def test_the_server_runs_from_it(server: str, environ: dict[str, str], tmp_path: Path) -> None:
    assert requests.get(f"{server}/api/health", timeout=120).json()["version"] == __version__
    token = (tmp_path / ".config/forgather/server/auth_token").read_text().strip()
    signed_in = {"Authorization": f"Bearer {token}"}
    page = requests.get(server, headers={**signed_in, "Accept": "text/html"}, timeout=120)
    assert "<html" in page.text
    (tmp_path / "runs").mkdir()
    # A helper process, which imports the package again, lists the folder.
    listed = requests.get(f"{server}/api/fs/complete", params={"path": f"{tmp_path}/r"}, headers=signed_in, timeout=120)
    assert "runs" in listed.text, listed.text
