"""`forgather job ...`: what runs and what ran."""

from __future__ import annotations

import argparse
import base64
import sys
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from forgather_units.cli.client import Client, Record, connect, job_path
from forgather_units.cli.errors import Usage
from forgather_units.cli.job_id import full_id
from forgather_units.cli.options import add_verbs
from forgather_units.cli.tables import age, plain, print_json, size, table
from forgather_units.cli.tail import ending, tail
from forgather_units.machine.account import account_name

HELP: Final = "what runs and what ran: list, status, tail, dump, kill, wake, sleep, restart, remove, cleanup, ..."

_ACTIVE: Final = ("starting", "running", "sleeping")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = add_verbs(parser)
    add("list", "all jobs, active ones first", _list)
    for name, meaning, run in (
        ("status", "how one is, or how it ended", _status),
        ("tail", "its output so far, then live, until it ends", _tail),
        ("dump", "its whole output so far", _dump),
        ("kill", "stop it (SIGTERM); works on a queued one too", _kill),
        ("force-kill", "SIGKILL to all of its processes", _force_kill),
        ("wake", "start a sleeping one before anybody looks", _control_by("wake")),
        ("sleep", "end the process of a running one; its port stays, the next look wakes it", _control_by("sleep")),
        ("restart", "stop it, and queue it again under its own id; works on an ended one too", _control_by("restart")),
        ("cancel", "take it off the queue; stops a running one", cancel),
        ("remove", "forget one that has ended", _remove),
    ):
        leaf = add(name, meaning, run)
        leaf.add_argument("id", help="the job's id, or a part that only it has")
        if run is _tail:
            leaf.add_argument("--since-cursor", default="", metavar="CURSOR", help="only what came after (see --json)")
        if run is _force_kill:
            leaf.add_argument("--yes", action="store_true", help="do it: nothing gets the time to clean up")
    add("cleanup", "forget all that have ended", cleanup)
    add("gc", "compare with systemd, and sweep out what is no longer there", gc)


def cancel(args: argparse.Namespace) -> int:
    """Take a job off the queue."""
    client = connect(args.server)
    answer = client.object("DELETE", f"/api/queue/{quote(full_id(client, args.id), safe='')}")
    return _told(args, answer, answer.get("message") or f"cancelled: {answer.get('aborted')}")


def cleanup(args: argparse.Namespace) -> int:
    """Forget what has ended."""
    answer = connect(args.server).object("POST", "/api/jobs/cleanup")
    return _told(args, answer, f"removed: {answer.get('count')}")


def gc(args: argparse.Namespace) -> int:
    """Compare with systemd."""
    answer = connect(args.server).object("POST", "/api/jobs/gc")
    return _told(args, answer, f"swept: {answer.get('swept')}")


def _told(args: argparse.Namespace, answer: Record, sentence: object) -> int:
    if args.json:
        print_json(answer)
    else:
        print(sentence)
    return 0


def _list(args: argparse.Namespace) -> int:
    jobs = connect(args.server).objects("/api/jobs")
    if args.json:
        print_json(jobs)
    elif jobs:
        # Whose they are is news where they are not all one's own.
        shared = not {job.get("owner") for job in jobs} <= {account_name(), None}
        header = ("ID", "STATUS", "PORT", "PRIORITY", "AGE", *(["OWNER"] if shared else []), "TITLE", "NOTE")
        print(table(header, (_row(job, shared) for job in jobs)))
    else:
        print("no jobs", file=sys.stderr)
    return 0


def _row(job: Record, shared: bool) -> tuple[object, ...]:
    params = job.get("job_params") or {}
    since = job.get("finished_at") or job.get("started_at") or job.get("submitted_at")
    return (
        job.get("queue_id"),
        ending(job),
        _port(job),
        job.get("priority"),
        age(since),
        *([job.get("owner")] if shared else []),
        job.get("title") or params.get("logdir"),
        _first_line(job.get("waits_for") or job.get("error") or ""),
    )


def _port(job: Record) -> object:
    params = job.get("job_params") or {}
    return "private" if params.get("private") else job.get("port") or params.get("port")


