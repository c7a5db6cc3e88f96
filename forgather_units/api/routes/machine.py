"""Queries about this machine before a job is queued: folders, a logdir's contents, a port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from flask import Blueprint

from forgather_units.api import query_params
from forgather_units.api.logdir_json import logdir_json
from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.domain.job import Running, Sleeping, Starting
from forgather_units.domain.listening import LOOPBACK
from forgather_units.domain.text import shown
from forgather_units.domain.values import port
from forgather_units.files.lookups import Ask
from forgather_units.folders.expected import Around
from forgather_units.folders.listing import Completions, browse_folder, complete_path, existence, quick_paths_of
from forgather_units.host.addresses import addresses_overlap, check_host, check_port, is_port_free, lowest_free_port
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.viewers.table import KINDS

Roots = Callable[[], list[str]]


def blueprint(
    scheduler: Scheduler, ask: Ask, roots: Roots, search_roots: Roots, identity: Callable[[], str]
) -> Blueprint:
    """The routes; they change nothing. `roots`: folders below which clients may list folders."""
    routes = Blueprint("machine", __name__, url_prefix="/api")

    @routes.get("/fs/browse")
    def browse() -> dict[str, Any]:
        """`?files=` suffixes of files to list; Forgather's clients send `files_too` and `show_hidden`."""
        suffixes = tuple(filter(None, query_params.text("files").split(",")))
        if query_params.boolean("files_too", default=False):
            suffixes = ("",)
        path = query_params.text("path")
        listing, allowed = ask(path, browse_folder, path, roots(), suffixes, query_params.text("contains"))
        if not query_params.boolean("show_hidden", default=True):
            listing = listing.without_hidden()
        return {**asdict(listing), "roots": allowed}

    @routes.get("/fs/quick-paths")
    def quick_paths() -> list[dict[str, str]]:
        """The folders where a picker may begin."""
        return [asdict(each) for each in ask("", quick_paths_of, roots())]

    @routes.get("/fs/path-exists")
    def path_exists() -> dict[str, Any]:
        path = query_params.required("path")
        exists, is_dir = ask(path, existence, path, roots())
        return {"path": path, "exists": exists, "is_dir": is_dir}

    @routes.get("/server-identity")
    def server_identity() -> dict[str, str]:
        """A name for the settings that a browser stores for this server."""
        return {"identity": identity()}

    @routes.get("/fs/complete")
    def complete() -> dict[str, Any]:
        suffixes = tuple(filter(None, query_params.text("files").split(",")))
        path = query_params.text("path")
        try:
            return asdict(ask(path, complete_path, path, roots(), suffixes))
        except Unavailable:
            # The page asks while the user types: a file system that does not respond has no completions.
            return asdict(Completions((), ""))

    @routes.get("/logdir")
    def logdir() -> dict[str, Any]:
        return logdir_json(ask, query_params.text("path"), Around(roots=tuple(search_roots())))

    @routes.get("/title")
    def title() -> dict[str, Any]:
        """The default title of a viewer of `path` (a logdir, an mkdocs.yml)."""
        name, path = query_params.text("job_type"), query_params.text("path")
        if name not in KINDS:
            raise Refused(f"unsupported job_type {shown(name)}: this server runs {', '.join(KINDS)}", field="job_type")
        return {"title": KINDS[name].title_of(path) if path else ""}

    @routes.get("/ports")
    def ports() -> dict[str, Any]:
        host = query_params.text("host") or LOOPBACK
        text = query_params.text("port")
        try:
            return _port_json(scheduler, host, port(text))
        except ValueError as why:
            raise Refused(f"port {why}, not {shown(text)}", field="port") from None

    return routes


def _port_json(scheduler: Scheduler, host: str, port: int) -> dict[str, Any]:
    """`holder` of the port in words (None: free), and the next free one; `error`: why the host has none."""
    result = {"port": port, "free": False, "holder": None, "next_free": None, "error": None}
    try:
        check_host(host)
        check_port(host, port)
        held = dict(_held(scheduler, host))
        holder = held.get(port) or (None if is_port_free(host, port) else "another process")
        next_free = lowest_free_port(host, port, held)
    except Refused as why:
        # The page asks while the user types the address: this is not a failed request.
        return {**result, "error": why.message}
    return {**result, "free": holder is None, "holder": holder, "next_free": next_free}


def _held(scheduler: Scheduler, host: str) -> Iterator[tuple[int, str]]:
    for job in scheduler.jobs():
        match job.state:
            case Starting(port=int(port)) | Running(port=int(port)) | Sleeping(port=int(port)):
                if addresses_overlap(job.submission.options.address, host):
                    yield port, f"{job.queue_id} ({job.title})"
