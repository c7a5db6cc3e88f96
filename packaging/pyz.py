"""Builds forgather-units.pyz: the program and its pure Python libraries in one file, which Python >= 3.11 runs.

usage: python packaging/pyz.py WHEEL TARGET

pex makes it. The file unpacks itself once into a cache folder (a virtual environment), named by its content: the server
starts processes of its own, and units read files of the package. TensorBoard is left out (`forgather tb install`), and
so are libraries that consist of compiled code: those are taken from the Python that runs the file, if it has them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from typing import Final
from zipfile import ZipFile

_LEFT_OUT: Final = frozenset({"pystemd", "systemd-python", "tensorboard"})
_OLDEST_PYTHON: Final = "3.11"
_ENTRY: Final = "forgather_units.cli.main:main"


def build(wheel: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="forgather-pyz-") as name:
        tree, tools = Path(name, "tree"), Path(name, "tools")
        _install(tools, "pex")
        # Wheels for the oldest Python: the newest release of a library may need a newer one.
        _install(tree, "--only-binary=:all:", f"--python-version={_OLDEST_PYTHON}", *_requirements(wheel))
        _install(tree, "--no-deps", str(wheel))
        _make_pure(tree)
        _run(
            *("-m", "pex", "--venv", f"--sources-directory={tree}", f"--entry-point={_ENTRY}"),
            f"--interpreter-constraint=CPython>={_OLDEST_PYTHON}",
            # The libraries inside win; the ones left out are found in the Python that runs the file, or in PYTHONPATH.
            *("--venv-system-site-packages", "--inherit-path=fallback", "--non-hermetic-venv-scripts"),
            "--python-shebang=/usr/bin/env python3",
            f"--output-file={target}",
            PYTHONPATH=str(tools),
            PEX_ROOT=str(Path(name, "pex")),
        )


def _requirements(wheel: Path) -> Iterator[str]:
    """What the wheel requires without extras, and may be inside."""
    with ZipFile(wheel) as content:
        metadata = next(each for each in content.namelist() if each.endswith(".dist-info/METADATA"))
        headers = Parser().parsestr(content.read(metadata).decode())
    for requirement in headers.get_all("Requires-Dist", []):
        name = re.match(r"[\w.-]+", requirement)
        if name and name[0].lower() not in _LEFT_OUT and not re.search(r";.*\bextra\b", requirement):
            yield requirement


def _make_pure(tree: Path) -> None:
    """Remove what works on one Python only: PyYAML and MarkupSafe have the same in Python."""
    for library in tree.rglob("*.so"):
        library.unlink()
    for command in (tree / "bin").glob("*"):
        command.unlink()


def _install(folder: Path, *words: str) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--no-warn-script-location", "--no-compile")
    _run("-m", "pip", "install", *options, f"--target={folder}", *words)


def _run(*words: str, **environment: str) -> None:
    # pip warns about the folder bin, which both of its calls make.
    done = subprocess.run([sys.executable, *words], env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words[:3])} failed: {done.stderr.strip()}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    build(Path(sys.argv[1]), Path(sys.argv[2]))
