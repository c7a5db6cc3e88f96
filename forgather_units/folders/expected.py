"""Folders that do not exist yet: the output folder of a config, before its first training creates it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from forgather_units.folders.listing import real_root

META: Final = "meta.yaml"


@dataclass(frozen=True, slots=True)
class Around:
    """Where the folder of a viewer may appear later: in its project (a folder with a meta.yaml) and in search roots."""

    project_dir: str = ""
    roots: tuple[str, ...] = ()

    def expects(self, path: str) -> bool:
        """Whether `path` is missing, and its nearest existing parent is a readable folder in or below one of these.

        `path` is absolute. A link that leads nowhere, and a `..` in the missing part, may lead elsewhere: they are not
        expected. A root whose file system does not answer is left out.
        """
        missing = PurePath(path)
        if ".." in missing.parts or os.path.lexists(missing):
            return False
        parent = next(each for each in missing.parents if os.path.lexists(each))
        if not os.path.isdir(parent) or not os.access(parent, os.R_OK | os.X_OK):  # noqa: PTH112 - any text
            return False
        real = PurePath(os.path.realpath(parent))
        return any(real.is_relative_to(root) for root in filter(None, map(real_root, self._folders())))

    def _folders(self) -> tuple[str, ...]:
        project = self.project_dir
        is_project = project.startswith("/") and os.path.isfile(f"{project}/{META}")  # noqa: PTH113 - any text
        return (project, *self.roots) if is_project else self.roots
