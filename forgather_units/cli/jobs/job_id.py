"""Resolves a part of a queue id to the only job that it matches."""

from __future__ import annotations

from urllib.parse import urlencode

from forgather_units.cli.connection.client import Client
from forgather_units.domain.errors import NotFound, Refused
from forgather_units.domain.queue_id import is_queue_id


def full_id(client: Client, part: str) -> str:
    """The id of the only job whose id holds `part`. Raises NotFound, or Refused where several do."""
    if is_queue_id(part):
        return part
    # A server that ignores `id=` returns all jobs.
    paths = (f"/api/jobs?{urlencode({'id': part}, errors='surrogateescape')}", "/api/queue")
    known = {str(each.get("queue_id")) for path in paths for each in client.objects(path)}
    found = sorted(each for each in known if part and part in each)
    if not found:
        raise NotFound(f"no job's id has {part!r} in it", hint="forgather job list")
    if len(found) > 1:
        shown = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
        raise Refused(f"{part!r} could be any of {len(found)} jobs: {shown}")
    return found[0]
