"""The packages, built from the last commit, and clean Debians to install them on. Run by `make test-deb`, as root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from deb.booted_debian import Machine, machine
from deb.building import REPOSITORY, build, repack
from deb.clean_debian import TOOLS, fetch_dependencies

SUITES = ("bookworm", "trixie")

# These tests take minutes and need root and a Debian mirror: a plain `pytest` does not run them.
collect_ignore_glob = [] if os.environ.get("FORGATHER_TEST_DEB") else ["test_*.py"]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the packages, the source package, and the same package with a newer version."""
    # Not below /tmp, because a booted machine has its own.
    folder = REPOSITORY / "build/test-deb"
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    built = build(folder)
    main = next(package for package in built if package.name.endswith("_all.deb"))
    newer = folder / "newer"
    newer.mkdir()
    repack(main, "0.1.1", tmp_path_factory.mktemp("newer")).rename(newer / "forgather-units_0.1.1_all.deb")
    return folder


@pytest.fixture(scope="module", params=SUITES)
def debian(request: pytest.FixtureRequest, packages: Path) -> Iterator[Machine]:
    """A booted clean Debian, on which the packages are not installed yet."""
    fetch_dependencies(request.param, list(packages.glob("*.deb")), TOOLS)
    with machine(request.param, packages) as booted:
        yield booted
