"""/api/jobs: lists jobs and controls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response

from forgather_units.api.job_json import JobJson
from forgather_units.api.job_listing import job_query, listing_response, older_than, queue_ids
from forgather_units.api.permission import need_owner, owners_of_caller
from forgather_units.domain.errors import ForgatherError, NotFound, Refused
from forgather_units.domain.job import Job, Outcome
from forgather_units.files.lookups import Ask
from forgather_units.folders.expected import Around
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.viewers.table import KINDS

# Visiting the viewer wakes it anyway.
_OPEN_TO_EVERYONE = ("wake",)


def blueprint(scheduler: Scheduler, job_json: JobJson, ask: Ask) -> Blueprint:
    """The job routes."""
    routes = Blueprint("jobs", __name__, url_prefix="/api/jobs")
    actions: Mapping[str, Callable[[str], str]] = {
        "kill": scheduler.kill,
        "force-kill": lambda queue_id: scheduler.kill(queue_id, force=True),
        "wake": scheduler.wake,
        "sleep": scheduler.put_to_sleep,
        "restart": lambda queue_id: scheduler.restart(queue_id, _visible_paths(scheduler.job(queue_id), ask)),
    }

    @routes.get("")
    def list_jobs() -> Response:
        """Jobs that have not ended, then the newest `limit` ended ones; see job_listing.py."""
        return listing_response(scheduler.page(job_query()), job_json)

    @routes.get("/<queue_id>/status")
    def status(queue_id: str) -> dict[str, Any]:
        return job_json.job(scheduler.job(queue_id))

    @routes.post("/<queue_id>/control/<action>")
    def control(queue_id: str, action: str) -> dict[str, Any]:
        job = scheduler.job(queue_id)
        if action not in actions:
            kind, known = job.submission.kind.name, " and ".join(actions)
            raise Refused(f"unsupported action {action!r}: a {kind} has {known}", field="action")
        if action not in _OPEN_TO_EVERYONE:
            need_owner(job)
        message = actions[action](queue_id)
        return {"success": True, "message": message, "data": job_json.job(scheduler.job(queue_id))}

    @routes.delete("/<queue_id>")
    def remove(queue_id: str) -> dict[str, Any]:
        need_owner(scheduler.job(queue_id))
        scheduler.remove(queue_id)
        return {"removed": queue_id, "source": "queue"}

    @routes.post("/cleanup")
    def cleanup() -> dict[str, Any]:
        """The body may be {"older_than": "30d"}, or a number of seconds."""
        removed = scheduler.cleanup(owners_of_caller(), older_than())
        return {"removed": removed, "count": len(removed)}

    @routes.get("/cleanup")
    def cleanup_preview() -> dict[str, Any]:
        """What a cleanup would remove: the number of jobs, also by status."""
        by_status = scheduler.ended_by_status(owners_of_caller())
        counts = {outcome.value: by_status.get(outcome.value, 0) for outcome in Outcome}
        return {**counts, "count": sum(counts.values())}

    @routes.post("/restore")
    def restore() -> dict[str, Any]:
        """Undo a removal of the last minute. The body is {"queue_ids": [...]}."""
        restored = scheduler.restore(queue_ids(), owners_of_caller())
        if not restored:
            raise NotFound("a removed job can be restored for a minute: it is too late for these")
        return {"restored": restored, "count": len(restored)}

    @routes.post("/gc")
    def gc() -> dict[str, Any]:
        return {"swept": scheduler.sweep()}

    return routes


def _visible_paths(job: Job, ask: Ask) -> tuple[str, ...] | None:
    """Paths that it must see besides its folder, since links may have changed after the submission. None if unknown."""
    kind = KINDS.get(job.submission.kind.name)
    try:
        options = job.submission.options
        return ask(options.folder, kind.check, options, Around()).read_only_paths if kind else None
    except (ForgatherError, OSError):
        # The viewer then fails by itself, or shows the remaining files.
        return None
