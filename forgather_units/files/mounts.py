"""The mounts of this process, from /proc/self/mountinfo (proc_pid_mountinfo(5)): reading it touches no file system."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

MOUNT_TABLE: Final = Path("/proc/self/mountinfo")
_ESCAPED: Final = re.compile(rb"\\([0-7]{3})")
_DISKS: Final = frozenset(
    {"bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "overlay", "ramfs", "tmpfs", "vfat", "xfs", "zfs"}
)
_NETWORKS: Final = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "gfs2",
        "gpfs",
        "lustre",
        "nfs",
        "nfs4",
        "ocfs2",
        "panfs",
        "smb3",
        "virtiofs",
    }
)
_NETWORK_DAEMONS: Final = frozenset({"ceph", "gcsfuse", "glusterfs", "juicefs", "rclone", "s3fs", "sshfs"})
"""Behind `fuse.`."""


@dataclass(frozen=True, slots=True)
class Mount:
    device: str
    """`major:minor`: the same for all mounts of one file system."""
    point: str
    kind: str
    """Type of the file system: `ext4`, `nfs4`, `fuse.sshfs`."""

    @property
    def is_local(self) -> bool:
        """Whether it is a local disk; other types may wait for a server or daemon that is gone."""
        return self.kind in _DISKS

    @property
    def is_network(self) -> bool:
        """Whether another machine has the files, which locks and sockets may not reach."""
        return self.kind in _NETWORKS or self.kind.removeprefix("fuse.") in _NETWORK_DAEMONS


class Mounts:
    """A snapshot."""

    def __init__(self, mounts: list[Mount]) -> None:
        # A later mount on the same point hides the earlier one.
        self._by_point = {mount.point: mount for mount in mounts}
        self._by_device = {mount.device: mount for mount in mounts}

    @classmethod
    def now(cls) -> Self:
        """Raises OSError where /proc is not mounted."""
        return cls(_parsed(MOUNT_TABLE.read_bytes()))

    def of(self, path: str) -> Mount:
        """The mount on which an absolute, normalised path without symbolic links lies. Compares text only."""
        while path not in self._by_point:
            if path == "/":
                return Mount("0:0", "/", "rootfs")
            path = os.path.dirname(path)
        return self._by_point[path]

    def at(self, path: str) -> Mount | None:
        """The mount on this very path."""
        return self._by_point.get(path)

    def on_device(self, number: int) -> Mount | None:
        """The mount of a file with this `st_dev`. (Some file systems, as btrfs, report another one in stat.)"""
        return self._by_device.get(f"{os.major(number)}:{os.minor(number)}")


@lru_cache(1)
def _parsed(table: bytes) -> list[Mount]:
    """Cached: a helper reads the table for each look-up, and it rarely changes."""
    return [_mount(line) for line in table.splitlines()]


def _mount(line: bytes) -> Mount:
    before, _, after = line.partition(b" - ")
    fields = before.split()
    point = _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), fields[4])
    return Mount(fields[2].decode(), os.fsdecode(point), after.split()[0].decode())
