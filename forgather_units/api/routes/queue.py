"""/api/queue: waiting jobs, and the scheduler's switch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint

from forgather_units.api.job_json import JobJson
from forgather_units.api.json_body import json_body
from forgather_units.api.permission import caller, need_admin, need_owner
from forgather_units.domain.errors import Malformed
from forgather_units.domain.job import Submission
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.viewers.submission import SubmissionParser, parse_priority


def blueprint(
    scheduler: Scheduler,
    job_json: JobJson,
    parser: SubmissionParser,
    warnings: Callable[[Submission], Sequence[str]],
) -> Blueprint:
    """The queue routes. `warnings` lists protections that this host cannot give a job."""
    routes = Blueprint("queue", __name__, url_prefix="/api/queue")

    @routes.get("")
    def list_queue() -> list[dict[str, Any]]:
        return [job_json.item(job) for job in scheduler.queue()]

    @routes.post("")
    def submit() -> dict[str, Any]:
        submission, facts = parser.parse(json_body())
        job = scheduler.submit(replace(submission, owner=caller().name))
        return {
            **job_json.item(job),
            "read_only_paths": list(submission.read_only_paths),
            "warnings": [*facts.warnings, *warnings(submission)],
            "notes": list(facts.notes),
        }

    @routes.patch("/<queue_id>")
    def reprioritize(queue_id: str) -> dict[str, Any]:
        body = json_body()
        if not isinstance(body, dict) or set(body) != {"priority"}:
            raise Malformed('the body must be {"priority": n}')
        need_owner(scheduler.job(queue_id))
        return job_json.item(scheduler.reprioritize(queue_id, parse_priority(body)))

    @routes.delete("/<queue_id>")
    def abort(queue_id: str) -> dict[str, Any]:
        need_owner(scheduler.job(queue_id))
        return {"message": scheduler.kill(queue_id), "aborted": queue_id}

    @routes.get("/scheduler")
    def status() -> dict[str, Any]:
        return job_json.scheduler(scheduler)

    @routes.post("/scheduler")
    def switch() -> dict[str, Any]:
        body = json_body()
        if not isinstance(body, dict) or not isinstance(body.get("enabled"), bool):
            raise Malformed('the body must be {"enabled": true} or {"enabled": false}', field="enabled")
        need_admin("pause or resume the queue")
        scheduler.set_enabled(body["enabled"])
        return status()

    return routes
