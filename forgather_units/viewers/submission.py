"""Parses the body of POST /api/queue: the result is valid, else one sentence says why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import Malformed, Refused, Unavailable
from forgather_units.domain.job import Submission
from forgather_units.domain.listening import AUTO
from forgather_units.domain.placement import Placing
from forgather_units.domain.text import shown
from forgather_units.files.lookups import Ask, directly
from forgather_units.files.slots import DoesNotAnswer
from forgather_units.folders.expected import Around
from forgather_units.host.addresses import check_host, check_port, may_look
from forgather_units.units.hiding import why_not_bound
from forgather_units.units.service_unit import bindable
from forgather_units.viewers.contract import params as parse
from forgather_units.viewers.contract.kind import Facts, Kind, WhyNot, look, nothing_reserved
from forgather_units.viewers.contract.option import PATHS
from forgather_units.viewers.declaration_args import PLACING

_PRIORITIES: Final = range(-1_000_000, 1_000_001)
_NO_PORTS: Final = "its unit has no AF_INET: /usr/share/doc/forgather-units/examples/network.conf gives it back"
_FIELDS: Final = (
    "project_dir",
    "config",
    "dynamic_args",
    "requested_gpus",
    "priority",
    "job_type",
    "job_params",
)
Body = Mapping[str, Any]


class SubmissionParser:
    """Parses submissions of `kinds`.

    `find` raises Refused for a kind whose program is not installed; `no_sockets` returns the reason why the socket
    placement is not available now, empty if it is. `reserved` returns the reason why a viewer may not show a path (the
    end of a sentence; empty if it may). It accesses the path, so `ask` runs it in a helper process: it must be
    picklable. In `roots`, and in its project, the folder of a viewer may appear later.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        find: Callable[[Kind], object],
        no_sockets: Callable[[], str],
        reserved: WhyNot = nothing_reserved,
        ask: Ask = directly,
        roots: Callable[[], Sequence[str]] = lambda: (),
    ) -> None:
        self._kinds = kinds
        self._find = find
        self._no_sockets = no_sockets
        self._reserved = reserved
        self._ask = ask
        self._roots = roots

    def parse(self, body: Any) -> tuple[Submission, Facts]:
        """The submission, and the result of checking its folder. Raises Malformed (shape), Refused (cannot be)
        or Unavailable (its file system does not answer).
        """
        if not isinstance(body, dict):
            raise Malformed("the body must be one JSON object")
        kind = self._kind(body)
        project_dir = _required_text(body, "project_dir")
        params = _from_project(_params(body, kind), kind, project_dir)
        options = kind.options(**{name: parser(params, name) for name, parser in kind.parsers.items()})
        placing = _placing(params, self._no_sockets())
        self._find(kind)
        if why := why_not_bound(options.folder):
            raise Refused(f"{kind.required} {options.folder} {why}", field=kind.required)
        facts = self._look(kind, options, project_dir)
        beside, not_visible = bindable(facts.read_only_paths)
        if options.host is not None and not options.bind_all:
            check_host(options.host)
        if options.port != AUTO and not placing.private:
            check_port(options.address, options.port)
        if parse.whole(body, "requested_gpus", 0) < 0:
            raise Refused("requested_gpus cannot be negative", field="requested_gpus")
        submission = Submission(
            project_dir=project_dir,
            config=_required_text(body, "config"),
            kind=kind,
            options=options,
            priority=parse_priority(body),
            # A viewer never reserves a GPU.
            requested_gpus=0,
            dynamic_args=_mapping(body, "dynamic_args"),
            placing=placing,
            read_only_paths=tuple(beside),
        )
        return submission, replace(facts, warnings=(*facts.warnings, *not_visible, *_ignored(body)))

    def _look(self, kind: Kind, options: Any, project_dir: str) -> Facts:
        how = (kind.check, options, kind.required, self._reserved, Around(project_dir, tuple(self._roots())))
        try:
            return self._ask(options.folder, look, *how)
        except DoesNotAnswer as why:
            raise Unavailable(
                f"{options.folder} cannot be accessed: {why.reason}", hint=why.hint, field=kind.required
            ) from None

    def _kind(self, body: Body) -> Kind:
        given = _required_text(body, "job_type")
        if given not in self._kinds:
            known = ", ".join(self._kinds)
            raise Refused(f"unsupported job_type {given!r}: this server runs {known}", field="job_type")
        return self._kinds[given]


def parse_priority(body: Body) -> int:
    """`priority`, 0 where it is not given."""
    priority = parse.whole(body, "priority", 0)
    if priority not in _PRIORITIES:
        raise Refused(f"priority must be from {_PRIORITIES[0]} to {_PRIORITIES[-1]}", field="priority")
    return priority


def _params(body: Body, kind: Kind) -> Body:
    if body.get("job_params") is None:
        raise Refused(f"job_params is missing: a {kind.name} needs at least a {kind.required}", field="job_params")
    params = _mapping(body, "job_params")
    # The server sets the prefix itself; clients of Forgather's server may send it.
    _only(params, (*kind.parsers, *PLACING, "path_prefix"), "job_params: ")
    if params.get(kind.required) is None:
        raise Refused(f"{kind.required} is missing", field=kind.required)
    return params


def _from_project(params: Body, kind: Kind, project_dir: str) -> Body:
    """The parameters with the relative paths of lists as paths below the client's folder, where they were typed."""
    found = dict(params)
    for option in kind.own_options:
        if option.type is PATHS and isinstance(listed := params.get(option.name), list):
            found[option.name] = [str(Path(project_dir, each)) if isinstance(each, str) else each for each in listed]
    return found


def _placing(params: Body, no_sockets: str) -> Placing:
    placing = Placing(**{name: parser(params, name) for name, parser in PLACING.items()})
    if placing.direct and not may_look():
        raise Refused("direct is not possible here: this server reaches no ports", field="direct", hint=_NO_PORTS)
    for name in ("private", "lazy"):
        if placing.direct and getattr(placing, name):
            raise Refused(f"direct and {name} exclude each other: only systemd's socket can do that", field=name)
        if no_sockets and getattr(placing, name):
            raise Refused(f"{name} is not possible here: {no_sockets}", field=name, hint="forgather doctor")
    if placing.memory_max and placing.memory_high and placing.memory_high > placing.memory_max:
        raise Refused("memory_high cannot be above memory_max", field="memory_high")
    return placing


def _ignored(body: Body) -> list[str]:
    """A sentence for each unknown key: a later version of Forgather's client may send more."""
    return [f"the key {shown(key)} is unknown and has no effect" for key in body if key not in _FIELDS]


def _only(mapping: Body, known: tuple[str, ...], where: str) -> None:
    unknown = [str(key) for key in mapping if key not in known]
    if unknown:
        raise Malformed(f"{where}unknown key {unknown[0]!r} (known: {', '.join(known)})", field=unknown[0])


def _required_text(body: Body, name: str) -> str:
    value = parse.text(body, name)
    if value is None:
        raise Malformed(f"{name} is missing", field=name)
    return value


def _mapping(mapping: Body, name: str) -> dict[str, Any]:
    value = mapping.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{name} must be an object", field=name)
    return value
