"""The request target byte for byte, as the client sent it.

WSGI's PATH_INFO is unquoted (`%2F` and `/` look alike), so it cannot be forwarded. Waitress keeps the raw target in
REQUEST_URI.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*")
_UNQUOTED: Final = "/:@!$&'()*+,;=-._~"


def raw_target(environ: dict[str, Any]) -> str:
    """The origin-form target as received (latin-1 for bytes above 127)."""
    raw: str | None = environ.get("REQUEST_URI")
    if raw is None:  # a WSGI server that does not keep it: rebuild it approximately
        path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=_UNQUOTED)
        query = environ.get("QUERY_STRING", "")
        return f"{path}?{query}" if query else path
    if raw.startswith("/"):
        return raw
    absolute = _ABSOLUTE.match(raw)
    return raw[absolute.end() :] if absolute else raw
