"""JSON of projects and workspaces, with the names of Forgather's own API."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from forgather_units.projects.project import Config, Project, record_of
from forgather_units.projects.workspaces import Workspace


def workspace_json(workspace: Workspace) -> dict[str, Any]:
    """A workspace and its projects. Its description is unknown."""
    return {
        "workspace_root": workspace.root,
        "name": PurePath(workspace.root).name or workspace.root,
        "description": None,
        "parent_workspace_root": workspace.parent,
        "projects": [project_json(project) for project in workspace.projects],
    }


def project_json(project: Project) -> dict[str, Any]:
    """A project and its configs."""
    return {**record_of(project), "parse_error": project.error}


def config_meta_json(config: Config | None, error: str | None = None) -> dict[str, Any]:
    """The meta block of a config; without one, `error` says why."""
    return {
        "name": config.config_name if config else None,
        "description": config.config_description if config else None,
        "config_class": config.config_class if config else None,
        "parse_error": error,
    }
