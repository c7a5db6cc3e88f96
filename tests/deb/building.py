"""Builds the packages as `make deb` does, rebuilds them from the source package, and changes a version."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def build(folder: Path) -> list[Path]:
    """The .deb files of a build in `folder`."""
    return _built([str(REPOSITORY / "packaging/build-deb"), str(folder)], REPOSITORY, folder)


def rebuild(source: Path, folder: Path, **environ: str) -> list[Path]:
    """The .deb files of a build from a source package, which is unpacked in `folder`."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    subprocess.run(["tar", "xf", str(source), "--strip-components=1", "-C", str(tree)], check=True)
    # Debian's own programs only.
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


def repack(package: Path, version: str, folder: Path) -> Path:
    """The same package with another version."""
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
