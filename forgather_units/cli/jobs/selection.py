"""Options that select jobs, and the jobs that they select."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import urlencode

from forgather_units.cli.connection.client import Client, Page, Record
from forgather_units.cli.jobs.states import ENDED_STATES, STATES, STOPPED, is_ended, state
from forgather_units.cli.parser import Parser
from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.unknown_name import suggestion
from forgather_units.host.account import account_name

_LARGEST_PAGE: Final = 1000
_API_STATES: Final = {"aborted": STOPPED}


def add_arguments(leaf: Parser) -> None:
    states = f"only jobs in these states: {', '.join(STATES)}"
    leaf.add_argument("--status", type=_states, metavar="A,B", help=states)
    leaf.add_argument("--kind", type=_kinds, metavar="A,B", help="only these kinds of viewer, such as tensorboard")
    leaf.add_argument("--search", default="", metavar="WORDS", help="only jobs that contain these words")


def is_narrow(args: argparse.Namespace) -> bool:
    """Whether the client selects among the jobs that the server lists."""
    return bool(args.status or args.kind)


def is_given(args: argparse.Namespace) -> bool:
    """Whether an option selects among all jobs."""
    return bool(args.status or args.kind or args.search)


def selected(client: Client, args: argparse.Namespace, ended: int | None) -> tuple[list[Record], Page]:
    """The jobs that `args` select, at most `ended` ended ones (None: all), and the last page that was needed."""
    states = args.status or STATES
    some_ended = ended != 0 and bool(set(states) & set(ENDED_STATES))
    query = {
        "limit": _LARGEST_PAGE if ended is None or (ended and is_narrow(args)) else min(ended, _LARGEST_PAGE),
        **({"search": args.search} if args.search else {}),
        # `state=active` is without queued jobs.
        **({"state": "ended"} if set(states) <= set(ENDED_STATES) else {}),
        **({} if some_ended else {"limit": 0}),
    }
    page = client.page(f"/api/jobs?{urlencode(query, errors='surrogateescape')}")
    present, over = _divided(page.objects, args)
    while some_ended and page.following is not None and (ended is None or len(over) < ended):
        page = client.page(page.following)
        over += _divided(page.objects, args)[1]
    return [*present, *over[:ended]], page


def active(client: Client, args: argparse.Namespace) -> Iterator[str]:
    """The ids of the caller's own jobs that have not ended, of those that `args` select."""
    user = _user(client)
    for job in selected(client, args, 0)[0]:
        if job.get("owner") in (None, "", user):
            yield str(job.get("queue_id"))


def _user(client: Client) -> str:
    try:
        return str(client.object("GET", "/api/auth/me").get("user"))
    except ForgatherError:
        # Forgather's own server has no accounts.
        return account_name()


def _divided(jobs: list[Record], args: argparse.Namespace) -> tuple[list[Record], list[Record]]:
    """Those that have not ended, and those that have, of the selected ones."""
    wanted = [
        job
        for job in jobs
        if (not args.status or state(job) in args.status) and (not args.kind or kind_of(job) in args.kind)
    ]
    return [job for job in wanted if not is_ended(job)], [job for job in wanted if is_ended(job)]


def kind_of(job: Record) -> str:
    """The kind of its viewer: `tensorboard`."""
    return str(job.get("job_type") or str(job.get("config")).partition(":")[0])


def _states(text: str) -> tuple[str, ...]:
    return tuple(_API_STATES.get(word, word) for word in _words(text, [*STATES, *_API_STATES]))


def _kinds(text: str) -> tuple[str, ...]:
    # Their modules are not needed without this option.
    from forgather_units.viewers.table import KINDS

    return _words(text, KINDS)


def _words(text: str, known: Collection[str]) -> tuple[str, ...]:
    words = tuple(map(str.strip, text.split(",")))
    for word in words:
        if word not in known:
            rule = f"must be some of {', '.join(known)}, not {word!r}"
            raise argparse.ArgumentTypeError(f"{rule}{suggestion(word, known)}")
    return words
