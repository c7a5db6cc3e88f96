"""`forgather sched ...`: the queue, pause and resume."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Final
from urllib.parse import quote

from forgather_units.cli.commands import job
from forgather_units.cli.connection.client import Record, connect
from forgather_units.cli.jobs.job_id import full_id
from forgather_units.cli.jobs.several import add_ids
from forgather_units.cli.json_output import print_json
from forgather_units.cli.options import add_verbs
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import Column, Fit, table
from forgather_units.cli.times import since

_PATH: Final = "/api/queue/scheduler"
_COLUMNS: Final = ("ID", "PRIORITY", "PORT", "AGE", Column("LOGDIR", Fit.CUT_START), Column("WAITS FOR", Fit.CUT))


def add_arguments(parser: Parser) -> None:
    add = add_verbs(parser)
    add("status", "whether the queue is paused, and the number of jobs", _status)
    add("list", "list queued jobs in the order of their start, and what they wait for", _list)
    priority = add("priority", "change the priority of a queued job", _priority)
    priority.add_argument("id", help="the job's id, or a part that only it has")
    priority.add_argument(
        "priority", type=int, metavar="N", help="the new priority; higher ones start first, and it may be negative"
    )
    add("pause", "start no more jobs; running ones continue", lambda args: _switch(args, enabled=False))
    add("resume", "start queued jobs again", lambda args: _switch(args, enabled=True))
    add_ids(add("cancel", "remove jobs from the queue; stops running ones", job.cancel))
    add("cleanup", "remove all ended jobs from the history", job.cleanup)
    add("gc", "compare all jobs with systemd's units now", job.gc)


def _status(args: argparse.Namespace) -> int:
    client = connect(args.server)
    status = client.object("GET", _PATH)
    if args.json:
        print_json(status)
        return 0
    # Forgather's own server counts neither the queue nor sleeping jobs.
    queued = status["queued_count"] if "queued_count" in status else len(client.objects("/api/queue"))
    states = Counter(job.get("status") for job in client.objects("/api/jobs?state=active&limit=0"))
    counts = [f"{states[each]} {each}" for each in ("starting", "running", "sleeping") if states[each]]
    dispatch = "dispatching" if status.get("enabled") else "paused (forgather sched resume)"
    print(f"{dispatch}; {', '.join([*(counts or ['0 running']), f'{queued} queued'])}")
    return 0


def _list(args: argparse.Namespace) -> int:
    items = connect(args.server).objects("/api/queue")
    if args.json:
        print_json(items)
    elif items:
        print(table(_COLUMNS, map(_row, items)))
    else:
        print("the queue is empty", file=sys.stderr)
    return 0


def _row(item: Record) -> tuple[object, ...]:
    params = item.get("job_params") or {}
    return (
        item.get("queue_id"),
        item.get("priority"),
        params.get("port"),
        since(item.get("submitted_at")),
        params.get("logdir") or params.get("config_file"),
        item.get("waits_for"),
    )


def _priority(args: argparse.Namespace) -> int:
    client = connect(args.server)
    path = f"/api/queue/{quote(full_id(client, args.id), safe='')}"
    item = client.object("PATCH", path, {"priority": args.priority})
    if args.json:
        print_json(item)
    else:
        print(f"{item.get('queue_id')}: priority {item.get('priority')}")
    return 0


def _switch(args: argparse.Namespace, *, enabled: bool) -> int:
    status = connect(args.server).object("POST", _PATH, {"enabled": enabled})
    if args.json:
        print_json(status)
    else:
        print("resumed" if enabled else "paused: no more jobs start, running ones continue")
    return 0
