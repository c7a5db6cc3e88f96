"""/api/runs: what a config's runs have come to, from their logs alone."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, request

from forgather_units.projects.library import Library
from forgather_units.runs.followed import FollowedRuns
from forgather_units.server.queries import dynamic_args, folder


def blueprint(library: Library, runs: FollowedRuns) -> Blueprint:
    """The routes of runs. They start nothing."""
    routes = Blueprint("runs", __name__, url_prefix="/api")

    @routes.get("/runs")
    def of_config() -> dict[str, Any]:
        """`?project_dir=&config=`: the runs below the config's output_dir, the newest first."""
        project_dir = folder("project_dir")
        config = library.config(project_dir, request.args.get("config"), dynamic_args())
        found = runs.below(config.output_dir) if config.output_dir else []
        now = time.time()
        return {
            "project_dir": project_dir,
            "config": config.name,
            "output_dir": config.output_dir,
            "runs": [
                {
                    "name": run.name,
                    "path": run.path,
                    "last_step": run.last_step,
                    "last_loss": run.last_loss,
                    "modified": run.modified,
                    "age_seconds": max(0.0, now - run.modified),
                    "curve": run.curve,
                }
                for run in found
            ],
        }

    return routes
