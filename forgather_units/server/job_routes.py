"""/api/jobs: what runs and what ran."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint

from forgather_units.domain.errors import Refused
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.server.answers import Answers
from forgather_units.server.permission import asker, need_owner, owner_of

# Whoever looks wakes it too.
_OF_A_LOOK = ("wake",)


def blueprint(scheduler: Scheduler, answers: Answers) -> Blueprint:
    """The routes of the jobs."""
    routes = Blueprint("jobs", __name__, url_prefix="/api/jobs")
    actions: Mapping[str, Callable[[str], str]] = {
        "kill": scheduler.kill,
        "force-kill": lambda queue_id: scheduler.kill(queue_id, force=True),
        "wake": scheduler.wake,
        "sleep": scheduler.put_to_sleep,
        "restart": scheduler.restart,
    }

    @routes.get("")
    def list_jobs() -> list[dict[str, Any]]:
        return [answers.job(job) for job in scheduler.jobs()]

    @routes.get("/<queue_id>/status")
    def status(queue_id: str) -> dict[str, Any]:
        return answers.job(scheduler.job(queue_id))

    @routes.post("/<queue_id>/control/<action>")
    def control(queue_id: str, action: str) -> dict[str, Any]:
        job = scheduler.job(queue_id)
        if action not in actions:
            kind, known = job.submission.kind.name, " and ".join(actions)
            raise Refused(f"unsupported action {action!r}: a {kind} has {known}", field="action")
        if action not in _OF_A_LOOK:
            need_owner(job)
        message = actions[action](queue_id)
        return {"success": True, "message": message, "data": answers.job(scheduler.job(queue_id))}

    @routes.delete("/<queue_id>")
    def remove(queue_id: str) -> dict[str, Any]:
        need_owner(scheduler.job(queue_id))
        scheduler.remove(queue_id)
        return {"removed": queue_id, "source": "queue"}

    @routes.post("/cleanup")
    def cleanup() -> dict[str, Any]:
        person = asker()
        removed = scheduler.cleanup(lambda job: person.may_change(owner_of(job)))
        return {"removed": removed, "count": len(removed)}

    @routes.post("/gc")
    def gc() -> dict[str, Any]:
        return {"swept": scheduler.sweep()}

    return routes
