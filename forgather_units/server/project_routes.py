"""/api/projects, /api/config and /api/search-roots: what there is to look at, and where it writes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint, request

from forgather_units.domain.errors import Malformed
from forgather_units.projects.library import Library
from forgather_units.projects.records import record_of
from forgather_units.server.permission import need_admin
from forgather_units.server.queries import dynamic_args, folder, given, truth


def blueprint(library: Library) -> Blueprint:
    """The routes of projects, configs and search roots."""
    routes = Blueprint("projects", __name__, url_prefix="/api")

    @routes.get("/projects")
    def projects() -> dict[str, Any]:
        """`?resolve=false` names the configs alone, which is sooner where many have changed."""
        found = library.projects(resolve=truth("resolve", default=True))
        return {"projects": [record_of(project) for project in found]}

    @routes.get("/project")
    def project() -> dict[str, Any]:
        return record_of(library.project(folder("project_dir"), resolve=truth("resolve", default=True)))

    @routes.get("/config/output-dir")
    def output_dir() -> dict[str, Any]:
        """`dynamic_args` may be a JSON object of template variables."""
        project_dir = folder("project_dir")
        config = library.config(project_dir, request.args.get("config"), dynamic_args())
        return {
            "project_dir": project_dir,
            "config": config.name,
            "config_name": config.config_name,
            "config_class": config.config_class,
            "title": config.title,
            **_facts("output_dir", config.output_dir),
            **_facts("models_dir", config.models_dir),
            "logging_dir": config.logging_dir,
            "nproc_per_node": config.nproc_per_node,
        }

    @routes.get("/search-roots")
    def roots() -> list[dict[str, Any]]:
        return [asdict(root) for root in library.roots()]

    @routes.post("/search-roots")
    def add_root() -> dict[str, Any]:
        need_admin("add folders in which projects are looked for")
        body = request.get_json()
        if not isinstance(body, dict) or not isinstance(body.get("path"), str) or set(body) - {"path", "create"}:
            raise Malformed('the body must be {"path": "/a/folder"}', field="path")
        create = body.get("create", False)
        if not isinstance(create, bool):
            raise Malformed("create must be true or false", field="create")
        return asdict(library.add_root(body["path"], create=create))

    @routes.delete("/search-roots")
    def remove_root() -> dict[str, Any]:
        need_admin("take away folders in which projects are looked for")
        return {"removed": library.remove_root(given("path"))}

    return routes


def _facts(name: str, path: str | None) -> dict[str, Any]:
    try:
        count = sum(1 for _ in Path(path).iterdir()) if path else 0
    except OSError:
        count = 0
    exists = path is not None and Path(path).is_dir()
    return {name: path, f"{name}_exists": exists, f"{name}_entry_count": count}
