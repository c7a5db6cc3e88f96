"""A state folder on another machine's disk, by the mount table of such a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgather_units.doctor.account_findings import state_folder_finding
from forgather_units.domain.finding import Verdict
from forgather_units.files import mounts

_TABLE = """22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw,relatime shared:2 - autofs /etc/auto.home rw,fd=6
31 30 0:50 /export/alice /home/alice rw,relatime shared:9 - nfs4 files:/export/alice rw,vers=4.2
32 30 0:51 / /home/bob rw,relatime - fuse.sshfs files:/home/bob rw
33 30 0:52 / /home/carol rw,relatime - cifs //files/carol rw
34 30 0:53 / /home/dave rw,relatime - btrfs /dev/sdb rw
35 31 0:54 / /home/alice/local rw,relatime - xfs /dev/sdc rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/alice/.local/state/forgather", "nfs4"),
        ("/home/bob/.local/state/forgather", "fuse.sshfs"),
        ("/home/carol", "cifs"),
        ("/home/dave/.local/state/forgather", ""),
        ("/home/alice/local/state", ""),
        ("/var/lib/forgather", ""),
    ],
)
def test_network_file_systems_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, kind: str
) -> None:
    (tmp_path / "mountinfo").write_text(_TABLE)
    monkeypatch.setattr(mounts, "MOUNT_TABLE", tmp_path / "mountinfo")
    row = state_folder_finding(Path(folder))
    if not kind:
        assert (row.verdict, row.fix) == (Verdict.OK, "")
        return
    assert row.verdict is Verdict.WARN
    assert row.detail.startswith(f"{folder} is on {kind} (/home/")
    assert "state_dir" in row.fix


def test_a_host_without_proc_is_not_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "MOUNT_TABLE", tmp_path / "none")
    assert state_folder_finding(tmp_path).verdict is Verdict.WARN
