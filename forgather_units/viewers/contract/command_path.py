"""Searches $PATH for a command; its folders may be on a file system that does not answer."""

from __future__ import annotations

import os
import shutil

from forgather_units.files import mount_walk


def which(name: str) -> str | None:
    """As shutil.which. In a helper process, each folder's file system is announced before it is touched."""
    for folder in os.get_exec_path():
        mount_walk.enter(os.path.normpath(os.path.join(os.getcwd(), folder, name)))  # noqa: PTH109, PTH118 - any text
        if found := shutil.which(name, path=folder):
            return found
    return None
