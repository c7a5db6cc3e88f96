"""An ordinary user installs the wheel over ssh, without root, compiler or login session, and uses it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from built_wheel import build_wheel
from ports import free_port

from forgather_units import __version__

SCRIPT = Path(__file__).with_name("ssh_user.py")


@pytest.fixture(scope="module")
def wheel() -> Iterator[Path]:
    """In a folder that another account can read."""
    with tempfile.TemporaryDirectory(prefix="forgather-wheel-") as name:
        Path(name).chmod(0o755)
        yield build_wheel(Path(name))


@pytest.fixture(scope="module")
def found(wheel: Path) -> dict[str, Any]:
    """What the script saw."""
    python = str(Path(sys.base_prefix, "bin/python3"))
    command = [sys.executable, "-m", "forgather_units.sandbox", "run", "--bind-ro", str(wheel.parent), "--"]
    command += [sys.executable, str(SCRIPT), python, str(wheel), str(free_port()), str(free_port())]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_the_base_install_has_no_compiled_library_of_systemd(found: dict[str, Any]) -> None:
    assert found["session"] == ["none", "none"]
    assert found["compiled"] == ["None", "None"]


def test_jobs_run_sleep_and_wake(found: dict[str, Any]) -> None:
    assert "TensorBoard 2." in found["output"]
    assert (found["asleep"], found["woken"]) == ("sleeping", "200")


def test_an_upgrade_keeps_them_running(found: dict[str, Any]) -> None:
    assert __version__ in found["health"]
    assert found["is_kept"]
