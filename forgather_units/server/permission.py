"""Whose request this is, what they may do, and the line in the journal that says what they did."""

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
# Signing in says it itself: here nobody is known yet.
_OF_NOBODY: Final = "/api/auth/"


def asker() -> Person:
    """Who sends the present request; the gate has let them in."""
    person: Person = request.environ[IDENTITY].person
    return person


def owner_of(job: Job) -> str:
    """Who queued it. What nobody did, a service's instance say, is of the server's own account."""
    return job.submission.owner or OWNER.name


def need_owner(job: Job) -> None:
    """Raises Forbidden unless the job is the asker's, or the asker an admin."""
    owner = owner_of(job)
    if not asker().may_change(owner):
        raise Forbidden(f"{job.queue_id} is {owner}'s: only {owner} and the admins of this server may change it")


def need_admin(what: str) -> None:
    """Raises Forbidden for others than admins. `what` ends the sentence: `pause the queue`."""
    if not asker().is_admin:
        raise Forbidden(f"only the admins of this server may {what}")


def register(app: Flask) -> None:
    """Have `app` say who changed what."""

    @app.after_request
    def said(response: Response) -> Response:
        path = request.path
        if request.method in _READING or not path.startswith("/api/") or path.startswith(_OF_NOBODY):
            return response
        identity = request.environ.get(IDENTITY)
        if identity is not None:
            answer = response.get_json(silent=True) if response.is_json else None
            made = answer.get("queue_id") if request.method == "POST" and isinstance(answer, dict) else None
            # Quoted: a path may hold a line of its own.
            what = f"{request.method} {quote(path)}" + (f" {made}" if made else "")
            log.info("%s: %s: %d", identity.person.name, what, response.status_code)
        return response
