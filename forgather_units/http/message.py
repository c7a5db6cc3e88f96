"""Parts of an HTTP message: header lists, and a complete response of the server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Headers = list[tuple[str, str]]
"""Names and values in their order, with duplicates."""


def values(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    """All values of a header, by its lower-case name."""
    return [value for key, value in headers if key.lower() == name]


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete response. `status` is a code with its reason, such as `404 Not Found`."""

    status: str
    headers: Headers
    body: bytes
