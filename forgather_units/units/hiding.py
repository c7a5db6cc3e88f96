"""Folders that a unit does not see: /run with all its sockets, the account's homes, the server's own state.

Under the system manager an empty file system (TemporaryFileSystem=) is mounted over /run, in which what the unit needs
is bound. In a user manager that would cost the unit its ExecStopPost=, which runs without the user namespace that
mounts need: systemd ignores protections that it cannot set up there, but not an empty file system, and does not start
the command. So the paths are made inaccessible one by one (systemd binds nothing below a path of InaccessiblePaths=),
and ProtectHome=tmpfs covers /run/user. Only a home outside of /home still takes an empty file system.

That takes plain paths: systemd 252 writes the paths of TemporaryFileSystem= without quotes into the file of a transient
unit, and reads something else back at the next daemon-reload.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Final

RUN: Final = "/run"
RUN_USER: Final = "/run/user"
"""Covered by ProtectHome=."""
LATE_SOCKETS: Final = tuple(
    f"{RUN}/{name}"
    for name in (
        *(
            "avahi-daemon",
            "containerd",
            "crio",
            "cups",
            "dbus",
            "docker",
            "docker.sock",
            "incus",
            "k3s",
            "libvirt",
            "lxd",
        ),
        *("nscd", "pcscd", "podman", "screen", "snapd", "snapd.socket", "tmux", "udev"),
    )
)
"""Names that programs create in /run if they are installed or started after a viewer."""
CONTAINER_SOCKETS: Final = ("/var/lib/incus", "/var/lib/lxd", "/var/snap/lxd")
"""Other folders with sockets that give members of some group root access."""

_ODD: Final = re.compile(r"[\s\"'\\:\x00-\x1f\x7f]|[^\x00-\ud7ff\ue000-\U0010ffff]")
# Covered by ProtectHome= or another mount of each unit.
_COVERED: Final = ("/home", "/root", "/run", "/tmp", "/var/tmp")  # noqa: S108 - no file is made there
# A home that contains one of these, or lies in it, cannot be hidden without hiding the system.
_SYSTEM: Final = ("/usr", "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/proc", "/sys", "/dev", *_COVERED)


def is_plain(path: str) -> bool:
    """Whether systemd 252 reads the path back as it was, from every list of paths in a unit."""
    return _ODD.search(path) is None


def homes_to_cover(homes: Iterable[str]) -> list[str]:
    """Those of `homes` (real paths) that ProtectHome= leaves visible and that an empty folder can cover."""
    return [home for home in homes if is_plain(home) and not any(_is_in(home, each) for each in _COVERED)
            and not any(_is_in(home, each) or _is_in(each, home) for each in _SYSTEM)]  # fmt: skip


def is_below_home(path: str) -> bool:
    """Whether ProtectHome=tmpfs hides it, and a bind shows it again."""
    return _is_in(path, "/home") and path != "/home"


def covered(folder: str, visible: Iterable[str]) -> list[str]:
    """The paths to make inaccessible so that of `folder` only `visible` is left, as it is now.

    Links are left out: systemd would follow them.
    """
    inside = [path for path in visible if _is_in(path, folder)]
    if folder in inside:
        return []
    if not inside:
        return [folder]
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.is_symlink())
    except OSError:
        return []
    return [path for name in names for path in covered(f"{folder.rstrip('/')}/{name}", inside)]


def empty_folder(path: str) -> tuple[str, str]:
    """An item of TemporaryFileSystem=."""
    return path, "ro"


def name_servers() -> list[str]:
    """Target of /etc/resolv.conf, if it is below /run: a unit in the host's network needs it to resolve names."""
    real = os.path.realpath("/etc/resolv.conf")
    return [real] if _is_in(real, RUN) else []


# After white space, what systemd takes for the beginning of another path.
_SECOND_PATH: Final = re.compile(r"\s[\"'\\+-]*/")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def why_not_bound(path: str) -> str:
    """Why `path` cannot be bound into a unit, the end of a sentence; empty where it can.

    systemd 252 writes bound paths without quotes into the file of a transient unit and reads them back at the next
    daemon-reload: a line feed in one begins another line of the unit, and a path behind a space is bound as well.
    """
    if _CONTROL.search(path):
        return "has a control character in its name"
    return "has white space before a slash in its name" if _SECOND_PATH.search(path) else ""


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
