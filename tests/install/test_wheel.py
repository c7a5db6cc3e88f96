"""`pip install .` installs all files that the program needs, which then runs without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _run(*words: str, **environment: str) -> str:
    # Outside the checkout, which Python would import from first.
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


def test_every_file_is_in_the_wheel(wheel: Path) -> None:
    files = (file for file in (ROOT / "forgather_units").rglob("*") if file.is_file())
    wanted = {str(file.relative_to(ROOT)) for file in files if "__pycache__" not in file.parts}
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_program_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    # Neither node nor a compiler is in the search path.
    _run("-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path), str(wheel), PATH="/nowhere")
    code = "import forgather_units, forgather_units.daemon.main; print(forgather_units.__file__)"
    assert _run("-c", code, PYTHONPATH=str(tmp_path)).startswith(str(tmp_path))
    assert _run("-m", "forgather_units.cli.main", "--version", PYTHONPATH=str(tmp_path)).startswith("forgather 0.")
