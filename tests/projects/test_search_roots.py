"""The folders below which projects are searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgather_units.domain.errors import Conflict, NotFound, Refused
from forgather_units.projects.search_roots import SearchRoot, SearchRoots


def test_added_roots_are_kept_next_to_the_configured_ones(tmp_path: Path) -> None:
    file, configured, added = tmp_path / "roots.json", tmp_path / "absent", tmp_path / "added"
    roots = SearchRoots([str(configured)], file)
    assert roots.add(str(added), create=True) == SearchRoot(str(added), exists=True, configured=False)
    roots.add(f"{added}/./")
    assert SearchRoots([str(configured)], file).all() == [
        SearchRoot(str(configured), exists=False, configured=True),
        SearchRoot(str(added), exists=True, configured=False),
    ]
    assert roots.remove(str(added)) == str(added)
    assert SearchRoots([str(configured)], file).paths() == [str(configured)]


def test_a_tilde_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert SearchRoots([], tmp_path / "roots.json").add("~").path == str(tmp_path)


def test_invalid_roots_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    roots = SearchRoots([str(tmp_path)], tmp_path / "roots.json")
    for path, words in {
        "relative": "not an absolute path",
        "": "not an absolute path",
        "/": "/ is no search root",
        f"{tmp_path}/nowhere": "is no folder",
        f"{tmp_path}/file": "is no folder",
        f"{tmp_path}/\0": "not an absolute path",
    }.items():
        with pytest.raises(Refused, match=words):
            roots.add(path)
    with pytest.raises(Conflict, match="settings file"):
        roots.remove(str(tmp_path))
    with pytest.raises(NotFound):
        roots.remove("/nowhere")


def test_a_damaged_file_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "roots.json"
    for text in ("{", '{"a": 1}', "[1, null]", "\x00"):
        file.write_text(text)
        assert SearchRoots([], file).paths() == []
