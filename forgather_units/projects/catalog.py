"""Projects and configs: found, rendered in another process where their files have changed, remembered where not."""

from __future__ import annotations

import difflib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import NotFound, Refused
from forgather_units.projects.cache import OutcomeCache
from forgather_units.projects.folders import META, WORKSPACE, Folders, workspace_root
from forgather_units.projects.isolation import Isolated
from forgather_units.projects.outcome import Outcome, Request, Value
from forgather_units.projects.project import Config, Project
from forgather_units.projects.template_globals import user_templates

_SUFFIX: Final = ".yaml"
_MOST_PROCESSES: Final = 4
# Fewer than that are rendered sooner than a second process has started.
_WORTH_ANOTHER: Final = 12

Args = Mapping[str, Any]


class Catalog:
    """For any number of threads. `cache_dir` keeps what was found for the next process; None: nothing is kept."""

    def __init__(self, cache_dir: Path | None = None) -> None:
        self._cache = OutcomeCache(cache_dir)
        self._folders = Folders()
        self._lock = threading.Lock()

    def projects(self, roots: Iterable[str], *, resolve: bool = True) -> list[Project]:
        """All projects in or below `roots`; what is wrong with one stands in its `error`. Raises Unavailable."""
        with self._lock:
            return self._listed(self._folders.project_dirs(roots), resolve=resolve)

    def project(self, project_dir: str, *, resolve: bool = True) -> Project:
        """The project in `project_dir`. Raises NotFound where there is none, Refused where its meta.yaml is wrong."""
        if not os.path.isfile(os.path.join(project_dir, META)):
            raise NotFound(f"{project_dir} is no project: it has no {META}", field="project_dir")
        with self._lock:
            [project] = self._listed([os.path.abspath(project_dir)], resolve=resolve)
        if project.error:
            raise Refused(project.error, field="project_dir")
        return project

    def config(self, project_dir: str, name: str | None = None, args: Args | None = None) -> Config:
        """A config of the project, resolved, or its default one; `args` are template variables.

        Raises NotFound, and Refused with what is wrong with it.
        """
        project = self.project(project_dir, resolve=False)
        config = _chosen(project, name)
        with self._lock, self._renderers() as ask:
            [outcome] = ask([_config_request(project, config, args or {})])
        resolved = _resolved(project, config, outcome)
        if resolved.error:
            raise Refused(resolved.error, field="config")
        return resolved

    def _listed(self, project_dirs: Sequence[str], *, resolve: bool) -> list[Project]:
        with self._renderers() as ask:
            roots = {each: workspace_root(each) for each in project_dirs}
            requests = {each: _meta_request(each, root) for each, root in roots.items() if root}
            outcomes = dict(zip(requests, ask(list(requests.values())), strict=True))
            projects = [self._project(each, roots[each], outcomes.get(each)) for each in project_dirs]
            if not resolve:
                return projects
            asked = [(project, config) for project in projects for config in project.configs]
            found = iter(ask([_config_request(project, config, {}) for project, config in asked]))
            return [
                replace(project, configs=tuple(_resolved(project, each, next(found)) for each in project.configs))
                for project in projects
            ]

    def _project(self, project_dir: str, workspace: str | None, outcome: Outcome | None) -> Project:
        nameless = Project(project_dir, os.path.basename(project_dir) or project_dir, workspace_root=workspace)
        if outcome is None:
            return replace(nameless, error=f"{project_dir}: there is no {WORKSPACE} folder in it or above it")
        if outcome.error:
            return replace(nameless, error=outcome.error)
        values = outcome.values
        prefix = os.path.normpath(_text(values.get("config_prefix")) or "configs")
        folders = values.get("searchdir")
        texts = [each for each in (folders if isinstance(folders, list) else [folders]) if each]
        search_path = tuple(os.path.normpath(os.path.join(project_dir, each)) for each in texts or ["templates"])
        if prefix.startswith(("..", "/")):
            return replace(nameless, error=f"{META}: config_prefix {prefix} leads out of the templates")
        paths: dict[str, str] = {}
        for folder in search_path:
            top = os.path.normpath(os.path.join(folder, prefix))
            for name in self._folders.names(top, _SUFFIX):
                paths.setdefault(name, os.path.join(top, name))
        default = _text(values.get("default_config")) or next(iter(paths), None)
        return replace(
            nameless,
            name=_text(values.get("name")) or nameless.name,
            description=_text(values.get("description")),
            default_config=default,
            config_prefix=prefix,
            search_path=search_path,
            configs=tuple(Config(name, path, name == default) for name, path in sorted(paths.items())),
        )

    @contextmanager
    def _renderers(self) -> Iterator[Any]:
        """A function from requests to their outcomes; its processes are started when the first is needed."""
        check = self._cache.check()
        with ExitStack() as held:
            processes: list[Isolated] = []

            def ask(requests: Sequence[Request]) -> list[Outcome]:
                outcomes = [check.get(request) for request in requests]
                missing = [number for number, outcome in enumerate(outcomes) if outcome is None]
                wanted = min(_MOST_PROCESSES, len(os.sched_getaffinity(0)), 1 + len(missing) // _WORTH_ANOTHER)
                while missing and len(processes) < wanted:
                    processes.append(held.enter_context(Isolated()))
                started = time.time_ns()
                for number, outcome in _answered(processes, [(each, requests[each]) for each in missing]):
                    outcomes[number] = outcome
                    self._cache.put(requests[number], outcome, started)
                return [outcome for outcome in outcomes if outcome is not None]

            yield ask
        self._cache.save()


def _answered(processes: Sequence[Isolated], asked: Sequence[tuple[int, Request]]) -> Iterator[tuple[int, Outcome]]:
    """Each process takes the next request as soon as it is free."""
    waiting = iter(asked)
    lock = threading.Lock()

    def work(process: Isolated) -> list[tuple[int, Outcome]]:
        done: list[tuple[int, Outcome]] = []
        while True:
            with lock:
                number, request = next(waiting, (-1, None))
            if request is None:
                return done
            done.append((number, process.answer(request)))

    if len(processes) == 1:
        yield from work(processes[0])
    elif processes:
        with ThreadPoolExecutor(len(processes)) as threads:
            for part in threads.map(work, processes):
                yield from part


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
