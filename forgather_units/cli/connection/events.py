"""Server-Sent Events, taken apart (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `id` is the last one that the stream gave, empty before any."""

    name: str
    data: str
    id: str


def parse(pieces: Iterable[bytes]) -> Iterator[Event]:
    """The whole events in a stream of bytes, cut anywhere. A last one without its blank line is none."""
    name, last_id, data = "", "", list[str]()
    for line in _lines(pieces):
        if not line:
            if data:
                yield Event(name or "message", "\n".join(data), last_id)
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                name = value
            case "data":
                data.append(value)
            case "id":
                last_id = value
            case _:
                # A comment (the heartbeat), or a field of no use to us.
                pass


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode(errors="replace")
