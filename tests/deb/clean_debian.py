"""Clean Debians: made once by debootstrap from this machine's own sources, kept in a cache, never written by a boot."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# Nothing that the packages ought to pull in themselves.
_BESIDE_MINIMAL: Final = "systemd-sysv,dbus"
TOOLS: Final = ("autopkgtest", "curl", "dpkg-dev", "man-db", "zsh")
"""With which the tests look at the machine."""
_SECURITY: Final = "-security"


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "forgather"


def base_tree(suite: str) -> Path:
    """The root file system of a minimal `suite`; some minute where it has to be made first."""
    tree = cache() / suite
    with _alone(suite):
        if not tree.exists():
            cache().mkdir(parents=True, exist_ok=True)
            new = tree.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            _run("debootstrap", "--variant=minbase", f"--include={_BESIDE_MINIMAL}", suite, str(new), _sources()[0])
            new.rename(tree)
        (tree / "etc/apt/sources.list").write_text(_sources_list(suite))
    return tree


def fetch_dependencies(suite: str, packages: Sequence[Path], tools: Sequence[str]) -> None:
    """Into the tree's own archive: a machine without a network can then install the files and, bare, the tools."""
    tree = base_tree(suite)
    with _alone(suite):
        inside = tree / "srv"
        for package in packages:
            shutil.copy(package, inside)
        # docker-clean and its like are the host's; a clean Debian keeps what it has downloaded.
        (tree / "etc/apt/apt.conf.d/keep").write_text('APT::Keep-Downloaded-Packages "true";\n')
        # What becomes of a machine that loses its power in a test is nothing to wait for.
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
def _alone(suite: str) -> Iterator[None]:
    """Two runs at once share the cache."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
