"""The sandbox's own folder in the cgroup tree, on hosts with the unified layout and with the hybrid one."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused

# On a hybrid host systemd-nspawn leaves a twin of its folder here.
_NAMED_HIERARCHY: Final = Path("/sys/fs/cgroup/systemd")
_EMPTY_WITHIN: Final = 5.0


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """Without a folder of its own each sandbox would use the names /payload and /supervisor that all others use too."""

    folder: Path
    path: str
    """As /proc/PID/cgroup writes it."""

    def create(self) -> None:
        try:
            self.folder.mkdir()
        except OSError as why:
            raise Refused(f"the sandbox cannot make a cgroup at {self.folder}: {why.strerror}") from None

    def join(self, pid: int) -> None:
        (self.folder / "cgroup.procs").write_text(f"{pid}\n")

    def remove(self) -> None:
        """Kill remaining processes and remove the folders in both trees. Idempotent."""
        with contextlib.suppress(OSError):
            (self.folder / "cgroup.kill").write_text("1\n")
        for top in (self.folder, _NAMED_HIERARCHY / self.path.lstrip("/")):
            _remove_tree(top)


def own_cgroup(name: str) -> ControlGroup:
    """The group called `name` below this process's own."""
    parent = next(line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    path = f"{parent.rstrip('/')}/{name}"
    return ControlGroup(_unified_mount() / path.lstrip("/"), path)


def _unified_mount() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, target, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(target)
    raise Refused("the sandbox needs cgroup v2, and this machine has not mounted it")


def _remove_tree(top: Path) -> None:
    # Folders of processes that are just dying are busy for some milliseconds; the kernel sends no event for it.
    deadline = time.monotonic() + _EMPTY_WITHIN
    while top.exists() and time.monotonic() < deadline:
        for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        with contextlib.suppress(OSError):
            top.rmdir()
            return
        time.sleep(0.01)
