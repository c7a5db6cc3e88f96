"""docs/api.md lists every route of the API, and no other."""

from __future__ import annotations

import re

from docs.documents import ROOT
from jobs import make_job

from forgather_units.api.flask_app import create_app
from forgather_units.api.job_json import JobJson
from forgather_units.daemon.http_app import blueprints
from forgather_units.systemd.names import UnitNames
from forgather_units.systemd.scope import Scope

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


def test_the_fields_of_a_job_exist() -> None:
    section = PAGE.partition("## A job\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    listed = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    rendered = JobJson(Scope.USER, UnitNames("forgather"), None).job(make_job())  # type: ignore[arg-type]
    assert listed and listed - rendered.keys() == set()
