"""Copies of the scripts, one folder for each version, for as long as a unit uses them."""

from __future__ import annotations

import re
from pathlib import Path

from forgather_units.units.scripts import Content, Scripts


def test_a_version_is_installed_once_and_repaired(tmp_path: Path) -> None:
    scripts = Scripts(tmp_path / "scripts", Content.read())
    scripts.install()
    assert re.fullmatch(r"[0-9a-f]{16}", scripts.current.name)
    assert sorted(each.name for each in scripts.current.iterdir()) == ["behind_socket.sh", "exit_record.sh"]
    before = scripts.behind_socket.stat().st_ino
    scripts.install()
    assert scripts.behind_socket.stat().st_ino == before
    # One file is incomplete, as after a full disk or a SIGKILL, and the other one is missing.
    whole = scripts.behind_socket.read_bytes()
    scripts.behind_socket.write_bytes(whole[:100])
    scripts.exit_record.unlink()
    scripts.install()
    assert scripts.behind_socket.read_bytes() == whole
    assert sorted(each.name for each in scripts.current.iterdir()) == ["behind_socket.sh", "exit_record.sh"]


def test_the_files_of_a_kind_are_part_of_the_version(tmp_path: Path) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text("first")
    scripts = Scripts(tmp_path / "scripts", Content.read([hook]))
    scripts.install()
    assert (scripts.current / "hook.py").read_text() == "first"
    hook.write_text("second")
    assert Content.read([hook]).version != scripts.version != Content.read().version


def test_versions_that_no_unit_uses_are_removed(tmp_path: Path) -> None:
    scripts = Scripts(tmp_path / "scripts", Content.read())
    scripts.remove_unused(())
    scripts.install()
    for version in ("used", "unused"):
        (scripts.folder / version).mkdir()
        (scripts.folder / version / "behind_socket.sh").touch()
    scripts.remove_unused({"used", "", "gone"})
    assert {each.name for each in scripts.folder.iterdir()} == {"used", scripts.version}
