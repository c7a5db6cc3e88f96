"""The projects below the search roots, for a server: listed when asked, and told of when something has changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forgather_units.projects.catalog import Catalog
from forgather_units.projects.project import Config, Project
from forgather_units.projects.search_roots import SearchRoot, SearchRoots
from forgather_units.projects.watch import Watch

log = logging.getLogger(__name__)

Listener = Callable[[], None]


class Library:
    """For any number of threads."""

    def __init__(self, roots: SearchRoots, cache_dir: Path | None) -> None:
        self._roots = roots
        self._catalog = Catalog(cache_dir)
        self._watch = Watch(self._tell)
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Changes are heard of inside the `with`."""
        self._watch.on(self._roots.paths())
        try:
            yield
        finally:
            self._watch.stop()

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """`listener` is called, from another thread, when a listing may come out otherwise than before."""
        with self._lock:
            self._listeners.add(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.discard(listener)

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
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            try:
                listener()
            except Exception:
                log.exception("a listener failed")
