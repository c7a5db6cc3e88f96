"""What a browser's page did: every console error, and every request that left the served paths."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Request

# The page, its files and the API.
_SERVED = re.compile(r"/(assets/[^/]+|api/.+)?")
# What stock TensorBoard's own page asks for at the root of the site, whatever its prefix.
_TENSORBOARDS_OWN = re.compile(r"/(favicon\.ico|font-roboto/[^/]+)")


@dataclass
class Watched:
    """The errors and the foreign requests of a page. `expected` holds patterns that a test names beforehand."""

    origin: str
    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """A console error or request that belongs to the test."""
        self.expected.append(pattern)

    def console(self, message: ConsoleMessage) -> None:
        place = message.location.get("url", "")
        if message.type == "error" and not self._is_tensorboards(place):
            self.problems.append(f"console: {message.text} ({place})")

    def error(self, error: object) -> None:
        self.problems.append(f"error: {error}")

    def request(self, request: Request) -> None:
        if urlsplit(request.url).scheme in ("data", "blob") or self._is_tensorboards(request.url):
            return
        path = urlsplit(request.url).path
        if not request.url.startswith(f"{self.origin}/") or not _SERVED.fullmatch(path):
            self.problems.append(f"request to {request.url}")

    def unexpected(self) -> list[str]:
        return [each for each in self.problems if not any(re.search(pattern, each) for pattern in self.expected)]

    def _is_tensorboards(self, url: str) -> bool:
        path = urlsplit(url).path
        return url.startswith(f"{self.origin}/") and _TENSORBOARDS_OWN.fullmatch(path) is not None
