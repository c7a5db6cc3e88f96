"""The workspace in tests/projects/workspace, which tests copy before they use it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

WORKSPACE: Final = Path(__file__).parent / "projects" / "workspace"


def copy_workspace(folder: Path) -> Path:
    """A copy below `folder`."""
    return Path(shutil.copytree(WORKSPACE, folder / "workspace"))
