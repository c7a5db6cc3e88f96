"""Below which addresses the viewers lie: one mount for each kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from forgather_units.kinds.table import KINDS


@dataclass(frozen=True, slots=True)
class Mount:
    """`path` ends in a slash. `at_root`: addresses that its viewers have at their root, whatever their prefix."""

    path: str
    at_root: tuple[str, ...] = ()


MOUNTS: Final = tuple(Mount(f"/api/{kind.segment}/", kind.at_root) for kind in KINDS.values())
_PATHS: Final = tuple(mount.path for mount in MOUNTS)
_AT_ROOT: Final = tuple(path for mount in MOUNTS for path in mount.at_root)


def mount_of(raw: str) -> Mount | None:
    """The mount that a raw target lies below."""
    # Most requests are TensorBoard's, and its mount is the first.
    return next((mount for mount in MOUNTS if raw.startswith(mount.path)), None) if is_mounted(raw) else None


def is_mounted(raw: str) -> bool:
    """Whether a raw target lies below any mount."""
    return raw.startswith(_PATHS)


def brought_home(environ: dict[str, Any]) -> dict[str, Any]:
    """The request, or, where a viewer's page asked at the root of the origin, the same below the page's own prefix.

    The page is known by its Referer. Whoever forges one reaches no more than what lies below that prefix anyway.
    """
    path = environ.get("PATH_INFO", "")
    if not path.startswith(_AT_ROOT or "\0"):
        return environ
    page = urlsplit(environ.get("HTTP_REFERER", "")).path
    mount = mount_of(page)
    if mount is None or not path.startswith(mount.at_root):
        return environ
    viewer = re.match(r"[A-Za-z0-9_-]+(?=/)", page[len(mount.path) :])
    if viewer is None:
        return environ
    home = f"{mount.path}{viewer[0]}"
    raw = environ.get("REQUEST_URI", path)
    return {**environ, "PATH_INFO": home + path, "REQUEST_URI": home + raw}
