"""A job as one flat mapping: the API returns it, SQLite stores it, and a unit contains it.

The field names are those of Forgather's own server; this program adds others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any, cast

from forgather_units.domain.job import (
    Ended,
    Exit,
    Job,
    Outcome,
    Queued,
    Running,
    Sleeping,
    Starting,
    State,
    Submission,
)
from forgather_units.domain.placement import Placed, Placement, Placing
from forgather_units.domain.queue_id import is_queue_id
from forgather_units.domain.text import unicode_problem
from forgather_units.domain.viewer import Kinds

Record = dict[str, Any]


def item_of(job: Job) -> Record:
    """The queue item: the request for a job, JSON-ready. `item_of` and `job_of_item` are inverse."""
    submission = job.submission
    return {
        "queue_id": job.queue_id,
        "project_dir": submission.project_dir,
        "config": submission.config,
        "dynamic_args": submission.dynamic_args,
        "requested_gpus": submission.requested_gpus,
        "priority": submission.priority,
        "submitted_at": job.submitted_at,
        "job_type": submission.kind.name,
        "job_params": {**asdict(cast(Any, submission.options)), **asdict(submission.placing)},
        "read_only_paths": list(submission.read_only_paths),
        "service": submission.service,
        "owner": submission.owner,
        "signature": submission.signature,
    }


def record_of(job: Job) -> Record:
    """The whole job, JSON-ready. `record_of` and `job_of` are inverse."""
    return {
        **item_of(job),
        "node": None,
        "gpu_indices": [],
        "output_dir": job.submission.options.folder,
        "path_prefix": job.path_prefix,
        "invocation_id": job.invocation_id,
        "stop_requested": job.stop_requested,
        "restart_requested": job.restart_requested,
        "restarts": job.restarts,
        "last_failure": job.last_failure,
        "boot_id": job.boot_id,
        "folder_notice": job.folder_notice,
        **placed_fields(job.placed),
        **_state_fields(job.state),
        "status": job.status,
    }


def job_of_item(item: Mapping[str, Any], kinds: Kinds) -> Job:
    """The queued job of an item; raises KeyError, TypeError or ValueError for anything else."""
    kind = kinds[item["job_type"]]
    return Job(
        queue_id=item["queue_id"],
        submitted_at=item["submitted_at"],
        submission=Submission(
            project_dir=item["project_dir"],
            config=item["config"],
            kind=kind,
            options=kind.options_of(item["job_params"]),
            placing=Placing(**own_fields(Placing, item["job_params"])),
            read_only_paths=tuple(item.get("read_only_paths", ())),
            service=item.get("service", ""),
            owner=item.get("owner", ""),
            signature=item.get("signature", ""),
            priority=item["priority"],
            requested_gpus=item["requested_gpus"],
            dynamic_args=item["dynamic_args"],
        ),
    )


def job_of(record: Mapping[str, Any], kinds: Kinds) -> Job:
    """The job of a record; raises like `job_of_item`."""
    return replace(
        job_of_item(record, kinds),
        state=_state_of(record),
        invocation_id=record.get("invocation_id", ""),
        stop_requested=record.get("stop_requested", False),
        restart_requested=record.get("restart_requested", False),
        restarts=record.get("restarts", 0),
        last_failure=record.get("last_failure", ""),
        boot_id=record.get("boot_id", ""),
        folder_notice=record.get("folder_notice", ""),
        placed=placed_of(record),
    )


def check_usable(job: Job) -> None:
    """Access every property of a job that was read from outside, to detect an unusable one. Raises any exception.

    `job_of` and `job_of_item` take any values for a job's fields: a record may be of another version, or edited.
    """
    submission, options = job.submission, job.submission.options
    if not is_queue_id(job.queue_id):
        raise ValueError(f"{job.queue_id!r} is not the id of a job")
    # An ended job is only shown; no unit contains its text.
    if not job.is_ended and (problem := unicode_problem(json.dumps(item_of(job), ensure_ascii=False))):
        raise ValueError(f"its text {problem}")
    for value, kind in (
        (submission.priority, int),
        (job.submitted_at, int | float),
        (job.title, str),
        (job.path_prefix, str),
        (options.address, str),
        (options.folder, str),
        (options.port, int | str),
        (getattr(job.state, "port", None), int | None),
    ):
        if not isinstance(value, kind):
            raise TypeError(f"{value!r} has the wrong type")
    submission.kind.flags(options, submission.kind.usual_port, job.path_prefix, "")


def placed_fields(placed: Placed | None) -> Record:
    """How a job was placed, JSON-ready. `placed_fields` and `placed_of` are inverse."""
    return {
        "placement": placed.placement.value if placed else None,
        "protections": list(placed.protections) if placed else [],
        "notices": list(placed.notices) if placed else [],
    }


def placed_of(record: Mapping[str, Any]) -> Placed | None:
    """None for a job whose unit never started. Raises ValueError for an unknown placement."""
    if not record.get("placement"):
        return None
    return Placed(
        Placement(record["placement"]), tuple(record.get("protections", ())), tuple(record.get("notices", ()))
    )


def own_fields(options: type, params: Mapping[str, Any]) -> Record:
    """The parameters that are fields of `options`: another version may have written the job."""
    names = {each.name for each in fields(options)}
    return {name: value for name, value in params.items() if name in names}


def _state_fields(state: State) -> Record:
    values: Record = {
        "pid": None,
        "port": None,
        "started_at": None,
        "ready_at": None,
        "sleeping_since": None,
        "finished_at": None,
        "exit_code": None,
        "signal": None,
        "error": None,
        "waits_for": None,
    }
    match state:
        case Queued(waits_for=reason):
            values["waits_for"] = reason
        case Starting():
            values.update(started_at=state.started_at, port=state.port, pid=state.pid)
        case Running():
            values.update(started_at=state.started_at, ready_at=state.ready_at, port=state.port, pid=state.pid)
        case Sleeping():
            values.update(sleeping_since=state.since, port=state.port, started_at=state.started_at)
        case Ended():
            values.update(
                started_at=state.started_at,
                port=state.port,
                finished_at=state.finished_at,
                exit_code=state.exit.code,
                signal=state.exit.signal,
                error=state.reason or None,
            )
    return values


def _state_of(record: Mapping[str, Any]) -> State:
    match record["status"]:
        case "queued":
            return Queued(record.get("waits_for"))
        case "starting":
            return Starting(record["started_at"], record["port"], record.get("pid"))
        case "running":
            return Running(record["started_at"], record["ready_at"], record["port"], record.get("pid"))
        case "sleeping":
            return Sleeping(record["sleeping_since"], record["port"], record.get("started_at"))
        case status:
            return Ended(
                outcome=Outcome(status),
                finished_at=record["finished_at"],
                exit=Exit(record.get("exit_code"), record.get("signal")),
                reason=record.get("error") or "",
                started_at=record.get("started_at"),
                port=record.get("port"),
            )
