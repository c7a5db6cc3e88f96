"""`forgather job wait`: returns when jobs have ended, with an exit status that follows them."""

from __future__ import annotations

import argparse
import time
from typing import Final

from forgather_units.cli.connection.client import Client, Record, connect, job_path
from forgather_units.cli.connection.failures import ServerGone
from forgather_units.cli.jobs.job_id import full_id
from forgather_units.cli.jobs.states import exit_status, is_ended, state_and_exit
from forgather_units.cli.json_output import print_json

_PAUSE: Final = 0.5
# For a restart of the server (seconds).
_PATIENCE: Final = 30.0


def run(args: argparse.Namespace) -> int:
    """Wait for the jobs in the order of `args`; the first exit status that is not 0. Raises ForgatherErrors."""
    client = connect(args.server)
    jobs = []
    for queue_id in [full_id(client, part) for part in args.id]:
        jobs.append(_ended(client, queue_id))
        if not args.json:
            print(f"{queue_id}: {state_and_exit(jobs[-1])}", flush=True)
    if args.json:
        print_json(jobs[0] if len(jobs) == 1 else jobs)
    return next(filter(None, map(exit_status, jobs)), 0)


def _ended(client: Client, queue_id: str) -> Record:
    gone_since: float | None = None
    while True:
        try:
            job = client.object("GET", job_path(queue_id, "/status"))
        except ServerGone:
            now = time.monotonic()
            gone_since = now if gone_since is None else gone_since
            if now - gone_since > _PATIENCE:
                raise
        else:
            gone_since = None
            if is_ended(job):
                return job
        # A look costs the server a millisecond, and needs no connection that a restart would break.
        time.sleep(_PAUSE)
