"""A project as JSON has it, in the API and on the command line alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from forgather_units.projects.project import Project


def record_of(project: Project) -> dict[str, Any]:
    """The project's fields, and those of its configs; `error` is null where nothing is wrong."""
    return asdict(project)
