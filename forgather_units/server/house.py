"""All rooms of the house, built from the settings and wired together; nothing else knows them all."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import IO

from forgather_units.auth.authority import Authority
from forgather_units.auth.people import People
from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.domain.host import Capabilities
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.domain.placement import Placement
from forgather_units.domain.program import Program
from forgather_units.domain.viewer import ViewerKind
from forgather_units.kinds.table import KINDS
from forgather_units.machine import addresses
from forgather_units.machine.boot import boot_id
from forgather_units.projects.library import Library
from forgather_units.projects.search_roots import SearchRoots
from forgather_units.proxy.readiness import answers, knock
from forgather_units.runs.followed import FollowedRuns
from forgather_units.scheduler.changes import Changes, Subject
from forgather_units.scheduler.lifecycle import Surroundings
from forgather_units.scheduler.scheduler import Limits, Scheduler
from forgather_units.server.services import Services
from forgather_units.server.submission import SubmissionParser
from forgather_units.server.targets import address_of
from forgather_units.settings.paths import cache_dir
from forgather_units.settings.settings import Loaded, Settings
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.units.accounting import Accounting
from forgather_units.units.bus import ManagerBus, UnitRefused
from forgather_units.units.follower import Follower
from forgather_units.units.journal import Journal
from forgather_units.units.limits import slice_properties
from forgather_units.units.names import UnitNames
from forgather_units.units.probe import probe
from forgather_units.units.scope import Scope
from forgather_units.units.service import InForce, Rules, ServiceMaker
from forgather_units.units.signals import UnitSignals
from forgather_units.units.viewers import Viewers

log = logging.getLogger(__name__)

_BUS_PATIENCE = 5.0
_LAST_LINES = 5


@dataclass(frozen=True, slots=True)
class House:
    """What the routes need."""

    settings: Settings
    scope: Scope
    names: UnitNames
    host: Capabilities
    makes: ServiceMaker
    accounting: Accounting
    authority: Authority
    scheduler: Scheduler
    changes: Changes
    journal: Journal
    follower: Follower
    library: Library
    runs: FollowedRuns
    services: Services

    def apply(self, loaded: Loaded) -> None:
        """Other settings, for what is started from now on; the services as they are declared now."""
        settings = loaded.settings
        self.makes.in_force.rules = _rules(settings)
        self.scheduler.limit(settings.max_running)
        logging.getLogger().setLevel(settings.log_level)
        self.services.declare(loaded.services)

    @property
    def no_sockets(self) -> str:
        """Why viewers are placed directly; empty where they are not."""
        return _no_sockets(self.makes)

    @property
    def parser(self) -> SubmissionParser:
        """What reads submissions."""
        return SubmissionParser(KINDS, self.makes.program, self.no_sockets)


class _MachinePorts:
    """The scheduler's view of this machine's ports."""

    def is_free(self, address: str, port: int) -> bool:
        return addresses.is_port_free(address, port)

    def overlap(self, one: str, other: str) -> bool:
        return addresses.addresses_overlap(one, other)


@contextmanager
def open_house(loaded: Loaded) -> Iterator[House]:
    """Everything started, and stopped in the opposite order. Raises a ForgatherError where something is missing."""
    settings = loaded.settings
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    scope, names = Scope.of_this_process(), UnitNames(settings.unit_prefix)
    if scope is Scope.USER:
        # A shell from su or cron has none of them, and pystemd looks nowhere else.
        os.environ.setdefault("XDG_RUNTIME_DIR", scope.runtime_dir)
    with _only_server(settings):
        authority = Authority(settings.auth_dir, enabled=settings.auth, people=People(settings.group, settings.admins))
        host = probe(scope, settings.state_dir / "probe")
        store = JobStore(open_database(settings.database), KINDS)
        bus = ManagerBus(scope)
        program = _programs(settings)
        program(KINDS["tensorboard"])
        makes = ServiceMaker(
            scope, names, program, settings.exits_dir, settings.state_dir / "prepared", InForce(_rules(settings)), host
        )
        viewers = Viewers(bus, makes, addresses.listening_addresses, KINDS)
        journal = Journal(scope)
        follower = Follower(journal)
        changes = Changes()
        around = Surroundings(
            _MachinePorts(),
            _answers,
            lambda job: _last_lines(journal, names, job),
            lambda queue_id: knock(makes.socket_path(queue_id)),
            boot_id(),
        )
        limits = Limits(settings.max_running, settings.start_timeout)
        scheduler = Scheduler(store, viewers, around, changes, limits)

        def unit_changed(unit: str) -> None:
            if (queue_id := names.queue_id(unit)) is not None:
                scheduler.unit_changed(queue_id)

        signals = UnitSignals(scope, unit_changed, scheduler.look_at_all)
        try:
            signals.start()
            if not signals.wait_connected(_BUS_PATIENCE):
                raise Unavailable(
                    f"no {scope.value} service manager answers at {scope.bus_address}",
                    hint="log in properly or `loginctl enable-linger`; without systemd: forgather sandbox run -- CMD",
                )
            _cap(viewers, settings)
            scheduler.start()
            accounting = Accounting(ManagerBus(scope), names, host)
            roots = SearchRoots(settings.search_roots, settings.search_roots_file)
            library = Library(roots, cache_dir(), lambda: changes.tell(Subject.PROJECTS))
            parser = SubmissionParser(KINDS, makes.program, _no_sockets(makes))
            services = Services(loaded.file, parser, scheduler, changes, host.sockets and makes.rules.sockets)
            services.declare(loaded.services)
            runs = FollowedRuns(lambda: changes.tell(Subject.RUNS))
            with library.open(), runs.open():
                yield House(
                    settings,
                    scope,
                    names,
                    host,
                    makes,
                    accounting,
                    authority,
                    scheduler,
                    changes,
                    journal,
                    follower,
                    library,
                    runs,
                    services,
                )
        finally:
            follower.close()
            signals.stop()
            scheduler.stop()
            store.close()


def _no_sockets(makes: ServiceMaker) -> str:
    return makes.host.reason if makes.rules.sockets else "the setting placement is direct"


def _rules(settings: Settings) -> Rules:
    return Rules(
        start_timeout=settings.start_timeout,
        stop_timeout=settings.stop_timeout,
        idle_timeout=settings.idle_timeout,
        sockets=settings.placement is Placement.SOCKET,
        hardening=settings.hardening,
        read_only_paths=settings.read_only_paths,
        hidden_paths=(str(settings.auth_dir), str(settings.database)),
        limits=settings.limits,
    )


def _programs(settings: Settings) -> Callable[[ViewerKind], Program]:
    """Finds a kind's program; asks the machine once for each."""
    paths = {"tensorboard": settings.tensorboard, "mkdocs": settings.mkdocs}

    @cache
    def program(name: str) -> Program:
        return KINDS[name].find(paths.get(name, ""))

    return lambda kind: program(kind.name)


def _cap(viewers: Viewers, settings: Settings) -> None:
    caps = slice_properties(settings.slice_limits)
    if not caps:
        return
    try:
        viewers.cap(caps)
    except UnitRefused as why:
        raise Refused(f"systemd refuses the caps of the slice: {why}") from None


def _answers(job: Job) -> bool:
    match job.state:
        case Starting(port=int(port)) | Running(port=int(port)):
            return answers(address_of(job, port), job.submission.kind.readiness_path(job.path_prefix))
    return False


def _last_lines(journal: Journal, names: UnitNames, job: Job) -> Sequence[str]:
    return journal.last_lines(names.service(job), _LAST_LINES)


@contextmanager
def _only_server(settings: Settings) -> Iterator[None]:
    """Two servers on one state folder would both dispatch its queue."""
    lock: IO[str] = (settings.state_dir / "server.lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"another server already works on {settings.state_dir}", hint="stop it, or set another state_dir"
            ) from None
        yield
