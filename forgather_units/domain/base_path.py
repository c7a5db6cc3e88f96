"""The path below which a front shows the server, as settings and headers spell it."""

from __future__ import annotations

import re
from typing import Final

SEGMENT: Final = r"/[A-Za-z0-9_~@%+=-][A-Za-z0-9._~@%+=-]*"
"""A pattern of one segment. A content security policy can name it, and a browser does not change it."""
_BASE: Final = re.compile(rf"(?:{SEGMENT})+")
_LONGEST: Final = 512
TAKEN: Final = ("api", "assets", "font-roboto", "livereload")
"""First segments of the server's own paths: below one of them, a request with and one without the base look alike."""


def is_base(path: str) -> bool:
    """Whether `path` can be a base path: `/tensorboards`, `/user/alice/proxy/8765`."""
    return len(path) <= _LONGEST and _BASE.fullmatch(path) is not None and not is_taken(path)


def is_taken(path: str) -> bool:
    """Whether the first segment is one of the server's own, in any case."""
    return path[1:].partition("/")[0].lower() in TAKEN
