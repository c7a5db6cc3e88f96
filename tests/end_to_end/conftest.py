"""Programs and folders of the tests with a whole server."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from end_to_end import stand_in as program


@pytest.fixture
def stand_in(tmp_path: Path) -> str:
    """The program of stand_in.py as a command, in a folder with nothing else."""
    command = tmp_path / "bin" / "tensorboard"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\n" + Path(program.__file__).read_text())
    command.chmod(0o755)
    return str(command)


@pytest.fixture
def home_folder() -> Iterator[Path]:
    """A folder in the home, of which a viewer sees its logdir only."""
    folder = Path.home() / f"forgather-test-{os.getpid()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)
