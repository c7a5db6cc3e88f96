"""/api/projects, /api/config and /api/search-roots: projects, their configs, and where these write."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint

from forgather_units.api.json_body import json_body
from forgather_units.api.permission import need_admin
from forgather_units.api.project_json import config_meta_json, project_json, workspace_json
from forgather_units.api.query_params import boolean, dynamic_args, folder, required, text
from forgather_units.domain.errors import Malformed, Refused, Unavailable
from forgather_units.files.lookups import Ask
from forgather_units.projects.library import Library
from forgather_units.projects.project import record_of
from forgather_units.projects.workspaces import workspaces_of


def blueprint(library: Library, ask: Ask) -> Blueprint:
    """The routes of projects, configs and search roots."""
    routes = Blueprint("projects", __name__, url_prefix="/api")

    @routes.get("/projects")
    def projects() -> list[dict[str, Any]]:
        """By workspace. `?resolve=false` returns only the names of configs, which is faster if many have changed."""
        listed = library.projects(resolve=boolean("resolve", default=True))
        return [workspace_json(workspace) for workspace in workspaces_of(listed)]

    @routes.get("/projects/changes")
    def changes() -> dict[str, Any]:
        """Without their workspaces, for a client that follows them.

        `?since=` the `version` of a response returns the changes since then: `projects` are those added or changed,
        `removed` the folders of those that are gone. A response without `since` has all projects.
        """
        update = library.update(text("since") or None)
        body = {"projects": [record_of(project) for project in update.projects], "version": update.version}
        if update.since is None:
            return body
        return {**body, "since": update.since, "removed": list(update.removed)}

    @routes.get("/project")
    def project() -> dict[str, Any]:
        return project_json(library.project(folder("project_dir"), resolve=boolean("resolve", default=True)))

    @routes.get("/config/meta")
    def meta() -> dict[str, Any]:
        """The meta block of a config; `parse_error` says why it cannot be read."""
        project_dir, name = folder("project_dir"), required("config")
        try:
            return config_meta_json(library.config(project_dir, name))
        except Refused as why:
            return config_meta_json(None, why.message)

    @routes.get("/config/output-dir")
    def output_dir() -> dict[str, Any]:
        """`dynamic_args` may be a JSON object of template variables."""
        project_dir = folder("project_dir")
        config = library.config(project_dir, text("config") or None, dynamic_args())
        return {
            "project_dir": project_dir,
            "config": config.name,
            "config_name": config.config_name,
            "config_class": config.config_class,
            "title": config.title,
            **_facts("output_dir", config.output_dir, ask),
            **_facts("models_dir", config.models_dir, ask),
            "logging_dir": config.logging_dir,
            "nproc_per_node": config.nproc_per_node,
        }

    @routes.get("/search-roots")
    def roots() -> list[dict[str, Any]]:
        return [asdict(root) for root in library.roots()]

    @routes.post("/search-roots")
    def add_root() -> dict[str, Any]:
        need_admin("add folders to search for projects")
        body = json_body()
        if not isinstance(body, dict) or not isinstance(body.get("path"), str) or set(body) - {"path", "create"}:
            raise Malformed('the body must be {"path": "/a/folder"}', field="path")
        create = body.get("create", False)
        if not isinstance(create, bool):
            raise Malformed("create must be true or false", field="create")
        return asdict(library.add_root(body["path"], create=create))

    @routes.delete("/search-roots")
    def remove_root() -> dict[str, Any]:
        need_admin("remove folders to search for projects")
        return {"removed": library.remove_root(required("path"))}

    return routes


def _facts(name: str, path: str | None, ask: Ask) -> dict[str, Any]:
    """`exists` and the number of entries; both None if the file system does not respond."""
    exists: bool | None = False
    count: int | None = 0
    if path is not None:
        try:
            exists, count = ask(path, _count, path)
        except Unavailable:
            exists = count = None
    return {name: path, f"{name}_exists": exists, f"{name}_entry_count": count}


def _count(path: str) -> tuple[bool, int]:
    """Whether it is a folder, and the number of entries."""
    try:
        return Path(path).is_dir(), sum(1 for _ in Path(path).iterdir())
    except OSError:
        return Path(path).is_dir(), 0
