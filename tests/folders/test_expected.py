"""Which missing folders may be expected to appear."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgather_units.folders.expected import Around


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "meta.yaml").touch()
    (tmp_path / "beside").mkdir()
    return folder


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("project/output_models", True),
        ("project/output_models/a/b/runs", True),
        ("project/\udce9", True),
        # It exists.
        ("project", False),
        ("project/meta.yaml", False),
        # Its nearest existing parent is elsewhere, or is no folder.
        ("output_models", False),
        ("beside/x", False),
        ("projectx/y", False),
        ("project/meta.yaml/x", False),
        # Once they exist, these lead elsewhere.
        ("project/new/../../beside/x", False),
        ("project/broken", False),
        ("project/broken/x", False),
        ("project/out/x", False),
        # A link into the project.
        ("link/x", True),
    ],
)
def test_a_missing_folder_in_the_project(project: Path, tmp_path: Path, path: str, expected: bool) -> None:
    (project / "broken").symlink_to(tmp_path / "beside" / "not there")
    (project / "out").symlink_to(tmp_path / "beside")
    (tmp_path / "link").symlink_to(project)
    assert Around(str(project)).expects(f"{tmp_path}/{path}") is expected


def test_a_parent_that_cannot_be_read(project: Path) -> None:
    closed = project / "closed"
    closed.mkdir(mode=0)
    try:
        assert Around(str(project)).expects(f"{closed}/x") is False
    finally:
        closed.chmod(0o700)


def test_only_a_project_is_one(project: Path, tmp_path: Path) -> None:
    assert Around(str(project)).expects(f"{project}/x")
    assert not Around(str(tmp_path)).expects(f"{tmp_path}/x")
    assert not Around("project").expects(f"{project}/x")
    assert Around(roots=(str(tmp_path),)).expects(f"{tmp_path}/x")
