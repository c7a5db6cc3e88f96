"""What the page asks of this machine before a job is queued: folders, a logdir's contents, a port."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, request

from forgather_units.domain.errors import Refused
from forgather_units.domain.job import Active, Job
from forgather_units.domain.listening import LOOPBACK
from forgather_units.machine.addresses import addresses_overlap, is_port_free
from forgather_units.machine.folders import list_folder
from forgather_units.machine.logdir import inspect_logdir
from forgather_units.server.house import House

_LAST_PORT: Final = 65535


def blueprint(house: House) -> Blueprint:
    """The routes. They change nothing."""
    routes = Blueprint("machine", __name__, url_prefix="/api")
    roots = [os.path.realpath(Path(root).expanduser()) for root in house.settings.browse_roots]

    @routes.get("/fs/browse")
    def browse() -> dict[str, Any]:
        suffixes = tuple(filter(None, request.args.get("files", "").split(",")))
        listing = list_folder(request.args.get("path") or roots[0], roots, files=suffixes)
        return {**asdict(listing), "roots": roots}

    @routes.get("/logdir")
    def logdir() -> dict[str, Any]:
        path = request.args.get("path", "")
        try:
            facts = inspect_logdir(path)
        except Refused as why:
            exists = Path(path).is_absolute() and "\0" not in path and Path(path).exists()
            return {**_NOTHING, "path": path, "exists": exists, "error": why.message}
        return {
            "path": path,
            "exists": True,
            "runs": facts.runs,
            "event_files": facts.event_files,
            "newest_event_time": facts.newest,
            "size_bytes": facts.size,
            "error": None,
        }

    @routes.get("/ports")
    def ports() -> dict[str, Any]:
        host = request.args.get("host") or LOOPBACK
        text = request.args.get("port", "")
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LAST_PORT:
            raise Refused(f"port must be from 1 to {_LAST_PORT}, not {text!r}", field="port")
        port = int(text)
        holder = _holder(house, host, port)
        return {"port": port, "free": holder is None, "holder": holder, "next_free": _next_free(house, host, port)}

    return routes


_NOTHING: Final = {"runs": 0, "event_files": 0, "newest_event_time": None, "size_bytes": 0}


def _holder(house: House, host: str, port: int) -> str | None:
    """Who has the port, in words; None: nobody."""
    for job in house.scheduler.jobs():
        if isinstance(job.state, Active) and job.state.port == port and _same(job, host):
            return f"{job.queue_id} ({job.title})"
    return None if is_port_free(host, port) else "another process"


def _same(job: Job, host: str) -> bool:
    return addresses_overlap(job.submission.options.address, host)


def _next_free(house: House, host: str, first: int) -> int | None:
    return next((port for port in range(first, _LAST_PORT + 1) if _holder(house, host, port) is None), None)
