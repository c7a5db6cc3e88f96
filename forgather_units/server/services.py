"""Declared services: what the settings file says should be there, made true, and changed in the file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from forgather_units.domain.errors import Conflict, ForgatherError, Malformed, NotFound
from forgather_units.domain.job import Job, Submission
from forgather_units.domain.listening import AUTO
from forgather_units.domain.service import NAME_RULE, Service, is_service_name
from forgather_units.kinds.services import args_problems
from forgather_units.kinds.table import KINDS
from forgather_units.scheduler.changes import Changes, Subject
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.server.submission import SubmissionParser
from forgather_units.settings import edit

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""A service's type and name."""


class Services:
    """The declared services and their instances. Any thread, one at a time."""

    def __init__(
        self, file: Path, parser: SubmissionParser, scheduler: Scheduler, changes: Changes, sockets: bool
    ) -> None:
        self._file = file
        self._parser = parser
        self._scheduler = scheduler
        self._changes = changes
        self._sockets = sockets
        self._lock = threading.RLock()
        self._declared: dict[Key, Service] = {}
        self._errors: dict[Key, str] = {}

    def declare(self, services: Sequence[Service]) -> None:
        """These and no others: what is missing is queued, what is no longer declared so is stopped."""
        with self._lock:
            self._declared = {(service.type, service.name): service for service in services}
            self._reconcile()

    def all(self) -> list[dict[str, Any]]:
        """What the API says of each: the declaration, and its instance."""
        with self._lock:
            return [self._said(service) for service in self._declared.values()]

    def create(self, body: Any) -> dict[str, Any]:
        """Declare one (or declare it anew) in the file, and make it true. Raises Malformed or Refused."""
        service = _service_of(body)
        with self._lock:
            if service.enabled:
                # What cannot run is refused before it is written down.
                self._submission(service)
            edit.declare(self._file, service)
            self._declared[service.type, service.name] = service
            self._reconcile()
            return self._said(service)

    def remove(self, kind: str, name: str) -> None:
        """Raises NotFound."""
        with self._lock:
            self._need(kind, name)
            edit.withdraw(self._file, kind, name)
            del self._declared[kind, name]
            self._reconcile()

    def enable(self, kind: str, name: str, enabled: bool) -> dict[str, Any]:
        """Raises NotFound."""
        with self._lock:
            service = replace(self._need(kind, name), enabled=enabled)
            edit.switch(self._file, kind, name, enabled)
            self._declared[kind, name] = service
            self._reconcile()
            return self._said(service)

    def start(self, kind: str, name: str) -> dict[str, Any]:
        """Queue an instance of one that has none. Raises NotFound, Conflict, and like a submission."""
        with self._lock:
            service = self._need(kind, name)
            if not service.enabled:
                raise Conflict(f"{kind} {name} is disabled", hint=f"forgather service enable {kind} {name}")
            if not self._instances(service):
                self._scheduler.submit(self._submission(service))
                self._errors.pop((kind, name), None)
                self._changes.tell(Subject.SERVICES)
            return self._said(service)

    def stop(self, kind: str, name: str) -> dict[str, Any]:
        """End its instance; it stays enabled, and comes back with the next server. Raises NotFound."""
        with self._lock:
            service = self._need(kind, name)
            for job in self._instances(service):
                self._scheduler.kill(job.queue_id)
            return self._said(service)

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
        wanted = {key: service for key, service in self._declared.items() if service.enabled}
        there: set[Key] = set()
        for job in self._live():
            service = wanted.get(_key(job))
            if service is None or service.signature != job.submission.signature or _key(job) in there:
                self._scheduler.kill(job.queue_id)
            elif not job.stop_requested:
                there.add(_key(job))
        self._errors = {}
        for key, service in wanted.items():
            if key in there:
                continue
            try:
                self._scheduler.submit(self._submission(service))
            except ForgatherError as why:
                # One that cannot be (its logdir is not mounted yet, say) must not keep the others away.
                log.error("service %s %s: %s", *key, why.message)
                self._errors[key] = why.message
        self._changes.tell(Subject.SERVICES)

    def _submission(self, service: Service) -> Submission:
        kind = KINDS[service.type]
        params = dict(service.args)
        priority = params.pop("priority", 0)
        params[kind.required] = str(Path(str(params[kind.required])).expanduser())
        if "window_title" in kind.parsers:
            # What lists call it, where its declaration does not say.
            params.setdefault("window_title", service.name)
        if self._sockets and not params.get("direct"):
            # Asleep until somebody looks, and on a port only where one was named: its address is the server's.
            params.setdefault("lazy", True)
            params.setdefault("private", not {"port", "host", "bind_all"} & set(params))
        elif "port" not in params:
            params["port"] = AUTO
        port = "private" if params.get("private") else params.get("port", kind.usual_port)
        body = {
            "project_dir": params[kind.required],
            "config": f"{kind.name}:{port}",
            "job_type": kind.name,
            "priority": priority,
            "job_params": params,
        }
        submission, _ = self._parser.parse(body)
        return replace(submission, service=service.name, signature=service.signature)

    def _said(self, service: Service) -> dict[str, Any]:
        try:
            job: Job | None = self._scheduler.service_job(f"/api/{KINDS[service.type].segment}/", service.name)
        except NotFound:
            job = None
        return {
            "service": {**asdict(service), "args": dict(service.args), "signature": service.signature},
            "running": job is not None and job.is_active,
            "queue_id": job.queue_id if job else None,
            "status": job.status if job else None,
            "error": self._errors.get((service.type, service.name)),
            "url": f"/api/{KINDS[service.type].segment}/{service.name}/",
        }


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
    for field, said in args_problems(str(kind), args).items():
        raise Malformed(said, field=field or "type")
    return Service(str(kind), str(name), enabled, args)
