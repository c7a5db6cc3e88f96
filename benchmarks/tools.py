"""The programs that the benchmark needs beside ours, in one folder: nothing is installed on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("wrk", "nginx", "libluajit-5.1-2", "libluajit-5.1-common")
_PEERS: Final = ("jupyter-server-proxy", "fastapi", "httpx", "uvicorn")


@dataclass(frozen=True, slots=True)
class Tools:
    """Where they are; `environment` is what Debian's programs need to find their libraries."""

    wrk: str
    nginx: str
    python: str
    environment: dict[str, str]


def fetch_tools(folder: Path) -> Tools:
    """From Debian's archive and PyPI, or as they are from an earlier run with the same folder."""
    root, venv = folder / "debian", folder / "venv"
    if not (root / "usr/bin/wrk").exists():
        root.mkdir(parents=True, exist_ok=True)
        _run("apt-get", "download", *_PACKAGES, cwd=folder)
        for package in folder.glob("*.deb"):
            _run("dpkg-deb", "--extract", str(package), str(root))
    if not (venv / "complete").exists():
        shutil.rmtree(venv, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(venv))
        _run(str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PEERS)
        (venv / "complete").touch()
    (library,) = root.glob("usr/lib/*-linux-gnu")
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library)}
    return Tools(str(root / "usr/bin/wrk"), str(root / "usr/sbin/nginx"), str(venv / "bin/python"), environment)


def _run(*command: str, cwd: Path | None = None) -> None:
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
