"""Which folders of the host the ordinary user inside must see, and how."""

from __future__ import annotations

import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from forgather_units.sandbox.plan import Plan

# Readable by everybody on every Debian.
_SYSTEM = ("/usr", "/opt", "/lib", "/bin")
# Inside, fresh file systems hide what the host has there.
_HIDDEN = ("/tmp", "/run", "/dev", "/proc", "/sys")  # noqa: S108 - compared, not used


def make_plan(
    name: str,
    cgroup_folder: str,
    *,
    bind: Sequence[str] = (),
    bind_read_only: Sequence[str] = (),
    user_namespaces: bool = True,
    tree: str = "/",
    private_network: bool = False,
    disk: str = "",
) -> Plan:
    """The plan for a sandbox that runs this program, started in this folder, by this interpreter.

    Of the host a machine of its own (another `tree`) sees only what is bound into it.
    """
    own = tree != "/"
    exposed = set[str]() if own else {path for path in _own_trees() if not path.startswith(_SYSTEM)}
    reached = set[str]() if own else {str(Path.cwd().resolve())} - {"/"}
    hidden = {path for path in (exposed | reached) if _is_hidden(path)}
    return Plan(
        name=name,
        cgroup_folder=cgroup_folder,
        uid=_free_uid(),
        reached=tuple(sorted(reached)),
        exposed=tuple(sorted(exposed)),
        overlaid=tuple(sorted(_outermost(hidden))),
        bound=tuple(bind_read_only),
        bound_writable=tuple(bind),
        user_namespaces=user_namespaces,
        tree=tree,
        private_network=private_network,
        disk=str(Path(disk).resolve()) if disk else "",
    )


def _own_trees() -> set[str]:
    package = Path(__file__).resolve().parents[2]
    return {str(Path(path).resolve()) for path in (sys.prefix, sys.base_prefix, package)} - {"/"}


def _is_hidden(path: str) -> bool:
    """The overlay shows the host's root file system alone."""
    return path.startswith(_HIDDEN) or Path(path).stat().st_dev != Path("/").stat().st_dev


def _outermost(paths: set[str]) -> set[str]:
    return {path for path in paths if not any(path.startswith(f"{other}/") for other in paths)}


def _free_uid() -> int:
    """Ordinary users begin at 1000: only they have a journal of their own that they may read."""
    taken = {entry.pw_uid for entry in pwd.getpwall()} | {entry.pw_gid for entry in pwd.getpwall()}
    return next(uid for uid in range(1000, 60000) if not {uid, uid + 1} & taken)
