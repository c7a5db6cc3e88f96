"""Folders as a person types them, made such that the server understands them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def absolute(typed: str) -> str:
    """`typed` seen from the current folder, with `~` filled in.

    Links stay: one may point somewhere else tomorrow, and then the TensorBoard should. Only behind `..` they are gone
    through, since `link/..` is not where the link is.
    """
    folder = Path(typed)
    # An unknown user's ~name is a name like any other.
    with suppress(RuntimeError):
        folder = folder.expanduser()
    return str(folder.resolve() if ".." in folder.parts else folder.absolute())
