"""Builds the packages as `make deb` does, again from their source package, and one under another version."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def build(folder: Path) -> list[Path]:
    """The .deb files of a build in `folder`."""
    return _built([str(REPOSITORY / "packaging/build-deb"), str(folder)], REPOSITORY, folder)


def rebuild(source: Path, folder: Path, **environ: str) -> list[Path]:
    """The same of a source package, which is unpacked in `folder`."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    subprocess.run(["tar", "xf", str(source), "--strip-components=1", "-C", str(tree)], check=True)
    # Debian's own programs, whatever else is on the PATH.
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    return _built(["dpkg-buildpackage", "-us", "-uc", "-b"], tree, folder, PATH=path, **environ)


def _built(command: list[str], place: Path, folder: Path, **environ: str) -> list[Path]:
    done = subprocess.run(
        command,
        cwd=place,
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
