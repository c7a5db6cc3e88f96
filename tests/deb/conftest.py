"""The packages, built from the last commit, and clean Debians to install them on. Run by `make test-deb`, as root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from clean_debian import fetch_dependencies
from machine import Machine, machine

REPOSITORY = Path(__file__).parents[2]
SUITES = ("bookworm", "trixie")

# Some minutes, root, and a mirror of Debian: this is no part of a plain `pytest`.
collect_ignore_glob = [] if os.environ.get("FORGATHER_TEST_DEB") else ["test_*.py"]


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


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the packages, of the source package, and of the same package under a newer version."""
    # Not below /tmp: a booted machine has its own.
    folder = REPOSITORY / "build/test-deb"
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    built = build(folder)
    main = next(package for package in built if package.name.endswith("_all.deb"))
    newer = folder / "newer"
    newer.mkdir()
    repacked(main, "0.1.1", tmp_path_factory.mktemp("newer")).rename(newer / "forgather-units_0.1.1_all.deb")
    return folder


@pytest.fixture(scope="module", params=SUITES)
def debian(request: pytest.FixtureRequest, packages: Path) -> Iterator[Machine]:
    """A booted clean Debian on which nothing of ours is installed yet."""
    fetch_dependencies(request.param, [*packages.glob("*.deb"), "acl", "autopkgtest", "curl", "man-db"])
    with machine(request.param, packages) as booted:
        yield booted
