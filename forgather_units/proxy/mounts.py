"""URL mounts of the viewers: one for each kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from forgather_units.domain.viewer import mount_path
from forgather_units.viewers.table import KINDS


@dataclass(frozen=True, slots=True)
class Mount:
    """`path` ends in a slash. `at_root`: paths that its viewers serve at their root, regardless of their prefix."""

    path: str
    at_root: tuple[str, ...] = ()


MOUNTS: Final = tuple(Mount(mount_path(kind), kind.at_root) for kind in KINDS.values())
_PATHS: Final = tuple(mount.path for mount in MOUNTS)
_AT_ROOT: Final = tuple(path for mount in MOUNTS for path in mount.at_root)


def mount_of(raw: str) -> Mount | None:
    """The mount of a raw target; None if it is below none."""
    # Most requests are TensorBoard's, and its mount is the first.
    return next((mount for mount in MOUNTS if raw.startswith(mount.path)), None) if is_mounted(raw) else None


def is_mounted(raw: str) -> bool:
    """Whether a raw target is below a mount."""
    return raw.startswith(_PATHS)


def rewrite_root_request(environ: dict[str, Any]) -> dict[str, Any]:
    """The request; if a viewer's page requested one of its `at_root` paths at the root of the origin, below its prefix.

    The Referer identifies the page. A forged one gives access only to paths below that prefix.
    """
    path = environ.get("PATH_INFO", "")
    if not path.startswith(_AT_ROOT or "\0"):
        return environ
    page = urlsplit(environ.get("HTTP_REFERER", "")).path.removeprefix(environ.get("SCRIPT_NAME", ""))
    mount = mount_of(page)
    if mount is None or not path.startswith(mount.at_root):
        return environ
    viewer = re.match(r"[A-Za-z0-9_-]+(?=/)", page[len(mount.path) :])
    if viewer is None:
        return environ
    home = f"{mount.path}{viewer[0]}"
    raw = environ.get("REQUEST_URI", path)
    return {**environ, "PATH_INFO": home + path, "REQUEST_URI": home + raw}
