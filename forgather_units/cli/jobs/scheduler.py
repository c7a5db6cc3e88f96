"""`forgather sched status|pause|resume`, which are `forgather job scheduler ...` too: the switch of the queue."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from typing import Final

from forgather_units.cli.connection.client import connect
from forgather_units.cli.json_output import print_json

_PATH: Final = "/api/queue/scheduler"


def status(args: argparse.Namespace) -> int:
    """Print whether the queue is paused, and the number of jobs."""
    client = connect(args.server)
    scheduler = client.object("GET", _PATH)
    if args.json:
        print_json(scheduler)
        return 0
    # Forgather's own server counts neither the queue nor sleeping jobs.
    queued = scheduler["queued_count"] if "queued_count" in scheduler else len(client.objects("/api/queue"))
    states = Counter(job.get("status") for job in client.objects("/api/jobs?state=active&limit=0"))
    counts = [f"{states[each]} {each}" for each in ("starting", "running", "sleeping") if states[each]]
    dispatch = "dispatching" if scheduler.get("enabled") else "paused (forgather sched resume)"
    print(f"{dispatch}; {', '.join([*(counts or ['0 running']), f'{queued} queued'])}")
    return 0


def pause(args: argparse.Namespace) -> int:
    """Start no more jobs."""
    return _switch(args, enabled=False)


def resume(args: argparse.Namespace) -> int:
    """Start queued jobs again."""
    return _switch(args, enabled=True)


ACTIONS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {"status": status, "pause": pause, "resume": resume}


def _switch(args: argparse.Namespace, *, enabled: bool) -> int:
    scheduler = connect(args.server).object("POST", _PATH, {"enabled": enabled})
    if args.json:
        print_json(scheduler)
    else:
        print("resumed" if enabled else "paused: no more jobs start, running ones continue")
    return 0
