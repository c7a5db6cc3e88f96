"""The sample project: configs whose output folders are those of the sample runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

_TEMPLATES: Final = Path(__file__).with_name("workspace")


def write_project(root: Path) -> Path:
    """Make `root` a project, its own workspace, and return it. Raises OSError where it cannot write."""
    return Path(shutil.copytree(_TEMPLATES, root, dirs_exist_ok=True))
