"""A project and its configs, as far as a viewer needs to know them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Config:
    """`name` is its file below the project's configs, with `/`. Folders are absolute.

    Not resolved, all but the first three are None. `error` is one sentence with the file and the line.
    """

    name: str
    path: str
    is_default: bool = False
    config_name: str | None = None
    config_description: str | None = None
    config_class: str | None = None
    output_dir: str | None = None
    models_dir: str | None = None
    logging_dir: str | None = None
    nproc_per_node: str | None = None
    error: str | None = None

    @property
    def title(self) -> str:
        return self.config_name or self.name


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a meta.yaml. With an `error` (one sentence) it has no configs, and its name is the folder's."""

    project_dir: str
    name: str
    description: str | None = None
    workspace_root: str | None = None
    default_config: str | None = None
    config_prefix: str = "configs"
    search_path: tuple[str, ...] = ()
    configs: tuple[Config, ...] = field(default=())
    error: str | None = None


def record_of(project: Project) -> dict[str, Any]:
    """The project and its configs for JSON, in the API and on the command line; `error` is null if valid."""
    return asdict(project)
