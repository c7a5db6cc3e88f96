"""A project whose configs a test writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def config_file(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a config of the project in `tmp_path`/project, and returns its file."""
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
