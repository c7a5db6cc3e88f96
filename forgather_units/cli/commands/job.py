"""`forgather job ...`: active and ended jobs."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import quote, urlencode

from forgather_units.cli.connection.client import Client, Record, connect, job_path
from forgather_units.cli.errors import Usage
from forgather_units.cli.jobs import listing, scheduler, waiting
from forgather_units.cli.jobs.details import details
from forgather_units.cli.jobs.job_id import full_id
from forgather_units.cli.jobs.several import Action, add_ids, on_each
from forgather_units.cli.jobs.tail import MOST_LINES, Start, bytes_of, tail
from forgather_units.cli.jobs.viewer_address import JobOutput
from forgather_units.cli.json_output import print_json
from forgather_units.cli.moments import moment
from forgather_units.cli.options import AddVerb, add_verbs, whole_number
from forgather_units.cli.parser import Parser


def add_arguments(parser: Parser) -> None:
    add = add_verbs(parser)
    listing.add_arguments(add("list", "list jobs: active ones first, then the newest ended ones", listing.run))
    for name, meaning, run in (
        ("status", "show the state of a job, or how it ended", _status),
        ("tail", "print the output of a job, then live output until it ends", _tail),
        ("dump", "print the whole output of a job", _dump),
    ):
        leaf = add(name, meaning, run)
        leaf.add_argument("id", help="the job's id, or a part that only it has")
        if run is _tail:
            leaf.add_argument("--since-cursor", default="", metavar="CURSOR", help="only what came after (see --json)")
        if run in (_tail, _dump):
            lines = whole_number(0, MOST_LINES)
            leaf.add_argument("-n", "--lines", type=lines, metavar="N", help="only the last N lines")
            leaf.add_argument(
                "--since", type=moment, metavar="TIME", help="only lines since then: 10m, 14:05, '2026-01-31 14:05'"
            )
            leaf.add_argument("--raw", action="store_true", help="write all escape sequences, not only colours")
    add_ids(add("wait", "wait until jobs have ended; the exit status is that of the job", waiting.run))
    for name, meaning, action, selects in (
        ("kill", "stop jobs (SIGTERM), also queued ones", _control("kill"), True),
        ("force-kill", "kill all processes of jobs (SIGKILL)", _control("force-kill"), True),
        ("wake", "start sleeping jobs", _control("wake"), True),
        (
            "sleep",
            "end the processes of running jobs; they keep their ports, and the next request wakes them",
            _control("sleep"),
            True,
        ),
        (
            "restart",
            "stop jobs, and queue them again under the same ids; also ended ones",
            _control("restart"),
            True,
        ),
        ("cancel", "remove jobs from the queue; stops running ones", _cancelled, False),
        ("remove", "remove ended jobs from the history", _removed, False),
    ):
        leaf = add(name, meaning, partial(_on_each, action))
        add_ids(leaf, selects=selects)
        if name == "force-kill":
            leaf.add_argument("--yes", action="store_true", help="required: the processes cannot clean up")
    add_cleanup(add)
    add("gc", "compare all jobs with systemd's units now", gc)
    switch = add("scheduler", "the same as `forgather sched status`, `pause` and `resume`", _scheduler)
    switch.add_argument("action", nargs="?", choices=scheduler.ACTIONS, default="status", help="(default: status)")


def add_cleanup(add: AddVerb) -> None:
    """The verb `cleanup`, which `forgather sched` has too."""
    leaf = add("cleanup", "remove ended jobs from the history: all, or these", cleanup)
    leaf.add_argument("id", nargs="*", help="a job's id, or a part that only it has")
    leaf.add_argument("--older-than", metavar="TIME", help="only jobs that ended longer ago than this: 30d, 12h")


def cancel(args: argparse.Namespace) -> int:
    """Remove jobs from the queue."""
    return on_each(args, _cancelled)


def cleanup(args: argparse.Namespace) -> int:
    """Remove ended jobs from the history."""
    if args.id:
        if args.older_than is not None:
            raise Usage("--older-than and an id exclude each other")
        return on_each(args, _removed)
    body = {"older_than": args.older_than} if args.older_than is not None else None
    answer = connect(args.server).object("POST", "/api/jobs/cleanup", body)
    return _told(args, answer, f"removed: {answer.get('count')}")


def gc(args: argparse.Namespace) -> int:
    """Reconcile jobs with systemd's units."""
    answer = connect(args.server).object("POST", "/api/jobs/gc")
    return _told(args, answer, f"jobs that have changed: {answer.get('swept')}")


