"""/api/projects, /api/config and /api/search-roots: what there is to look at, and where it writes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, request

from forgather_units.domain.errors import Malformed
from forgather_units.projects.library import Library
from forgather_units.projects.records import record_of

_TRUTHS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def blueprint(library: Library) -> Blueprint:
    """The routes of projects, configs and search roots."""
    routes = Blueprint("projects", __name__, url_prefix="/api")

    @routes.get("/projects")
    def projects() -> dict[str, Any]:
        """`?resolve=false` names the configs alone, which is sooner where many have changed."""
        found = library.projects(resolve=_truth("resolve", default=True))
        return {"projects": [record_of(project) for project in found]}

    @routes.get("/project")
    def project() -> dict[str, Any]:
        return record_of(library.project(_folder("project_dir"), resolve=_truth("resolve", default=True)))

    @routes.get("/config/output-dir")
    def output_dir() -> dict[str, Any]:
        """`dynamic_args` may be a JSON object of template variables."""
        project_dir = _folder("project_dir")
        config = library.config(project_dir, request.args.get("config"), _dynamic_args())
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
        body = request.get_json()
        if not isinstance(body, dict) or not isinstance(body.get("path"), str) or set(body) - {"path", "create"}:
            raise Malformed('the body must be {"path": "/a/folder"}', field="path")
        create = body.get("create", False)
        if not isinstance(create, bool):
            raise Malformed("create must be true or false", field="create")
        return asdict(library.add_root(body["path"], create=create))

    @routes.delete("/search-roots")
    def remove_root() -> dict[str, Any]:
        return {"removed": library.remove_root(_given("path"))}

    return routes


def _facts(name: str, folder: str | None) -> dict[str, Any]:
    try:
        count = sum(1 for _ in Path(folder).iterdir()) if folder else 0
    except OSError:
        count = 0
    exists = folder is not None and Path(folder).is_dir()
    return {name: folder, f"{name}_exists": exists, f"{name}_entry_count": count}


def _given(name: str) -> str:
    value = request.args.get(name)
    if not value:
        raise Malformed(f"{name} is missing: /api/...?{name}=", field=name)
    return value


def _folder(name: str) -> str:
    path = _given(name)
    if not Path(path).is_absolute() or "\0" in path:
        raise Malformed(f"{name} must be an absolute path, not {path!r}", field=name)
    return os.path.normpath(path)


def _truth(name: str, *, default: bool) -> bool:
    text = request.args.get(name)
    if text is None:
        return default
    if text.lower() not in _TRUTHS:
        raise Malformed(f"{name} must be true or false, not {text!r}", field=name)
    return _TRUTHS[text.lower()]


def _dynamic_args() -> dict[str, Any]:
    text = request.args.get("dynamic_args")
    if not text:
        return {}
    try:
        args = json.loads(text)
    except ValueError:
        args = None
    if not isinstance(args, dict) or not all(name.isidentifier() for name in args):
        raise Malformed("dynamic_args must be a JSON object of names and values", field="dynamic_args")
    return args
