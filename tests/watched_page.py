"""What a browser's page did: every console error, and every request that left the server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Request

# What stock TensorBoard's own page asks for outside of its prefix, or complains about by itself.
_TENSORBOARDS_OWN = (
    re.compile(r"/favicon\.ico\b"),
    re.compile(r"/font-roboto/"),
    re.compile(r"fonts\.(googleapis|gstatic)\.com"),
)


@dataclass
class Watched:
    """What a page did that nobody should. `expected` holds patterns that a test names beforehand."""

    origin: str
    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """A console error or request that belongs to the test."""
        self.expected.append(pattern)

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.note(f"console: {message.text} ({message.location.get('url', '')})")

    def request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("data", "blob") or f"{parts.scheme}://{parts.netloc}" == self.origin:
            return
        self.note(f"request to {request.url}")

    def note(self, problem: str) -> None:
        if not any(own.search(problem) for own in _TENSORBOARDS_OWN):
            self.problems.append(problem)

    def unexpected(self) -> list[str]:
        return [each for each in self.problems if not any(re.search(pattern, each) for pattern in self.expected)]
