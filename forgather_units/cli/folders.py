"""Absolute paths of typed folders, for the server."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from forgather_units.domain.local_path import check_local


def absolute(typed: str, field: str = "the path") -> str:
    """`typed` as an absolute path, with `~` expanded.

    Keeps links, so that the TensorBoard follows one that changes later. Resolves them only before `..`, since `link/..`
    is not the link's folder. Raises Refused for an address such as `s3://bucket/x`, unless a folder of that name
    exists; `field` is the error's name for it.
    """
    if not os.path.lexists(typed):
        check_local(typed, field)
    folder = Path(typed)
    # `~name` of an unknown user is an ordinary name.
    with suppress(RuntimeError):
        folder = folder.expanduser()
    return str(folder.resolve() if ".." in folder.parts else folder.absolute())
