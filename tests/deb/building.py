"""Builds the packages as `make deb` does, and one under another version."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def build(folder: Path, *options: str, **environ: str) -> list[Path]:
    """The .deb files of a build in `folder`."""
    done = subprocess.run(
        [str(REPOSITORY / "packaging/build-deb"), str(folder), *options],
        cwd=REPOSITORY,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return sorted(folder.glob("*.deb"))


def repacked(package: Path, version: str, folder: Path) -> Path:
    """The same package under another version."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", str(package), str(tree)], check=True)
    control = tree / "DEBIAN/control"
    lines = control.read_text().splitlines()
    control.write_text("\n".join(f"Version: {version}" if one.startswith("Version:") else one for one in lines) + "\n")
    file = folder / f"forgather-units_{version}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-b", str(tree), str(file)], check=True, stdout=subprocess.DEVNULL
    )
    return file
