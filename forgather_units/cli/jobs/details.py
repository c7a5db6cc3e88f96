"""All that is known about one job, for `forgather job status`."""

from __future__ import annotations

from forgather_units.cli.connection.client import Client, Record
from forgather_units.cli.jobs.states import state_and_exit
from forgather_units.cli.tables import plain, size
from forgather_units.cli.text_width import columns, has_reader, wrapped
from forgather_units.cli.times import date_and_ago, span

_INDENT = 11


def details(job: Record, client: Client) -> str:
    """A line for each known fact; a reason may have several."""
    params = job.get("job_params") or {}
    started, finished = job.get("started_at"), job.get("finished_at")
    facts = {
        "id": job.get("queue_id"),
        "status": state_and_exit(job),
        "waits for": job.get("waits_for"),
        "reason": job.get("error"),
        "title": job.get("title"),
        "logdir": params.get("logdir"),
        "address": f"{client.address}{job.get('path_prefix')}/" if job.get("alive") else None,
        "port": "private" if params.get("private") else job.get("port") or params.get("port"),
        "priority": job.get("priority"),
        "owner": job.get("owner"),
        "unit": job.get("unit"),
        "process": job.get("pid"),
        "placement": job.get("placement"),
        "protected": ", ".join(job.get("protections") or ()) or None,
        "notice": "\n".join(job.get("notices") or ()) or None,
        "restarts": _restarts(job),
        **_usage(job.get("usage") or {}),
        "submitted": date_and_ago(job.get("submitted_at")),
        "started": date_and_ago(started),
        "finished": date_and_ago(finished),
        "ran for": span(finished - started) if started and finished else None,
    }
    return "\n".join(_line(name, value) for name, value in facts.items() if value is not None)


def _line(name: str, value: object) -> str:
    lines = [plain(line) for line in str(value).splitlines()] or ["-"]
    if has_reader():
        lines = [part for line in lines for part in wrapped(line, columns() - _INDENT)]
    return f"{name + ':':<{_INDENT}}" + ("\n" + " " * _INDENT).join(lines)


def _restarts(job: Record) -> str | None:
    count, reason = job.get("restarts"), job.get("last_failure")
    return f"{count}, after it {reason}" if count and reason else None


def _usage(usage: Record) -> Record:
    """Resource use of its unit; no line on a host without accounting."""
    memory, cpu = usage.get("memory_bytes"), usage.get("cpu_seconds")
    read, written = usage.get("io_read_bytes"), usage.get("io_write_bytes")
    uptime = usage.get("uptime_seconds")
    return {
        "memory": None if memory is None else size(memory),
        "cpu": None if cpu is None else f"{cpu:.1f} s",
        "i/o": None if read is None or written is None else f"{size(read)} read, {size(written)} written",
        "up for": None if uptime is None else span(uptime),
    }
