"""Finds projects and configs; renders changed configs in another process and caches the results."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import NotFound, Refused
from forgather_units.files.lookups import Ask as Look
from forgather_units.files.lookups import directly
from forgather_units.folders.expected import META
from forgather_units.projects.cache import OutcomeCache
from forgather_units.projects.folders import WORKSPACE
from forgather_units.projects.isolation import Isolated
from forgather_units.projects.outcome import Outcome, Request, Value
from forgather_units.projects.project import Config, Project
from forgather_units.projects.renderers import Ask, Renderers
from forgather_units.projects.template_globals import user_templates
from forgather_units.projects.tree import Tree

_SUFFIX: Final = ".yaml"

Args = Mapping[str, Any]


class Catalog:
    """Thread-safe. `cache_dir` keeps results for the next process; None: no cache on disk.

    `look` runs a function that accesses folders.
    """

    def __init__(self, cache_dir: Path | None = None, look: Look = directly) -> None:
        self._tree = Tree(look)
        self._cache = OutcomeCache(cache_dir, self._tree.stamps)
        # Looked up when a process is started, so that tests can count their renders.
        self._renderers = Renderers(self._cache, lambda: Isolated())

    def projects(self, roots: Iterable[str], *, resolve: bool = True) -> list[Project]:
        """All projects in or below `roots`; an invalid one has an `error`. Raises Unavailable."""
        with self._renderers.of_all() as ask:
            listed = self._listed(self._tree.project_dirs(roots), ask, resolve=resolve, keep=True)
        self._cache.save()
        return listed

    def project(self, project_dir: str, *, resolve: bool = True) -> Project:
        """The project in `project_dir`. Raises NotFound where there is none, Refused where its meta.yaml is wrong."""
        if not self._tree.is_project(project_dir):
            raise NotFound(f"{project_dir} is no project: it has no {META}", field="project_dir")
        with self._renderers.of_one() as ask:
            [project] = self._listed([os.path.abspath(project_dir)], ask, resolve=resolve)
        self._cache.save()
        if project.error:
            raise Refused(project.error, field="project_dir")
        return project

    def config(self, project_dir: str, name: str | None = None, args: Args | None = None) -> Config:
        """A config of the project, resolved, or its default one; `args` are template variables.

        Raises NotFound, and Refused if it is invalid.
        """
        project = self.project(project_dir, resolve=False)
        config = _chosen(project, name)
        with self._renderers.of_one() as ask:
            [outcome] = ask([_config_request(project, config, args or {})])
        self._cache.save()
        resolved = _resolved(project, config, outcome)
        if resolved.error:
            raise Refused(resolved.error, field="config")
        return resolved

    def close(self) -> None:
        """Write unsaved results to the cache."""
        self._cache.save(now=True)

    def _listed(self, project_dirs: Sequence[str], ask: Ask, *, resolve: bool, keep: bool = False) -> list[Project]:
        roots = dict(zip(project_dirs, self._tree.workspace_roots(project_dirs), strict=True))
        requests = {each: _meta_request(each, root) for each, root in roots.items() if root}
        outcomes = dict(zip(requests, ask(list(requests.values())), strict=True))
        projects = self._with_configs([_project(each, roots[each], outcomes.get(each)) for each in project_dirs])
        if not resolve:
            return projects
        asked = [_config_request(project, config, {}) for project in projects for config in project.configs]
        found = iter(ask(asked))
        if keep:
            self._cache.keep([*requests.values(), *asked])
        return [
            replace(project, configs=tuple(_resolved(project, each, next(found)) for each in project.configs))
            for project in projects
        ]

    def _with_configs(self, projects: Sequence[Project]) -> list[Project]:
        """With the names and files of their configs. The folders of all of them are listed together."""
        tops = list({top: None for project in projects for top in _config_folders(project)})
        names = dict(zip(tops, self._tree.names(tops, _SUFFIX), strict=True))
        return [_with_names(project, names) for project in projects]


def _config_folders(project: Project) -> list[str]:
    if project.error:
        return []
    return [os.path.normpath(os.path.join(folder, project.config_prefix)) for folder in project.search_path]


def _with_names(project: Project, names: Mapping[str, Sequence[str] | None]) -> Project:
    paths: dict[str, str] = {}
    for top in _config_folders(project):
        found = names[top]
        if found is None:
            return replace(project, error=f"{META}: {top} holds too much to be searched for configs")
        for name in found:
            paths.setdefault(name, os.path.join(top, name))
    default = project.default_config or next(iter(paths), None)
    configs = tuple(Config(name, path, name == default) for name, path in sorted(paths.items()))
    return replace(project, default_config=default, configs=configs)


def _project(project_dir: str, workspace: str | None, outcome: Outcome | None) -> Project:
    """Without its configs."""
    nameless = Project(project_dir, os.path.basename(project_dir) or project_dir, workspace_root=workspace)
    if outcome is None:
        return replace(nameless, error=f"{project_dir}: there is no {WORKSPACE} folder in it or above it")
    if outcome.error:
        return replace(nameless, error=outcome.error)
    values = outcome.values
    prefix = os.path.normpath(_text(values.get("config_prefix")) or "configs")
    folders = values.get("searchdir")
    texts = [each for each in (folders if isinstance(folders, list) else [folders]) if each]
    if prefix.startswith(("..", "/")):
        return replace(nameless, error=f"{META}: config_prefix {prefix} leads out of the templates")
    return replace(
        nameless,
        name=_text(values.get("name")) or nameless.name,
        description=_text(values.get("description")),
        default_config=_text(values.get("default_config")),
        config_prefix=prefix,
        search_path=tuple(os.path.normpath(os.path.join(project_dir, each)) for each in texts or ["templates"]),
    )


def _meta_request(project_dir: str, workspace: str) -> Request:
    folders = (project_dir, os.path.join(workspace, WORKSPACE), user_templates())
    return Request(project_dir, workspace, folders, META, "")


def _config_request(project: Project, config: Config, args: Args) -> Request:
    template = os.path.normpath(os.path.join(project.config_prefix, config.name))
    return Request(project.project_dir, project.workspace_root or "", project.search_path, template, "meta", args)


def _chosen(project: Project, name: str | None) -> Config:
    wanted = name or project.default_config
    if wanted is None:
        raise NotFound(f"{project.project_dir} has no configs", field="config")
    for config in project.configs:
        if config.name in (wanted, wanted + _SUFFIX):
            return config
    close = difflib.get_close_matches(wanted, [each.name for each in project.configs])
    hint = f"there is {' and '.join(close)}" if close else "forgather ls lists them"
    raise NotFound(f"{project.project_dir} has no config {wanted}", hint=hint, field="config")


def _resolved(project: Project, config: Config, outcome: Outcome) -> Config:
    if outcome.error:
        return replace(config, error=outcome.error)
    for name in _FOLDERS:
        if isinstance(outcome.values.get(name), list):
            return replace(config, error=f"{config.name}: {name} is a list, and must be one folder")
    texts = {name: _text(outcome.values.get(name)) for name in _TEXTS}
    folders = {name: _folder(outcome.values.get(name), project.project_dir) for name in _FOLDERS}
    found: dict[str, Any] = {**texts, **folders}
    return replace(config, **found)


_TEXTS: Final = ("config_name", "config_description", "config_class", "nproc_per_node")
_FOLDERS: Final = ("output_dir", "models_dir", "logging_dir")


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def _folder(value: Value, project_dir: str) -> str | None:
    text = _text(value)
    return os.path.normpath(os.path.join(project_dir, os.path.expanduser(text))) if text else None
