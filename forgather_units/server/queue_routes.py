"""/api/queue: what waits, and the scheduler's switch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, request

from forgather_units.domain.errors import Malformed
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.server.answers import Answers
from forgather_units.server.permission import asker, need_admin, need_owner
from forgather_units.server.submission import SubmissionParser, parse_priority


def blueprint(scheduler: Scheduler, answers: Answers, parser: SubmissionParser) -> Blueprint:
    """The routes of the queue."""
    routes = Blueprint("queue", __name__, url_prefix="/api/queue")

    @routes.get("")
    def list_queue() -> list[dict[str, Any]]:
        return [answers.item(job) for job in scheduler.queue()]

    @routes.post("")
    def submit() -> dict[str, Any]:
        submission, warnings = parser.parse(request.get_json())
        job = scheduler.submit(replace(submission, owner=asker().name))
        return {**answers.item(job), "warnings": warnings}

    @routes.patch("/<queue_id>")
    def reprioritize(queue_id: str) -> dict[str, Any]:
        body = request.get_json()
        if not isinstance(body, dict) or set(body) != {"priority"}:
            raise Malformed('the body must be {"priority": n}')
        need_owner(scheduler.job(queue_id))
        return answers.item(scheduler.reprioritize(queue_id, parse_priority(body)))

    @routes.delete("/<queue_id>")
    def abort(queue_id: str) -> dict[str, Any]:
        need_owner(scheduler.job(queue_id))
        return {"message": scheduler.kill(queue_id), "aborted": queue_id}

    @routes.get("/scheduler")
    def status() -> dict[str, Any]:
        return answers.scheduler(scheduler)

    @routes.post("/scheduler")
    def switch() -> dict[str, Any]:
        body = request.get_json()
        if not isinstance(body, dict) or not isinstance(body.get("enabled"), bool):
            raise Malformed('the body must be {"enabled": true} or {"enabled": false}', field="enabled")
        need_admin("pause or resume the queue")
        scheduler.set_enabled(body["enabled"])
        return status()

    return routes