def _restarts(job: Record) -> str | None:
    count, reason = job.get("restarts"), job.get("last_failure")
    return f"{count}, after it {reason}" if count and reason else None


def _usage(usage: Record) -> Record:
    """What systemd counts for its unit; a host that does not count has no line."""
    memory, cpu = usage.get("memory_bytes"), usage.get("cpu_seconds")
    read, written = usage.get("io_read_bytes"), usage.get("io_write_bytes")
    uptime = usage.get("uptime_seconds")
    return {
        "memory": None if memory is None else size(memory),
        "cpu": None if cpu is None else f"{cpu:.1f} s",
        "i/o": None if read is None or written is None else f"{size(read)} read, {size(written)} written",
        "up for": None if uptime is None else age(time.time() - uptime),
    }


def _first_line(text: Any) -> str:
    return str(text).partition("\n")[0]


def _find(args: argparse.Namespace) -> tuple[Client, str]:
    client = connect(args.server)
    return client, full_id(client, args.id)


def _status(args: argparse.Namespace) -> int:
    client, queue_id = _find(args)
    job = client.object("GET", job_path(queue_id, "/status"))
    if args.json:
        print_json(job)
        return 0
    params = job.get("job_params") or {}
    facts = {
        "id": job.get("queue_id"),
        "status": ending(job),
        "waits for": job.get("waits_for"),
        "reason": job.get("error"),
        "title": job.get("title"),
        "logdir": params.get("logdir"),
        "address": f"{client.address}{job.get('path_prefix')}/" if job.get("status") in _ACTIVE else None,
        "port": _port(job),
        "priority": job.get("priority"),
        "owner": job.get("owner"),
        "unit": job.get("unit"),
        "process": job.get("pid"),
        "placement": job.get("placement"),
        "protected": ", ".join(job.get("protections") or ()) or None,
        "notice": "\n".join(job.get("notices") or ()) or None,
        "restarts": _restarts(job),
        **_usage(job.get("usage") or {}),
        "submitted": _ago(job.get("submitted_at")),
        "started": _ago(job.get("started_at")),
        "finished": _ago(job.get("finished_at")),
    }
    for name, value in facts.items():
        if value is not None:
            # The reason of a failure may be several lines of output.
            lines = [plain(line) for line in str(value).splitlines()] or ["-"]
            print(f"{name + ':':<11}" + ("\n" + " " * 11).join(lines))
    return 0


def _ago(moment: float | None) -> str | None:
    return None if moment is None else f"{age(moment)} ago"


def _tail(args: argparse.Namespace) -> int:
    client, queue_id = _find(args)
    tail(client, queue_id, after=args.since_cursor, as_json=args.json)
    return 0


def _dump(args: argparse.Namespace) -> int:
    client, queue_id = _find(args)
    with client.stream(job_path(queue_id, "/tty")) as pieces:
        if args.json:
            print_json({"queue_id": queue_id, **_as_text(b"".join(pieces))})
            return 0
        for piece in pieces:
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
    return 0


def _as_text(printed: bytes) -> Record:
    """JSON holds text: bytes that are none come whole as base64 beside it."""
    try:
        return {"text": printed.decode()}
    except UnicodeDecodeError:
        return {"text": printed.decode(errors="replace"), "base64": base64.b64encode(printed).decode("ascii")}


def _control_by(action: str) -> Callable[[argparse.Namespace], int]:
    return lambda args: _control(args, action)


def _kill(args: argparse.Namespace) -> int:
    return _control(args, "kill")


def _force_kill(args: argparse.Namespace) -> int:
    if not args.yes:
        raise Usage("force-kill gives nothing the time to clean up: say --yes if you mean it")
    return _control(args, "force-kill")


def _control(args: argparse.Namespace, action: str) -> int:
    client, queue_id = _find(args)
    answer = client.object("POST", job_path(queue_id, f"/control/{action}"))
    return _told(args, answer, answer.get("message") or f"{action}: {queue_id}")


def _remove(args: argparse.Namespace) -> int:
    client, queue_id = _find(args)
    answer = client.object("DELETE", job_path(queue_id))
    return _told(args, answer, f"removed: {answer.get('removed')}")
