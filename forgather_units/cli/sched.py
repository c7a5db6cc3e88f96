"""`forgather sched ...`: the queue and the scheduler's switch."""

from __future__ import annotations

import argparse
import sys
from typing import Final
from urllib.parse import quote

from forgather_units.cli import job
from forgather_units.cli.client import Record, connect
from forgather_units.cli.job_id import full_id
from forgather_units.cli.options import add_verbs
from forgather_units.cli.tables import age, print_json, table

HELP: Final = "the queue: status, list, priority, pause, resume, cancel, cleanup, gc"

_PATH: Final = "/api/queue/scheduler"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = add_verbs(parser)
    add("status", "whether it dispatches, and how much there is", _status)
    add("list", "what waits, in the order in which it will start, and for what", _list)
    priority = add("priority", "let one that waits go sooner (higher) or later (lower, also below 0)", _priority)
    priority.add_argument("id", help="its id, or a part that only it has")
    priority.add_argument("priority", type=int, metavar="N", help="its new priority: the highest goes first")
    add("pause", "start nothing more; what runs goes on", lambda args: _switch(args, enabled=False))
    add("resume", "start again what waits", lambda args: _switch(args, enabled=True))
    add("cancel", "take a job off the queue", job.cancel).add_argument("id", help="its id, or a part that only it has")
    add("cleanup", "forget all jobs that have ended", job.cleanup)
    add("gc", "compare with systemd, and sweep out what is no longer there", job.gc)


def _status(args: argparse.Namespace) -> int:
    client = connect(args.server)
    status = client.object("GET", _PATH)
    if args.json:
        print_json(status)
        return 0
    # Forgather's own server does not count them.
    queued = status["queued_count"] if "queued_count" in status else len(client.objects("/api/queue"))
    print(
        f"enabled={status.get('enabled')}  queued={queued}  running={status.get('running_count')}"
        f"  last_tick={_ago(status.get('last_tick_at'))}"
    )
    return 0


def _ago(moment: float | None) -> str:
    # Servers that have not ticked yet say 0 or null.
    return f"{age(moment)} ago" if moment else "never"


def _list(args: argparse.Namespace) -> int:
    items = connect(args.server).objects("/api/queue")
    if args.json:
        print_json(items)
    elif items:
        print(table(("ID", "PRIORITY", "PORT", "AGE", "LOGDIR", "WAITS FOR"), map(_row, items)))
    else:
        print("the queue is empty", file=sys.stderr)
    return 0


def _row(item: Record) -> tuple[object, ...]:
    params = item.get("job_params") or {}
    return (
        item.get("queue_id"),
        item.get("priority"),
        params.get("port"),
        age(item.get("submitted_at")),
        params.get("logdir"),
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
        print("resumed" if enabled else "paused: nothing more is started, what runs goes on")
    return 0
