"""The request target as the client sent it, byte for byte, and the job that it names.

WSGI's PATH_INFO is already unquoted (`%2F` and `/` look alike) and urlsplit drops tabs, so neither can be
forwarded. Waitress keeps the raw target in REQUEST_URI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from forgather_units.proxy.credentials import without_token

# What urlsplit would silently drop or a request line cannot hold. With them our reading of the target could
# differ from the gate's, and a token could pass unseen.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f]")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*")
_UNQUOTED = "/:@!$&'()*+,;=-._~"


class MalformedTarget(ValueError):
    """The request target holds characters that no target may hold."""


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """A target below the mount: `/api/tb/<queue_id><rest>?<query>`, each part exactly as it was sent.

    `rest` starts with `/` or is empty. `query` is None where there was no `?`; our token is not in it.
    """

    mount: str
    queue_id: str
    rest: str
    query: str | None
    at_root: tuple[str, ...] = ()
    """Beginnings of `rest` that the viewer has at its root, whatever its prefix."""

    @property
    def prefix(self) -> str:
        """The viewer's own prefix, without a slash at its end."""
        return self.mount + self.queue_id

    @property
    def path_and_query(self) -> str:
        """What is sent upstream."""
        if self.at_root and self.rest.startswith(self.at_root):
            return self.rest + self._tail
        return self.prefix + self.rest + self._tail

    @property
    def with_slash(self) -> str:
        """The same address with the trailing slash that a viewer's root needs; has no origin and no token."""
        return f"{self.prefix}/{self._tail}"

    def moved_to(self, prefix: str) -> str:
        """The same address below another prefix."""
        return f"{prefix}{self.rest or '/'}{self._tail}"

    @property
    def _tail(self) -> str:
        return "" if self.query is None else f"?{self.query}"


def raw_target(environ: dict[str, Any]) -> str:
    """The origin-form target as received (latin-1 for bytes above 127)."""
    raw: str | None = environ.get("REQUEST_URI")
    if raw is None:  # a WSGI server that does not keep it: the best that can be made again
        path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=_UNQUOTED)
        query = environ.get("QUERY_STRING", "")
        return f"{path}?{query}" if query else path
    if raw.startswith("/"):
        return raw
    absolute = _ABSOLUTE.match(raw)
    return raw[absolute.end() :] if absolute else raw


def below(mount: str, raw: str, at_root: tuple[str, ...] = ()) -> RequestTarget | None:
    """The parts of a raw target below `mount` (which ends in a slash); None for any other target.

    Raises MalformedTarget.
    """
    if not raw.startswith(mount):
        return None
    if _FORBIDDEN.search(raw):
        raise MalformedTarget
    path, question, query = raw.partition("?")
    queue_id, slash, rest = path[len(mount) :].partition("/")
    if not question:
        return RequestTarget(mount, queue_id, slash + rest, None, at_root)
    kept = without_token(query)
    # "?token=..." alone leaves no question mark behind; a bare "?" of the client's stays.
    return RequestTarget(mount, queue_id, slash + rest, kept if kept or not query else None, at_root)
