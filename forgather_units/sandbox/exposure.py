"""Which folders of the host the ordinary user inside must see, and how."""

from __future__ import annotations

import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from forgather_units.domain.errors import Refused
from forgather_units.sandbox.plan import Plan

# Readable by all users on every Debian.
_SYSTEM = ("/usr", "/opt", "/lib", "/bin")
# Inside, new file systems hide these folders of the host; nspawn makes these folders itself.
_HIDDEN = ("/tmp", "/run", "/dev", "/dev/shm", "/proc", "/sys")  # noqa: S108 - compared, not used
# The sandbox is built on the first of them that holds nothing which is needed inside.
_MOUNT_POINTS = ("/mnt", "/media", "/srv", "/opt", "/home")


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

    A machine of its own (another `tree`) sees only the bound folders of the host.
    """
    own = tree != "/"
    exposed = set[str]() if own else {path for path in _own_trees() if not _below(path, _SYSTEM)}
    reached = set[str]() if own else {str(Path.cwd().resolve())} - {"/"}
    overlaid = _outermost({path for path in (exposed | reached) if _is_hidden(path)})
    needed = (*exposed, *reached, *_own_trees(), *bind, *bind_read_only, tree, disk)
    return Plan(
        name=name,
        cgroup_folder=cgroup_folder,
        mount_point=_mount_point([str(Path(path).resolve()) for path in needed if path]),
        uid=_free_uid(),
        reached=tuple(sorted(reached)),
        exposed=tuple(sorted(exposed)),
        overlaid=tuple(sorted(overlaid)),
        mount_parents=tuple(sorted({parent for path in overlaid for parent in _missing_parents(path)})),
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
    return _below(path, _HIDDEN) or Path(path).stat().st_dev != Path("/").stat().st_dev


def _mount_point(needed: Sequence[str]) -> str:
    for folder in _MOUNT_POINTS:
        if Path(folder).is_dir() and not any(_below(path, (folder,)) for path in needed):
            return folder
    raise Refused(f"the sandbox needs one of {', '.join(_MOUNT_POINTS)}, with nothing in it that the command needs")


def _missing_parents(path: str) -> list[str]:
    """The folders between one of the new file systems and `path`."""
    parents = [str(parent) for parent in Path(path).parents]
    return [parent for parent in parents if _below(parent, _HIDDEN) and parent not in _HIDDEN]


def _below(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _outermost(paths: set[str]) -> set[str]:
    return {path for path in paths if not any(path.startswith(f"{other}/") for other in paths)}


def _free_uid() -> int:
    """Ordinary users begin at 1000: only they have a journal of their own that they may read."""
    taken = {entry.pw_uid for entry in pwd.getpwall()} | {entry.pw_gid for entry in pwd.getpwall()}
    return next(uid for uid in range(1000, 60000) if not {uid, uid + 1} & taken)
