"""The projects below the search roots, for a server: listed when asked, and told of when something has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from forgather_units.machine.watch import Watch
from forgather_units.projects.catalog import Catalog
from forgather_units.projects.folders import WORKSPACE, pruned
from forgather_units.projects.project import Config, Project
from forgather_units.projects.search_roots import SearchRoot, SearchRoots

_SUFFIXES: Final = (".yaml", ".yml", ".jinja", ".j2")


class Library:
    """For any number of threads. `changed` is called, from any of them, when a listing may come out otherwise."""

    def __init__(self, roots: SearchRoots, cache_dir: Path | None, changed: Callable[[], None]) -> None:
        self._roots = roots
        self._catalog = Catalog(cache_dir)
        self._changed = changed
        self._watch = Watch(changed, _may_change_a_config)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Changes are heard of inside the `with`."""
        self._watch.on(self._roots.paths())
        try:
            yield
        finally:
            self._watch.stop()

    def projects(self, *, resolve: bool = True) -> list[Project]:
        """All projects below the search roots. Raises Unavailable."""
        return self._catalog.projects(self._roots.paths(), resolve=resolve)

    def project(self, project_dir: str, *, resolve: bool = True) -> Project:
        """See Catalog.project."""
        return self._catalog.project(project_dir, resolve=resolve)

    def config(self, project_dir: str, name: str | None, args: Mapping[str, Any] | None = None) -> Config:
        """See Catalog.config."""
        return self._catalog.config(project_dir, name, args)

    def roots(self) -> list[SearchRoot]:
        return self._roots.all()

    def add_root(self, path: str, *, create: bool = False) -> SearchRoot:
        """See SearchRoots.add."""
        added = self._roots.add(path, create=create)
        self._roots_changed()
        return added

    def remove_root(self, path: str) -> str:
        """See SearchRoots.remove."""
        removed = self._roots.remove(path)
        self._roots_changed()
        return removed

    def _roots_changed(self) -> None:
        self._watch.on(self._roots.paths())
        self._changed()


def _may_change_a_config(path: str, is_folder: bool) -> bool:
    return (is_folder or path.endswith(_SUFFIXES)) and not any(
        # A run that is being written changes all the time, and no config with it.
        pruned(part) and part != WORKSPACE
        for part in path.split("/")
    )
