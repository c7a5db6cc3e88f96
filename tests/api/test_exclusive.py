"""Two servers of one user need separate state folders and unit prefixes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from forgather_server import FORGATHER, Forgather

from forgather_units.daemon.instance_lock import exclusive
from forgather_units.domain.errors import Refused
from forgather_units.host.this_machine import this_machine

MACHINE = this_machine()


def test_a_prefix_and_a_folder_have_one_server(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    prefix = f"fgtest{os.getpid()}"
    with exclusive(one, MACHINE, prefix):
        with pytest.raises(Refused, match=f"unit_prefix {prefix} is in use by another server: process {os.getpid()} "):
            exclusive(other, MACHINE, prefix).__enter__()
        with pytest.raises(Refused, match=f"another server already uses {one}"):
            exclusive(one, MACHINE, f"{prefix}x").__enter__()
        with exclusive(other, MACHINE, f"{prefix}x"):
            pass
    with exclusive(other, MACHINE, prefix):
        pass


def test_the_second_server_does_not_start(forgather: Forgather, tmp_path: Path) -> None:
    """The jobs of the first one continue."""
    queue_id = forgather.submit(tmp_path, private=True, lazy=True)
    assert forgather.process is not None
    config = tmp_path / "second.yaml"
    config.write_text(yaml.safe_dump({**forgather.settings, "port": 0, "state_dir": str(tmp_path / "second")}))
    words = [FORGATHER, "server", "--config", str(config)]
    second = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert second.returncode == 1
    assert (
        f"unit_prefix {forgather.prefix} is in use by another server: process {forgather.process.pid}" in second.stderr
    )
    assert f"server --config {forgather.config}" in second.stderr
    forgather.wait_status(queue_id, "sleeping")
    forgather.kill()
    # The kernel releases the lock of a killed server.
    forgather.start()
    forgather.wait_status(queue_id, "sleeping")
