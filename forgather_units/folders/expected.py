"""Folders that do not exist yet: the output folder of a config, before its first training creates it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import PurePath
from typing import Final

META: Final = "meta.yaml"


def is_expected(path: str, around: Iterable[str]) -> bool:
    """Whether `path` is missing, and its nearest existing parent is a readable folder in or below one of `around`.

    `path` is absolute. A link that leads nowhere, and a `..` in the missing part, may lead elsewhere: they are not
    expected.
    """
    missing = PurePath(path)
    if ".." in missing.parts or os.path.lexists(missing):
        return False
    for parent in missing.parents:
        if os.path.lexists(parent):
            break
    if not os.path.isdir(parent) or not os.access(parent, os.R_OK | os.X_OK):  # noqa: PTH112 - any text
        return False
    real = os.path.realpath(parent)
    return any(PurePath(real).is_relative_to(os.path.realpath(folder)) for folder in around)


def project_or_nothing(folder: str) -> tuple[str, ...]:
    """The folder, if it is a project of Forgather."""
    return (folder,) if folder.startswith("/") and os.path.isfile(f"{folder}/{META}") else ()  # noqa: PTH113
