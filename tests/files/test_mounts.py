"""The parser of the mount table."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forgather_units.files import mounts
from forgather_units.files.mounts import Mount, Mounts

_TABLE = rb"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw - proc proc rw
60 22 0:50 /export /mnt/the\040lab rw,relatime shared:9 master:3 - nfs4 server:/export rw,vers=4.2
61 60 0:51 / /mnt/the\040lab/old rw - ext4 /dev/sdb1 rw
62 22 0:52 / /mnt/the\040lab/old rw - fuse.sshfs a:/ rw
63 22 0:53 / /mnt/\377 rw - tmpfs tmpfs rw
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mounts:
    (tmp_path / "mountinfo").write_bytes(_TABLE)
    monkeypatch.setattr(mounts, "MOUNT_TABLE", tmp_path / "mountinfo")
    return Mounts.now()


@pytest.mark.parametrize(
    ("path", "mount", "is_local"),
    [
        ("/", Mount("8:1", "/", "ext4"), True),
        ("/mnt", Mount("8:1", "/", "ext4"), True),
        ("/mnt/the lab", Mount("0:50", "/mnt/the lab", "nfs4"), False),
        ("/mnt/the lab/older", Mount("0:50", "/mnt/the lab", "nfs4"), False),
        ("/mnt/the lab/old/x", Mount("0:52", "/mnt/the lab/old", "fuse.sshfs"), False),
        ("/mnt/the labs", Mount("8:1", "/", "ext4"), True),
        ("/mnt/\udcff/a", Mount("0:53", "/mnt/\udcff", "tmpfs"), True),
    ],
)
def test_the_mount_of_a_path(table: Mounts, path: str, mount: Mount, is_local: bool) -> None:
    assert table.of(path) == mount
    assert mount.is_local == is_local


def test_the_mount_of_a_device(table: Mounts) -> None:
    assert table.on_device(os.makedev(0, 21)) == Mount("0:21", "/proc", "proc")
    assert table.on_device(os.makedev(9, 9)) is None


def test_the_mount_table_of_this_machine() -> None:
    assert Mounts.now().of("/proc/self").kind == "proc"
