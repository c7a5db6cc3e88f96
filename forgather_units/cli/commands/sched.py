"""`forgather sched ...`: the queue and its switch; other verbs are those of `forgather job`."""

from __future__ import annotations

import argparse
import sys
from typing import Final
from urllib.parse import quote

from forgather_units.cli.commands import job
from forgather_units.cli.connection.client import Record, connect
from forgather_units.cli.jobs import listing, scheduler
from forgather_units.cli.jobs.job_id import full_id
from forgather_units.cli.jobs.several import add_ids
from forgather_units.cli.json_output import print_json
from forgather_units.cli.options import add_verbs
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import Column, Fit, table
from forgather_units.cli.times import since

_COLUMNS: Final = ("ID", "PRIORITY", "PORT", "AGE", Column("LOGDIR", Fit.CUT_START), Column("WAITS FOR", Fit.CUT))


def add_arguments(parser: Parser) -> None:
    add = add_verbs(parser)
    add("status", "whether the queue is paused, and the number of jobs", scheduler.status)
    listing.add_arguments(add("list", "list queued, active and ended jobs, as `forgather job list` does", listing.run))
    add("queue", "list queued jobs in the order of their start, and what they wait for", _queue)
    priority = add("priority", "change the priority of a queued job", _priority)
    priority.add_argument("id", help="the job's id, or a part that only it has")
    priority.add_argument(
        "priority", type=int, metavar="N", help="the new priority; higher ones start first, and it may be negative"
    )
    add("pause", "start no more jobs; running ones continue", scheduler.pause)
    add("resume", "start queued jobs again", scheduler.resume)
    add_ids(add("cancel", "remove jobs from the queue; stops running ones", job.cancel))
    job.add_cleanup(add)
    add("gc", "compare all jobs with systemd's units now", job.gc)


def _queue(args: argparse.Namespace) -> int:
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
