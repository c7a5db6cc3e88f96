"""Permissions of the current request's caller, and the audit log of changes."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import quote

from flask import Flask, Response, request

from forgather_units.auth.gate import IDENTITY
from forgather_units.auth.people import OWNER, Person
from forgather_units.domain.errors import Forbidden
from forgather_units.domain.job import Job

log = logging.getLogger("forgather.audit")

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# /api/auth/ logs itself; there is no identity before sign-in.
_UNAUDITED: Final = "/api/auth/"


def caller() -> Person:
    """The caller of the current request, whom the gate has authenticated."""
    person: Person = request.environ[IDENTITY].person
    return person


def owner_of(job: Job) -> str:
    """The account that queued it; for the instance of a service, the server's own account."""
    return job.submission.owner or OWNER.name


def owned_as(person: Person) -> tuple[str, ...]:
    """The values of `owner` in job records that mean this person."""
    return (person.name, "") if person.name == OWNER.name else (person.name,)


def owners_of_caller() -> tuple[str, ...] | None:
    """The values of `owner` in job records that the caller may change; None: all."""
    person = caller()
    return None if person.is_admin else owned_as(person)


def need_owner(job: Job) -> None:
    """Raises Forbidden unless the caller owns the job or is an admin."""
    owner = owner_of(job)
    if not caller().may_change(owner):
        raise Forbidden(f"{job.queue_id} belongs to {owner}: only {owner} and the admins of this server may change it")


def need_admin(what: str) -> None:
    """Raises Forbidden unless the caller is an admin. `what` completes the sentence: `pause the queue`."""
    if not caller().is_admin:
        raise Forbidden(f"only the admins of this server may {what}")


def register(app: Flask) -> None:
    """Make `app` log each change with its caller."""

    @app.after_request
    def audit(response: Response) -> Response:
        path = request.path
        if request.method in _READING or not path.startswith("/api/") or path.startswith(_UNAUDITED):
            return response
        identity = request.environ.get(IDENTITY)
        if identity is not None:
            body = response.get_json(silent=True) if response.is_json else None
            made = body.get("queue_id") if request.method == "POST" and isinstance(body, dict) else None
            # Quoted: a path may contain a newline.
            what = f"{request.method} {quote(path)}" + (f" {made}" if made else "")
            log.info("%s: %s: %d", identity.person.name, what, response.status_code)
        return response
