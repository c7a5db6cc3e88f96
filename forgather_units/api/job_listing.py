"""GET /api/jobs by pages: query parameters and response.

The response is a plain list, as Forgather's clients expect it. Paging data is in headers: `Link` with
`rel="next"` is the address of the next page (RFC 8288), `X-Total-Count` the number of jobs on all pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, jsonify, request

from forgather_units.api.job_json import JobJson
from forgather_units.api.json_body import json_body
from forgather_units.api.query_params import choice, integer, text
from forgather_units.domain import quantities
from forgather_units.domain.errors import Malformed
from forgather_units.domain.job_query import MOST_IN_A_PAGE, Cursor, JobPage, JobQuery, Order, Which
from forgather_units.domain.placement import NEVER
from forgather_units.domain.text import shown

_DEFAULT_LIMIT: Final = 100
_MAX_WORDS: Final = 20
_FORGATHERS: Final = "include_dead_endpoints"
"""A parameter that Forgather's own clients alone send."""


def job_query() -> JobQuery:
    """The query of the current request. Raises Malformed.

    `?limit=` ended jobs (100, at most 1000), those after the cursor `?before=`; `?state=` all, active, queued or ended;
    `?search=` words that a job contains; `?id=` a part of its id; `?sort=` newest, oldest or name.
    """
    words = text("search").casefold().split()
    if len(words) > _MAX_WORDS:
        raise Malformed(f"search must be {_MAX_WORDS} words at most, not {len(words)}", field="search")
    return JobQuery(
        which=choice("state", Which, Which.ALL),
        words=tuple(words),
        id_part=text("id"),
        order=choice("sort", Order, Order.NEWEST),
        before=_cursor(),
        limit=integer("limit", 0, MOST_IN_A_PAGE, default=_DEFAULT_LIMIT),
    )


def _cursor() -> Cursor | None:
    if "before" not in request.args:
        return None
    try:
        return Cursor.parse(text("before"))
    except ValueError:
        required = shown(request.args["before"])
        raise Malformed(f"before must be the cursor of a page's Link header, not {required}", field="before") from None


def listing_response(page: JobPage, job_json: JobJson) -> Response:
    """The list, with a link to the next page."""
    jobs = [job_json.job(job) for job in page.jobs]
    response = jsonify(_as_forgather_lists(jobs) if _FORGATHERS in request.args else jobs)
    response.headers["X-Total-Count"] = str(page.total)
    if page.following is not None:
        query = {**request.args.to_dict(), "before": str(page.following)}
        response.headers["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'
    return response


def _as_forgather_lists(jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The jobs as Forgather's own server lists them: none that is queued, and each with a start.

    Its clients sort by `started_at`, and cannot compare null with a number.
    """
    return [
        {**job, "started_at": job["submitted_at"] if job["started_at"] is None else job["started_at"]}
        for job in jobs
        if job["status"] != "queued"
    ]


def older_than() -> float:
    """`older_than` in the current request's JSON body, in seconds; 0 if missing. Raises Malformed."""
    body = json_body() if request.content_length else {}
    if not isinstance(body, dict) or set(body) - {"older_than"}:
        raise Malformed('the body must be empty or {"older_than": "30d"}')
    value = body.get("older_than")
    if value is None:
        return 0.0
    try:
        seconds = quantities.idle_timeout(value)
    except ValueError:
        seconds = NEVER
    if seconds == NEVER:
        raise Malformed(
            f"older_than must be a time such as 30d, 12h or 90 (seconds), not {shown(value)}", field="older_than"
        )
    return float(seconds)


def queue_ids() -> list[str]:
    """`queue_ids` in the current request's JSON body. Raises Malformed."""
    body = json_body()
    names = body.get("queue_ids") if isinstance(body, dict) and set(body) == {"queue_ids"} else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Malformed('the body must be {"queue_ids": ["q_...", ...]}', field="queue_ids")
    return names
