"""What the page asks of this machine before a job is queued: folders, a logdir's contents, a port."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, request

from forgather_units.domain.errors import Refused
from forgather_units.domain.job import Running, Sleeping, Starting
from forgather_units.domain.listening import LOOPBACK
from forgather_units.machine.addresses import addresses_overlap, check_host, is_port_free, lowest_free_port
from forgather_units.machine.folders import list_folder
from forgather_units.server.house import House
from forgather_units.server.logdirs import logdir_answer

_LAST_PORT: Final = 65535


def blueprint(house: House) -> Blueprint:
    """The routes. They change nothing."""
    routes = Blueprint("machine", __name__, url_prefix="/api")

    browsed = house.settings.browse_roots

    def roots() -> list[str]:
        """Where projects are, their runs are too."""
        projects = [root.path for root in house.library.roots()]
        return list(dict.fromkeys(os.path.realpath(Path(root).expanduser()) for root in [*browsed, *projects]))

    @routes.get("/fs/browse")
    def browse() -> dict[str, Any]:
        suffixes = tuple(filter(None, request.args.get("files", "").split(",")))
        allowed = roots()
        if not allowed:
            raise Refused("no folder may be looked at (setting browse_roots)", field="path")
        listing = list_folder(request.args.get("path") or allowed[0], allowed, files=suffixes)
        return {**asdict(listing), "roots": allowed}

    @routes.get("/logdir")
    def logdir() -> dict[str, Any]:
        return logdir_answer(request.args.get("path", ""))

    @routes.get("/ports")
    def ports() -> dict[str, Any]:
        host = request.args.get("host") or LOOPBACK
        text = request.args.get("port", "")
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LAST_PORT:
            raise Refused(f"port must be from 1 to {_LAST_PORT}, not {text!r}", field="port")
        return _port_answer(house, host, int(text))

    return routes


def _port_answer(house: House, host: str, port: int) -> dict[str, Any]:
    """Who has the port, in words (None: nobody), and the next that nobody has; `error`: why the host has none."""
    answer = {"port": port, "free": False, "holder": None, "next_free": None, "error": None}
    try:
        check_host(host)
        held = dict(_held(house, host))
        holder = held.get(port) or (None if is_port_free(host, port) else "another process")
        next_free = lowest_free_port(host, port, held)
    except Refused as why:
        # The page asks while the address is typed: that is no failed request.
        return {**answer, "error": why.message}
    return {**answer, "free": holder is None, "holder": holder, "next_free": next_free}


def _held(house: House, host: str) -> Iterator[tuple[int, str]]:
    for job in house.scheduler.jobs():
        match job.state:
            case Starting(port=int(port)) | Running(port=int(port)) | Sleeping(port=int(port)):
                if addresses_overlap(job.submission.options.address, host):
                    yield port, f"{job.queue_id} ({job.title})"
