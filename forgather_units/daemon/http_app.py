"""Builds the WSGI application: the routes with the parts that each uses, the proxy, and the gate in front of both."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator

from flask import Blueprint

from forgather_units.api.flask_app import create_app
from forgather_units.api.job_json import JobJson
from forgather_units.api.live.events import LiveEvents
from forgather_units.api.metrics import Metrics
from forgather_units.api.routes import (
    auth,
    events,
    health,
    host,
    jobs,
    machine,
    metrics,
    projects,
    queue,
    runs,
    services,
    tty,
)
from forgather_units.auth.origin import Hosts
from forgather_units.daemon.dispatch import Gateway
from forgather_units.daemon.resolve_viewer import resolver
from forgather_units.daemon.wiring import App
from forgather_units.page import plain_page, static_page
from forgather_units.proxy.wsgi import Proxy
from forgather_units.settings.front_values import split_base
from forgather_units.viewers.tensorboard import fonts
from forgather_units.viewers.tensorboard.release import Releases


def http_app(app: App, address: str) -> Gateway:
    """The application that waitress serves. `address` is the URL that users open."""
    collector = Metrics(app.scheduler, app.events, app.units.accounting, app.lookups)
    flask_app = create_app([*blueprints(app, address), metrics.blueprint(collector)])
    public = split_base(app.settings.public_url)
    allowed = (*app.settings.allowed_hosts, *filter(None, public[:1]))
    hosts = Hosts(allowed, own=(app.settings.host,))
    releases = Releases(app.units.programs, app.lookups.ask)
    resolve = resolver(app.scheduler, app.units.factory.paths.socket, releases.of, app.services.waits_for)
    proxy = Proxy(
        resolve,
        observer=collector.observe_request,
        static_file=releases.file,
        subscribe=lambda changed: app.events.subscribed_to_jobs(lambda job: changed()),
    )
    return Gateway(flask_app, proxy, app.authority, hosts, public)


def _identity(app: App) -> str:
    """The same for each start of a server with this state folder."""
    where = f"{socket.gethostname()}\0{app.settings.state_dir.resolve()}"
    return hashlib.sha256(where.encode(errors="surrogateescape")).hexdigest()[:16]


def blueprints(app: App, address: str = "") -> Iterator[Blueprint]:
    """All routes except the metrics. `address` is the URL that users open."""
    job_json = JobJson(app.units.machine.scope, app.units.names, app.units.accounting)
    ask = app.lookups.ask
    yield health.blueprint(app.units.machine.scope)
    yield host.blueprint(app.units.machine.scope, app.units.factory, app.units.programs, ask, app.proxies.findings)
    yield auth.blueprint(app.authority, address)
    yield queue.blueprint(app.scheduler, job_json, app.parser, app.warnings)
    yield jobs.blueprint(app.scheduler, job_json, ask)
    yield services.blueprint(app.services)
    yield tty.blueprint(app.output, app.units.names, app.scheduler, app.events, job_json)
    yield projects.blueprint(app.library, ask)
    yield runs.blueprint(app.library, app.runs)
    yield events.blueprint(LiveEvents(app.events, app.scheduler, app.services, job_json, ask))
    yield machine.blueprint(app.scheduler, ask, app.browse_roots, app.library.root_paths, lambda: _identity(app))
    yield fonts.blueprint()
    yield static_page.blueprint()
    yield plain_page.blueprint(app.authority, app.scheduler, job_json)
