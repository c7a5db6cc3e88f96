"""`pip install .` brings all that the program needs beside its modules, and runs without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from documents import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a build leaves folders behind."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT / "forgather_units", source / "forgather_units", ignore=shutil.ignore_patterns("__pycache__"))
    # Without web/ the build takes the page that is there.
    (source / "packaging").mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "packaging/page_build.py"):
        shutil.copy(ROOT / name, source / name)
    _run("-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source))
    return next(folder.glob("*.whl"))


def _run(*words: str, **environment: str) -> str:
    # Away from the checkout, which python would look at first.
    done = subprocess.run(
        [sys.executable, *words],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_file_is_in_it(wheel: Path) -> None:
    ours = (file for file in (ROOT / "forgather_units").rglob("*") if file.is_file())
    wanted = {str(file.relative_to(ROOT)) for file in ours if "__pycache__" not in file.parts}
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_it_runs_from_there(wheel: Path, tmp_path: Path) -> None:
    _run("-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path), str(wheel))
    code = "import forgather_units, forgather_units.server.serve; print(forgather_units.__file__)"
    assert _run("-c", code, PYTHONPATH=str(tmp_path)).startswith(str(tmp_path))
    assert _run("-m", "forgather_units.cli.main", "--version", PYTHONPATH=str(tmp_path)).startswith("forgather 0.")
