"""Projects grouped by workspace, as Forgather's own page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from forgather_units.projects.project import Project


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder `root` and the projects in it that are in no deeper workspace."""

    root: str
    parent: str | None
    """The innermost other workspace around it."""
    projects: tuple[Project, ...]


def workspaces_of(projects: Iterable[Project]) -> list[Workspace]:
    """The workspaces of the projects, by path. A project in no workspace is in one that is the folder around it."""
    found: dict[str, list[Project]] = {}
    for project in projects:
        found.setdefault(project.workspace_root or str(PurePath(project.project_dir).parent), []).append(project)
    return [Workspace(root, _around(root, found), tuple(found[root])) for root in sorted(found)]


def _around(root: str, roots: Iterable[str]) -> str | None:
    parents = {str(parent) for parent in PurePath(root).parents}
    return max(parents & set(roots), key=len, default=None)
