"""Composition root: builds and connects the parts of the server. Nothing else knows them all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from forgather_units.api.live.job_output import Output
from forgather_units.auth.authority import Authority
from forgather_units.auth.people import People
from forgather_units.automation.declared_services import DeclaredServices
from forgather_units.automation.output_hints import OutputHints
from forgather_units.automation.replaced_folders import ReplacedFolders
from forgather_units.daemon.build_scheduler import limits_of, running_scheduler
from forgather_units.daemon.build_units import Units, build_output, build_units
from forgather_units.daemon.instance_lock import exclusive
from forgather_units.domain.job import Submission
from forgather_units.files.lookups import Lookups
from forgather_units.folders.reserved import Reserved
from forgather_units.host.lingering import ends_at_logout
from forgather_units.host.systemd_version import check_systemd, installed_version
from forgather_units.host.this_machine import this_machine
from forgather_units.http.server.forwarded import TrustedProxies
from forgather_units.projects.library import Library
from forgather_units.projects.search_roots import SearchRoots
from forgather_units.runs.followed import FollowedRuns
from forgather_units.scheduler.events import EventBus, Subject
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.settings.paths import cache_dir
from forgather_units.settings.settings import Loaded, Settings
from forgather_units.systemd.names import UnitNames
from forgather_units.units.limits import slice_reset
from forgather_units.units.rules import rules_of
from forgather_units.viewers.submission import SubmissionParser
from forgather_units.viewers.table import KINDS

_LINES_WITH_HINTS: Final = 300
_LOOKUP_MODULES: Final = (
    "forgather_units.viewers.table",
    "forgather_units.folders.listing",
    "forgather_units.folders.reserved",
    "forgather_units.projects.tree",
    "forgather_units.runs.followed",
    "forgather_units.api.logdir_json",
)
"""The modules whose functions helper processes call."""


@dataclass(slots=True)
class LiveSettings:
    """The settings since the last reload."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class App:
    """The parts of the server that routes, proxy and reload use."""

    live: LiveSettings
    units: Units
    output: Output
    authority: Authority
    scheduler: Scheduler
    events: EventBus
    library: Library
    runs: FollowedRuns
    services: DeclaredServices
    lookups: Lookups
    proxies: TrustedProxies

    @property
    def settings(self) -> Settings:
        """The settings since the last reload."""
        return self.live.settings

    def apply(self, loaded: Loaded) -> None:
        """Apply all live settings and the declared services. Raises a ForgatherError."""
        before, settings = self.live.settings, loaded.settings
        self.live.settings = settings
        self.units.factory.current_rules.rules = rules_of(settings, self.units.machine)
        self.scheduler.limit(limits_of(settings))
        logging.getLogger().setLevel(settings.log_level)
        self.library.configure_roots(settings.search_roots)
        self.services.declare(loaded.services)
        # Last: systemd may refuse it.
        self.units.cap_slice(slice_reset(before.slice_limits, settings.slice_limits))

    def warnings(self, submission: Submission) -> list[str]:
        """Warnings about features that this account or this host lacks."""
        return [*self.units.factory.unenforced(submission), *filter(None, [ends_at_logout()])]

    def browse_roots(self) -> list[str]:
        """The folders below which a client may list folders: those of the settings and those of the projects."""
        return [*self.settings.browse_roots, *self.library.root_paths()]

    @property
    def parser(self) -> SubmissionParser:
        """Parses submissions by the current settings."""
        return _parser(self.settings, self.units, self.lookups, self.library)


@contextmanager
def open_app(loaded: Loaded) -> Iterator[App]:
    """Starts all parts, and stops them in the opposite order. Raises a ForgatherError if something is missing."""
    check_systemd(installed_version())
    settings = loaded.settings
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    machine, names = this_machine(), UnitNames(settings.unit_prefix)
    with exclusive(settings.state_dir, machine, names.prefix), closing(Lookups(_LOOKUP_MODULES)) as lookups:
        authority = Authority(settings.auth_dir, enabled=settings.auth, people=People(settings.group, settings.admins))
        units = build_units(settings, machine, names, lookups)
        output, events = build_output(machine), EventBus()
        with running_scheduler(settings, units, output, events) as scheduler:
            library = _library(settings, events, lookups)
            runs = FollowedRuns(lambda: events.publish(Subject.RUNS), lookups.ask)
            services = _services(loaded, units, scheduler, events, lookups, library)
            app = App(
                LiveSettings(settings),
                units,
                output,
                authority,
                scheduler,
                events,
                library,
                runs,
                services,
                lookups,
                TrustedProxies(settings.trusted_proxy, settings.user_header),
            )
            with authority.watching(), library.open(), runs.open(), _watching_jobs(app):
                yield app


def _library(settings: Settings, events: EventBus, lookups: Lookups) -> Library:
    roots = SearchRoots(settings.search_roots, settings.search_roots_file, lookups.ask)
    library = Library(roots, cache_dir(), lambda: events.publish(Subject.PROJECTS), lookups.ask)
    lookups.when_back(library.look_again)
    return library


def _services(
    loaded: Loaded, units: Units, scheduler: Scheduler, events: EventBus, lookups: Lookups, library: Library
) -> DeclaredServices:
    parser = _parser(loaded.settings, units, lookups, library)
    services = DeclaredServices(loaded.file, parser, scheduler, events, lambda: not units.factory.no_sockets)
    services.declare(loaded.services)
    lookups.when_back(services.retry)
    return services


@contextmanager
def _watching_jobs(app: App) -> Iterator[None]:
    """Inside the `with`, restarts viewers of replaced folders, and searches output for hints."""
    service, journal = app.units.names.service, app.output.journal
    replaced = ReplacedFolders(
        app.scheduler, app.events, app.lookups.ask, lambda job, text: journal.write_remark(service(job), text)
    )
    hints = OutputHints(app.scheduler, app.events, lambda job: journal.last_lines(service(job), _LINES_WITH_HINTS))
    with replaced.open(), hints.open():
        yield


def _parser(settings: Settings, units: Units, lookups: Lookups, library: Library) -> SubmissionParser:
    # The folders of state and secrets do not change while the server runs, even after a reload.
    reserved = Reserved(str(settings.state_dir), tuple(map(str, settings.own_paths)))
    no_sockets, roots = lambda: units.factory.no_sockets, library.root_paths
    return SubmissionParser(KINDS, units.programs, no_sockets, reserved.why_not, lookups.ask, roots)
