"""/api/runs: a config's training runs, from their logs alone."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint

from forgather_units.api.query_params import dynamic_args, folder, text
from forgather_units.projects.library import Library
from forgather_units.runs.followed import FollowedRuns
from forgather_units.runs.states import RunStates


def blueprint(library: Library, runs: FollowedRuns) -> Blueprint:
    """The run routes; they start nothing."""
    routes = Blueprint("runs", __name__, url_prefix="/api")

    @routes.get("/runs")
    def of_config() -> dict[str, Any]:
        """`?project_dir=&config=`: the runs below the config's output_dir, newest first.

        At most 100 of `count`; `complete`: whether `runs` contains all. `count` is a lower bound if `counted` is false,
        because there are too many folders.
        """
        project_dir = folder("project_dir")
        config = library.config(project_dir, text("config") or None, dynamic_args())
        found = runs.below(config.output_dir) if config.output_dir else RunStates([], 0, True)
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
                for run in found.runs
            ],
            "count": found.count,
            "counted": found.whole,
            "complete": found.whole and found.count == len(found.runs),
        }

    return routes
