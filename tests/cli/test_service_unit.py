"""forgather service-unit: the units that are written after an installation by pip."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forgather_units.cli.installed_command import installed_command

COMMAND = str(installed_command(Path(sys.executable).parent))


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "XDG_CONFIG_HOME": str(folder)}
    return subprocess.run(
        [COMMAND, "service-unit", *words], env=environ, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_units_start_this_installation(tmp_path: Path) -> None:
    done = run(tmp_path, "install", "--no-start")
    assert (done.returncode, done.stderr) == (0, "")
    units = tmp_path / "systemd/user"
    assert {file.name for file in units.iterdir()} == {
        "forgather-server.service",
        "forgather-server.socket",
        "forgather.slice",
    }
    text = (units / "forgather-server.service").read_text()
    assert f"ExecStart={COMMAND} server\n" in text
    assert "/usr/bin/forgather" not in text


@pytest.mark.parametrize("name", ["forgather-server.service", "forgather-server.socket"])
def test_systemd_reads_them(tmp_path: Path, name: str) -> None:
    run(tmp_path, "install", "--no-start")
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", "--man=no", str(tmp_path / "systemd/user" / name)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_remove_keeps_files_of_other_programs(tmp_path: Path) -> None:
    units = tmp_path / "systemd/user"
    units.mkdir(parents=True)
    own = units / "forgather-server.service"
    own.write_text("[Service]\nExecStart=/bin/true\n")
    done = run(tmp_path, "remove")
    assert done.returncode == 1
    assert "has written nothing" in done.stderr
    assert own.exists()
