"""Submits a viewer to the server; then waits for it, opens it or follows its output."""

from __future__ import annotations

import argparse
import os
import sys
import time
import webbrowser
from typing import Any, Final

from forgather_units.cli.connection.client import Client, Record, connect, job_path
from forgather_units.cli.errors import JobEnded
from forgather_units.cli.folders import absolute
from forgather_units.cli.jobs.states import state_and_exit
from forgather_units.cli.jobs.tail import tail
from forgather_units.cli.json_output import print_json
from forgather_units.domain.errors import Unavailable
from forgather_units.domain.viewer import mount_path
from forgather_units.viewers.contract.kind import Kind

Params = dict[str, Any]

_PAUSE: Final = 0.2
_NOT_YET: Final = ("queued", "starting")
# A sleeping job is ready too: the first request wakes it.
_READY: Final = ("running", "sleeping")


def run(args: argparse.Namespace, kind: Kind, params: Params) -> int:
    """Queue it and print its id; then wait, open and follow as asked. Raises JobEnded, or what the server says."""
    client = connect(args.server)
    label = kind.label_of(params)
    item = client.object("POST", "/api/queue", _submission(args, kind, params, label))
    queue_id = item.get("queue_id")
    if not isinstance(queue_id, str):
        raise Unavailable(f"{client.url} accepted the job and did not say its id")
    for warning in item.get("warnings") or ():
        print(f"warning: {warning}", file=sys.stderr)
    for note in item.get("notes") or ():
        print(f"note: {note}", file=sys.stderr)
    if not args.json:
        print(f"queued: {queue_id} ({label}, priority={args.priority})", flush=True)
    url = f"{client.address}{mount_path(kind)}{queue_id}/"
    if args.wait or args.open:
        item = _wait(client, queue_id)
    if args.json:
        print_json({**item, "url": url}, one_line=args.follow)
    elif args.wait or args.open:
        print(url, flush=True)
    elif item.get("waits_for") and not args.follow:
        print(f"waiting: {item['waits_for']}", file=sys.stderr)
    if args.open and _has_display():
        webbrowser.open(url)
    if args.follow:
        tail(client, queue_id, as_json=args.json)
    return 0


def _submission(args: argparse.Namespace, kind: Kind, params: Params, label: str) -> Record:
    return {
        "project_dir": absolute(args.project_dir) if args.project_dir else params[kind.required],
        "config": label,
        "dynamic_args": {},
        "requested_gpus": 0,
        "priority": args.priority,
        "job_type": kind.name,
        "job_params": params,
    }


def _wait(client: Client, queue_id: str) -> Record:
    """The job's record once it answers. Says on stderr what it waits for. Raises JobEnded."""
    said = None
    while True:
        job = client.object("GET", job_path(queue_id, "/status"))
        status, reason = job.get("status"), job.get("waits_for")
        if status not in _NOT_YET:
            break
        if reason and reason != said:
            print(f"waiting: {reason}", file=sys.stderr, flush=True)
            said = reason
        # A look costs the server a millisecond, and readiness is news within a blink.
        time.sleep(_PAUSE)
    if status not in _READY:
        raise JobEnded(f"{queue_id} {state_and_exit(job)}" + (f": {job['error']}" if job.get("error") else ""))
    return job


def _has_display() -> bool:
    """Without one, webbrowser would start a browser for terminals in the middle of our output."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
