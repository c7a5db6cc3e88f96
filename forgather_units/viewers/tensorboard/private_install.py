"""A TensorBoard of one's own, newer than the machine's: a virtual environment that nothing else uses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from forgather_units.domain.errors import Refused


def private_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where it is, or would be."""
    data = environ.get("XDG_DATA_HOME", "")
    return (Path(data) if data.startswith("/") else Path.home() / ".local/share") / "forgather/tensorboard"


def private_command() -> Path | None:
    """Its command; None if there is none that can run."""
    folder = private_folder()
    return folder / "bin/tensorboard" if folder.is_dir() and not _is_stale(folder) else None


def stale_folder() -> Path | None:
    """Its folder, if it was made for another Python than the present one, as before an upgrade of Debian."""
    folder = private_folder()
    return folder if folder.is_dir() and _is_stale(folder) else None


def install(version: str) -> Path:
    """Reinstall `version` (empty: the newest); its command. Raises Refused with the last line of pip or venv."""
    folder = private_folder()
    # Packages cannot be moved, so install in place; a running TensorBoard continues until it ends.
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    requirement = f"tensorboard=={version}" if version else "tensorboard"
    try:
        _run([sys.executable, "-m", "venv", str(folder)], "install the package python3-venv")
        _run([str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", requirement], "")
    except Refused:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder / "bin/tensorboard"


def remove() -> bool:
    """Whether there was one."""
    folder = private_folder()
    there = folder.exists()
    shutil.rmtree(folder, ignore_errors=True)
    return there


def _is_stale(folder: Path) -> bool:
    python = (folder / "bin/python").resolve()
    minor = re.fullmatch(r"python(\d+\.\d+)", python.name)
    if not python.exists():
        return True
    return minor is not None and not (folder / f"lib/python{minor[1]}/site-packages/tensorboard").is_dir()


def _run(command: list[str], hint: str) -> None:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError as why:
        raise Refused(f"{command[0]} cannot be run: {why.strerror}") from None
    if done.returncode:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()] or ["no reason was given"]
        said = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
        raise Refused(f"TensorBoard could not be installed: {said.strip()}", hint=hint)
