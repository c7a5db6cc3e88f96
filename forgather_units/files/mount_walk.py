"""Walks to a path mount by mount; a helper process announces each file system before accessing it.

So the server knows in which file system a helper hangs that does not come back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from forgather_units.files.mounts import Mount, Mounts

_MOST_LINKS: Final = 40
"""As the kernel's own limit."""

Announce = Callable[[Mount], None]


class _Announcer:
    announce: Announce | None = None
    """None in every process but a helper: no announcements, and no walks."""
    mounts: Mounts | None = None
    """As they were at the last walk."""


def announce_to(announce: Announce | None) -> None:
    """Have `announce` called, by `enter`, before a mount is entered whose file system may not answer."""
    _Announcer.announce = announce


def enter(path: str) -> None:
    """Walk to `path`, follow links, and announce each mount on the way. The path need not exist.

    Functions that run in a helper call it before they leave, by a link, the folder that they were asked about. Raises
    OSError (ETIMEDOUT) if the path is in a file system that does not answer.
    """
    MountWalks().enter(path)


class MountWalks:
    """Several walks at once: reads the mount table once, and each shared folder once."""

    def __init__(self) -> None:
        self._mounts: Mounts | None = None
        self._folders: set[str] = set()
        """Known folders: no links."""

    def enter(self, path: str) -> None:
        """See `enter`."""
        announce = _Announcer.announce
        if announce is None or not path.startswith("/") or "\0" in path:
            return
        if self._mounts is None:
            self._mounts = _Announcer.mounts = Mounts.now()
        above, _, name = path.rpartition("/")
        if above in self._folders:
            self._walk(above, [name], self._mounts, announce)
        else:
            self._walk("/", path.split("/")[::-1], self._mounts, announce)

    def _walk(self, here: str, ahead: list[str], mounts: Mounts, announce: Announce) -> None:
        links = 0
        while ahead:
            name = ahead.pop()
            if name in ("", ".", ".."):
                here = os.path.dirname(here) if name == ".." else here
                continue
            there = os.path.join(here, name)
            mount = mounts.of(there)
            if not mount.is_local:
                announce(mount)
            if there in self._folders:
                here = there
                continue
            try:
                target = os.readlink(there)
            except FileNotFoundError:
                return
            except (OSError, UnicodeEncodeError):
                # Not a link. Accessing an autofs mount point mounts another file system on it.
                if mount.kind == "autofs":
                    os.path.exists(there)  # triggers the mount
                    mounts = self._mounts = _Announcer.mounts = Mounts.now()
                here = there
                self._folders.add(there)
                continue
            links += 1
            if links > _MOST_LINKS:
                return
            here = "/" if target.startswith("/") else here
            ahead += target.split("/")[::-1]


def stay(path: str) -> None:
    """Announce the file system of `path`, absolute and without links, where a walk that entered above it has come to.

    Raises as `enter`.
    """
    if _Announcer.announce is not None and _Announcer.mounts is not None:
        mount = _Announcer.mounts.of(path)
        if not mount.is_local:
            _Announcer.announce(mount)


def cross(folder: str) -> None:
    """Announce an access to a folder below an entered one: another file system may be mounted there.

    Raises as `enter`.
    """
    if _Announcer.announce is not None and _Announcer.mounts is not None:
        mount = _Announcer.mounts.at(folder)
        if mount is not None and not mount.is_local:
            _Announcer.announce(mount)
