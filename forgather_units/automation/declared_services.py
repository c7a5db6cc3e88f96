"""Declared services: keeps an instance of each service in the settings file, and edits the file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from forgather_units.domain.declaration import NAME_RULE, Service, is_service_name
from forgather_units.domain.errors import Conflict, ForgatherError, Malformed, NotFound, Refused, Unavailable
from forgather_units.domain.job import Job, Submission
from forgather_units.domain.listening import AUTO
from forgather_units.domain.viewer import mount_path
from forgather_units.scheduler.events import EventBus, Subject
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.settings import edit
from forgather_units.viewers.declaration_args import NOT_OPTIONS, args_problems
from forgather_units.viewers.submission import SubmissionParser
from forgather_units.viewers.table import KINDS

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""A service's type and name."""


class DeclaredServices:
    """The declared services and their instances. Thread-safe."""

    def __init__(
        self,
        file: Path,
        parser: SubmissionParser,
        scheduler: Scheduler,
        changes: EventBus,
        sockets: Callable[[], bool],
    ) -> None:
        self._file = file
        self._parser = parser
        self._scheduler = scheduler
        self._changes = changes
        self._sockets = sockets
        # Held briefly: folders are inspected outside of it.
        self._lock = threading.RLock()
        self._reconciling = threading.Lock()
        self._declared: dict[Key, Service] = {}
        self._errors: dict[Key, str] = {}
        self._unresponsive: set[Key] = set()
        """Services whose file system did not respond."""
        self._unchecked: set[Key] = set()
        """Services whose folder has not been checked since their declaration."""

    def declare(self, services: Sequence[Service]) -> None:
        """Replace all declarations: queues missing instances, and stops instances that are no longer declared.

        Returns at once; a thread does the work, since hundreds of folders are inspected and each may take long.
        """
        with self._lock:
            self._declared = {(service.type, service.name): service for service in services}
            self._unchecked = {key for key, service in self._declared.items() if service.enabled}
        threading.Thread(target=self._reconcile, name="services", daemon=True).start()

    def retry(self) -> None:
        """A file system responds again: queue the services that failed because of it. Thread-safe."""
        if self._unresponsive:
            self._reconcile()

    def waits_for(self, mount: str, name: str) -> str:
        """Why a declared service has no instance yet; empty if it has one, or if none will be queued."""
        key = next((key for key in self._declared if key[1] == name and _mount(key[0]) == mount), None)
        if key in self._unchecked:
            return "the server is checking its folder"
        return self._errors.get(key, "") if key is not None and key in self._unresponsive else ""

    def all(self) -> list[dict[str, Any]]:
        """JSON of all services: declaration and instance."""
        with self._lock:
            return [self._json(service) for service in self._declared.values()]

    def create(self, body: Any) -> dict[str, Any]:
        """Add or replace a declaration in the file, and apply it. Raises Malformed or Refused."""
        service = _service_of(body)
        # Refuse a service that cannot run before storing it.
        if service.enabled:
            self._submission(service)
        with self._lock:
            edit.declare(self._file, service)
            self._declared[service.type, service.name] = service
            self._stop_undeclared()
        self._queue_if_missing(service)
        self._changes.publish(Subject.SERVICES)
        return self._json(service)

    def remove(self, kind: str, name: str) -> None:
        """Raises NotFound."""
        with self._lock:
            self._need(kind, name)
            edit.withdraw(self._file, kind, name)
            del self._declared[kind, name]
            self._stop_undeclared()
            self._changes.publish(Subject.SERVICES)

    def enable(self, kind: str, name: str, enabled: bool) -> dict[str, Any]:
        """Raises NotFound."""
        with self._lock:
            service = replace(self._need(kind, name), enabled=enabled)
            edit.switch(self._file, kind, name, enabled)
            self._declared[kind, name] = service
            self._stop_undeclared()
        self._queue_if_missing(service)
        self._changes.publish(Subject.SERVICES)
        return self._json(service)

    def start(self, kind: str, name: str) -> dict[str, Any]:
        """Queue an instance if there is none. Raises NotFound, Conflict, and the errors of a submission."""
        with self._lock:
            service = self._need(kind, name)
            has_instance = bool(self._instances(service))
        if not service.enabled:
            raise Conflict(f"{kind} {name} is disabled", hint=f"forgather service enable {kind} {name}")
        if not has_instance:
            submission = self._submission(service)
            with self._lock:
                self._queue(service, submission)
            self._changes.publish(Subject.SERVICES)
        return self._json(service)

    def stop(self, kind: str, name: str) -> dict[str, Any]:
        """End its instance; it stays enabled, and starts again with the next server. Raises NotFound."""
        with self._lock:
            service = self._need(kind, name)
            for job in self._instances(service):
                self._scheduler.kill(job.queue_id)
            return self._json(service)

    def _need(self, kind: str, name: str) -> Service:
        try:
            return self._declared[kind, name]
        except KeyError:
            raise NotFound(f"no such service: {kind} {name}") from None

    def _instances(self, service: Service) -> list[Job]:
        return [job for job in self._live() if _key(job) == (service.type, service.name)]

    def _live(self) -> list[Job]:
        return [job for job in self._scheduler.jobs() if job.submission.service and not job.is_ended]

    def _reconcile(self) -> None:
        with self._reconciling:
            with self._lock:
                self._stop_undeclared()
                services = list(self._declared.values())
            for service in services:
                self._queue_if_missing(service)
                self._unchecked.discard((service.type, service.name))
        self._changes.publish(Subject.SERVICES)

    def _stop_undeclared(self) -> None:
        """End duplicate instances, and those whose declaration has changed. Needs the lock."""
        kept: set[Key] = set()
        for job in self._live():
            service = self._declared.get(_key(job))
            declared = service is not None and service.enabled and service.signature == job.submission.signature
            if not declared or _key(job) in kept:
                self._scheduler.kill(job.queue_id)
            elif not job.stop_requested:
                kept.add(_key(job))
        self._errors = {key: why for key, why in self._errors.items() if key in self._declared}
        self._unresponsive &= self._declared.keys()

    def _queue_if_missing(self, service: Service) -> None:
        """Queue an instance if the service is enabled and has none. Without the lock, since it inspects its folder."""
        key = service.type, service.name
        with self._lock:
            if not self._lacks_instance(service):
                return
        # An error of one service (its logdir is not mounted yet, say) must not affect the others.
        try:
            submission = self._submission(service)
            with self._lock:
                self._queue(service, submission)
            return
        except ForgatherError as why:
            log.error("service %s %s: %s", *key, why.message)
            error, is_unresponsive = why.message, isinstance(why, Unavailable)
        except Exception as why:
            log.exception("service %s %s could not be queued", *key)
            error, is_unresponsive = f"it could not be queued ({type(why).__name__}: {why})", False
        with self._lock:
            if self._declared.get(key) == service:
                self._errors[key] = error
                (self._unresponsive.add if is_unresponsive else self._unresponsive.discard)(key)

    def _queue(self, service: Service, submission: Submission) -> None:
        """Queue it unless its declaration has changed or it has an instance. Needs the lock."""
        key = service.type, service.name
        if self._lacks_instance(service):
            self._scheduler.submit(submission)
            self._errors.pop(key, None)
            self._unresponsive.discard(key)

    def _lacks_instance(self, service: Service) -> bool:
        if not service.enabled or self._declared.get((service.type, service.name)) != service:
            return False
        return not any(
            job.submission.signature == service.signature and not job.stop_requested for job in self._instances(service)
        )

    def _submission(self, service: Service) -> Submission:
        kind = KINDS[service.type]
        params = dict(service.args)
        priority, *_ = [params.pop(name, 0) for name in NOT_OPTIONS]
        params[kind.required] = str(Path(str(params[kind.required])).expanduser())
        if "window_title" in kind.parsers:
            # The title in lists, unless the declaration sets one.
            params.setdefault("window_title", service.name)
        if self._sockets() and not params.get("direct"):
            # Asleep until the first visit, and without a port unless one is declared: its URL is the server's.
            params.setdefault("lazy", True)
            params.setdefault("private", not {"port", "host", "bind_all"} & set(params))
        elif "port" not in params:
            params["port"] = AUTO
        body = {
            "project_dir": params[kind.required],
            "config": kind.label_of(params),
            "job_type": kind.name,
            "priority": priority,
            "job_params": params,
        }
        submission, _ = self._parser.parse(body)
        return replace(submission, service=service.name, signature=service.signature)

    def _json(self, service: Service) -> dict[str, Any]:
        try:
            job: Job | None = self._scheduler.service_job(_mount(service.type), service.name)
        except NotFound:
            job = None
        return {
            "service": {**asdict(service), "args": dict(service.args), "signature": service.signature},
            "running": job is not None and job.is_active,
            "queue_id": job.queue_id if job else None,
            "status": job.status if job else None,
            "error": self._errors.get((service.type, service.name)),
            "url": f"{_mount(service.type)}{service.name}/",
        }


def _mount(kind: str) -> str:
    return mount_path(KINDS[kind])


def _key(job: Job) -> Key:
    return job.submission.kind.name, job.submission.service


def _service_of(body: Any) -> Service:
    if not isinstance(body, dict) or not set(body) <= {"type", "name", "enabled", "args"}:
        raise Malformed('the body must be {"type": ..., "name": ..., "enabled": true, "args": {...}}')
    kind, name, enabled = body.get("type"), body.get("name"), body.get("enabled", True)
    args = body.get("args") or {}
    if not is_service_name(name):
        raise Malformed(f"name {NAME_RULE}", field="name")
    if not isinstance(enabled, bool):
        raise Malformed("enabled must be true or false", field="enabled")
    if not isinstance(args, dict):
        raise Malformed("args must be an object", field="args")
    args = {key: value for key, value in args.items() if value is not None}
    for field, problem in args_problems(str(kind), args).items():
        raise (Malformed if field else Refused)(problem, field=field or "type")
    return Service(str(kind), str(name), enabled, args)
