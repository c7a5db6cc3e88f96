"""The path below which browsers see the server: of `public_url`, or of a trusted proxy's X-Forwarded-Prefix.

Some fronts remove it from the request (jupyter-server-proxy), others keep it (`/node/HOST/PORT/`): both work.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

Environ = dict[str, Any]

FORWARDED_PREFIX: Final = "forgather.forwarded_prefix"
"""Key in the environ: the base path that a trusted proxy has reported."""


class BasePath:
    """`base` without a slash at its end; empty: only what a trusted proxy reports."""

    def __init__(self, base: str = "") -> None:
        self._base = base

    @property
    def configured(self) -> str:
        """The base path of `public_url`."""
        return self._base

    def without(self, raw: str) -> str:
        """A raw target without the configured base."""
        return raw[len(self._base) :] if self._base and raw.startswith(f"{self._base}/") else raw

    def apply(self, environ: Environ) -> Environ:
        """The request as if the server were at the root of the host; SCRIPT_NAME is the base."""
        base = self._base or environ.get(FORWARDED_PREFIX, "")
        if not base:
            return environ
        made = {**environ, "SCRIPT_NAME": base}
        raw, path = environ.get("REQUEST_URI", ""), environ.get("PATH_INFO", "")
        decoded = unquote(base, "latin-1")
        # Both or neither: the gate compares them.
        if path.startswith(f"{decoded}/") and (not raw or raw.startswith(f"{base}/")):
            made["PATH_INFO"] = path[len(decoded) :]
            if raw:
                made["REQUEST_URI"] = raw[len(base) :]
        return made

    def with_slash(self, environ: Environ) -> str | None:
        """The relative address of the page, if this is a request for the base without its slash."""
        base = self._base or environ.get(FORWARDED_PREFIX, "")
        if not base or environ.get("REQUEST_URI", "").partition("?")[0] != base:
            return None
        query = environ.get("QUERY_STRING", "")
        return f"{base.rpartition('/')[2]}/" + (f"?{query}" if query else "")
