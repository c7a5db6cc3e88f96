"""The wheel of this checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def build_wheel(folder: Path) -> Path:
    """Build it in `folder` from a copy, because a build leaves folders behind."""
    source = folder / "source"
    shutil.copytree(ROOT / "forgather_units", source / "forgather_units", ignore=shutil.ignore_patterns("__pycache__"))
    # Without web/ the build takes the existing page.
    (source / "packaging").mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "packaging/page_build.py"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))