def _scheduler(args: argparse.Namespace) -> int:
    return scheduler.ACTIONS[args.action](args)


def _told(args: argparse.Namespace, answer: Record, sentence: object) -> int:
    if args.json:
        print_json(answer)
    else:
        print(sentence)
    return 0


def _find(args: argparse.Namespace) -> tuple[Client, str]:
    client = connect(args.server)
    return client, full_id(client, args.id)


def _status(args: argparse.Namespace) -> int:
    client, queue_id = _find(args)
    job = client.object("GET", job_path(queue_id, "/status"))
    if args.json:
        print_json(job)
    else:
        print(details(job, client))
    return 0


def _tail(args: argparse.Namespace) -> int:
    client, queue_id = _find(args)
    start = Start(args.since_cursor, args.lines, args.since)
    tail(client, queue_id, start, as_json=args.json, raw=args.raw)
    return 0


def _dump(args: argparse.Namespace) -> int:
    client, queue_id = _find(args)
    output = JobOutput(client, queue_id, raw=args.raw)
    printed = []
    with _output(args, client, queue_id) as pieces:
        for piece in pieces:
            if args.json:
                printed.append(piece)
            else:
                output.write(piece)
    if args.json:
        print_json({"queue_id": queue_id, **_as_text(b"".join(printed))})
    output.flush()
    return 0


@contextmanager
def _output(args: argparse.Namespace, client: Client, queue_id: str) -> Iterator[Iterable[bytes]]:
    if args.lines is not None:
        if args.since is not None:
            raise Usage("-n and --since exclude each other")
        # The server has pages of one line or more.
        query = urlencode({"count": args.lines or 1})
        page = client.object("GET", job_path(queue_id, f"/tty/lines?{query}")) if args.lines else {}
        yield map(bytes_of, page.get("pieces") or ())
        return
    since = f"?{urlencode({'since': args.since})}" if args.since is not None else ""
    with client.stream(job_path(queue_id, f"/tty{since}")) as pieces:
        yield pieces


def _as_text(printed: bytes) -> Record:
    """JSON holds only text: other bytes are added as base64."""
    try:
        return {"text": printed.decode()}
    except UnicodeDecodeError:
        return {"text": printed.decode(errors="replace"), "base64": base64.b64encode(printed).decode("ascii")}


def _on_each(action: Action, args: argparse.Namespace) -> int:
    if not getattr(args, "yes", True):
        raise Usage("force-kill lets no process clean up: confirm with --yes")
    return on_each(args, action)


def _control(name: str) -> Action:
    def act(client: Client, queue_id: str) -> tuple[Record, str]:
        answer = client.object("POST", job_path(queue_id, f"/control/{name}"))
        return answer, str(answer.get("message") or f"{name}: {queue_id}")

    return act


def _cancelled(client: Client, queue_id: str) -> tuple[Record, str]:
    answer = client.object("DELETE", f"/api/queue/{quote(queue_id, safe='')}")
    return answer, str(answer.get("message") or f"cancelled: {answer.get('aborted')}")


def _removed(client: Client, queue_id: str) -> tuple[Record, str]:
    answer = client.object("DELETE", job_path(queue_id))
    return answer, f"removed: {answer.get('removed')}"
