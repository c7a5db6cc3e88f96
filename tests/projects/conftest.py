"""The projects of the tests, in a folder of the test's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

WORKSPACE = Path(__file__).with_name("workspace")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WORKSPACE, tmp_path / "workspace"))


@pytest.fixture
def config_file(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a config of the project `tmp_path`/project; its file."""
    (tmp_path / "forgather_workspace").mkdir()
    configs = tmp_path / "project" / "templates" / "configs"
    configs.mkdir(parents=True)
    (tmp_path / "project" / "meta.yaml").write_text("name: Project\n")

    def write(name: str, text: str) -> Path:
        file = configs / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return write
