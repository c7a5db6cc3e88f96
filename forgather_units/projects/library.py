"""The projects below the search roots, for a server: lists them, and reports changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from forgather_units.files.lookups import Ask, directly
from forgather_units.folders.watch import Watch
from forgather_units.projects.catalog import Catalog
from forgather_units.projects.feed import ProjectFeed, Update
from forgather_units.projects.folders import WORKSPACE, pruned
from forgather_units.projects.project import Config, Project
from forgather_units.projects.search_roots import SearchRoot, SearchRoots

_SUFFIXES: Final = (".yaml", ".yml", ".jinja", ".j2")


class Library:
    """Thread-safe. Calls `changed`, from any thread, when the listing may have changed."""

    def __init__(
        self, roots: SearchRoots, cache_dir: Path | None, changed: Callable[[], None], ask: Ask = directly
    ) -> None:
        self._roots = roots
        self._catalog = Catalog(cache_dir, ask)
        self._changed = changed
        self._ask = ask
        self._feed = ProjectFeed(self.projects)
        self._watch = Watch(self._touched, may_change_a_config, ask=ask)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Watches for changes inside the `with`."""
        self._watch.on(self._roots.paths())
        try:
            yield
        finally:
            self._watch.stop()
            self._catalog.close()

    @property
    def watched(self) -> frozenset[str] | None:
        """See Watch.watched."""
        return self._watch.watched

    def projects(self, *, resolve: bool = True) -> list[Project]:
        """All projects below the search roots whose file systems answer. Raises Unavailable."""
        return self._catalog.projects(self._roots.reachable(), resolve=resolve)

    def update(self, since: str | None) -> Update:
        """All projects, or the changes since that version. Raises Unavailable."""
        return self._feed.update(since)

    def project(self, project_dir: str, *, resolve: bool = True) -> Project:
        """See Catalog.project. Raises Unavailable too, where its file system does not answer."""
        self._ask(project_dir, os.path.isdir, project_dir)
        return self._catalog.project(project_dir, resolve=resolve)

    def config(self, project_dir: str, name: str | None, args: Mapping[str, Any] | None = None) -> Config:
        """See Catalog.config. Raises Unavailable too, where its file system does not answer."""
        self._ask(project_dir, os.path.isdir, project_dir)
        return self._catalog.config(project_dir, name, args)

    def look_again(self) -> None:
        """A file system answers again: projects in it are listed and watched."""
        self._roots_changed()

    def root_paths(self) -> list[str]:
        return self._roots.paths()

    def roots(self) -> list[SearchRoot]:
        return self._roots.all()

    def configure_roots(self, paths: Sequence[str]) -> None:
        """See SearchRoots.configure."""
        before = self._roots.paths()
        self._roots.configure(paths)
        if self._roots.paths() != before:
            self._roots_changed()

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
        self._touched()

    def _touched(self) -> None:
        self._feed.touch()
        self._changed()


def may_change_a_config(path: str, is_folder: bool) -> bool:
    """Whether a change of `path` may change what a config says: a template, or a folder, outside of the runs."""
    return (is_folder or path.endswith(_SUFFIXES)) and not any(
        # A run that is being written changes all the time, and no config with it.
        pruned(part) and part != WORKSPACE
        for part in path.split("/")
    )
