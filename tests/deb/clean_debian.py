"""Clean Debians, created once with debootstrap from this machine's mirror, in a cache that boots do not change."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# Without the packages that the tested ones must pull in themselves.
_ADDED_TO_MINIMAL: Final = "systemd-sysv,dbus"
TOOLS: Final = ("autopkgtest", "curl", "dpkg-dev", "man-db", "zsh")
"""Programs that the tests use on the machine."""
_SECURITY: Final = "-security"


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "forgather"


def base_tree(suite: str) -> Path:
    """The root file system of a minimal `suite`; creating it takes a minute."""
    tree = cache() / suite
    with _locked(suite):
        if not tree.exists():
            cache().mkdir(parents=True, exist_ok=True)
            new = tree.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            _run("debootstrap", "--variant=minbase", f"--include={_ADDED_TO_MINIMAL}", suite, str(new), _sources()[0])
            new.rename(tree)
        (tree / "etc/apt/sources.list").write_text(_sources_list(suite))
    return tree


def fetch_dependencies(suite: str, packages: Sequence[Path], tools: Sequence[str]) -> None:
    """Fill the tree's apt archive, so that a machine without a network can install the packages and the tools."""
    tree = base_tree(suite)
    with _locked(suite):
        inside = tree / "srv"
        for package in packages:
            shutil.copy(package, inside)
        # A clean Debian keeps downloaded packages; docker-clean and the like are settings of the host.
        (tree / "etc/apt/apt.conf.d/keep").write_text('APT::Keep-Downloaded-Packages "true";\n')
        # A test machine need not survive a power loss, and syncing takes time.
        (tree / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n")
        shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
        try:
            _run("chroot", str(tree), "apt-get", "-qq", "update")
            download = ("chroot", str(tree), "apt-get", "-qq", "-y", "--download-only", "install")
            _run(*download, *(f"/srv/{package.name}" for package in packages))
            _run(*download, "--no-install-recommends", *tools)
        finally:
            for copied in inside.iterdir():
                copied.unlink()


def _sources() -> tuple[str, str]:
    """This machine's mirror and its mirror of the security updates."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CREATED_BY) $(ORIGIN) $(CODENAME) $(REPO_URI)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = {tuple(line.split()) for line in listed.splitlines()}
    debian = sorted((row[2], row[3]) for row in rows if len(row) == 4 and row[:2] == ("Packages", "Debian"))
    mirror = next(uri for name, uri in debian if not name.endswith(_SECURITY))
    return mirror, next((uri for name, uri in debian if name.endswith(_SECURITY)), mirror)


def _sources_list(suite: str) -> str:
    mirror, security = _sources()
    lines = [f"deb {mirror} {suite} main", f"deb {mirror} {suite}-updates main"]
    if security != mirror:
        lines.append(f"deb {security} {suite}{_SECURITY} main")
    return "\n".join(lines) + "\n"


def _run(*command: str) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}"


@contextmanager
def _locked(suite: str) -> Iterator[None]:
    """Lock the cache, which simultaneous runs share."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
