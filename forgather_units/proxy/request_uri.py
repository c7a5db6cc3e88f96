"""The request target byte for byte as the client sent it, and the job in it.

WSGI's PATH_INFO is already unquoted (`%2F` and `/` look alike) and urlsplit drops tabs, so neither can be
forwarded. Waitress keeps the raw target in REQUEST_URI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forgather_units.proxy.credentials import without_token

# Characters that urlsplit would drop silently, or that a request line cannot contain. With them our reading of the
# target could differ from the gate's, and a token could pass unnoticed.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f]")


class MalformedTarget(ValueError):
    """The request target contains invalid characters."""


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """A target below a mount: `/api/tb/<queue_id><rest>?<query>`, each part exactly as sent.

    `rest` starts with `/` or is empty. `query` is None without a `?`; our token is removed from it.
    """

    mount: str
    queue_id: str
    rest: str
    query: str | None
    at_root: tuple[str, ...] = ()
    """Prefixes of `rest` that the viewer serves at its root, regardless of its own prefix."""

    @property
    def prefix(self) -> str:
        """The viewer's prefix, without a trailing slash."""
        return self.mount + self.queue_id

    @property
    def path_and_query(self) -> str:
        """The target to send upstream."""
        if self.at_root and self.rest.startswith(self.at_root):
            return self.rest + self._tail
        return self.prefix + self.rest + self._tail

    @property
    def with_slash(self) -> str:
        """The same path with the trailing slash that a viewer's root needs; without origin and token."""
        return f"{self.prefix}/{self._tail}"

    def moved_to(self, prefix: str) -> str:
        """The same path below another prefix."""
        return f"{prefix}{self.rest or '/'}{self._tail}"

    @property
    def _tail(self) -> str:
        return "" if self.query is None else f"?{self.query}"


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
    # "?token=..." alone leaves no question mark; a client's bare "?" stays.
    return RequestTarget(mount, queue_id, slash + rest, kept if kept or not query else None, at_root)
