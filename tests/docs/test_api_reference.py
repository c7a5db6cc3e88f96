"""docs/api.md lists every route of the API, and no other."""

from __future__ import annotations

import re

from docs.documents import ROOT

from forgather_units.api.flask_app import create_app
from forgather_units.daemon.http_app import blueprints

PAGE = (ROOT / "docs" / "api.md").read_text()


class _NoServer:
    """Any attribute of a server, for an application that serves no request."""

    def __getattr__(self, name: str) -> _NoServer:
        return self


def test_the_page_lists_the_routes() -> None:
    listed = set(re.findall(r"^\| `([A-Z]+ /api/[^`]+)` \|", PAGE, re.MULTILINE))
    application = create_app(blueprints(_NoServer()))  # type: ignore[arg-type]
    routes = {
        f"{method} {rule.rule.replace('<queue_id>', '<id>')}"
        for rule in application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
    }
    # The server adds this one with its collector.
    assert listed - {"GET /api/metrics"} == routes - {"GET /api/metrics"}
