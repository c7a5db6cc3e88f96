"""The page's event stream: every change, when it happens."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import requests
from forgather_server import Forgather
from jobs import make_job, running
from waiting import wait_until

from forgather_units.api.live import events
from forgather_units.api.live.events import LiveEvents
from forgather_units.api.live.pollers import LogdirChanged, Poller, PollResult, UsageChanged
from forgather_units.cli.connection.events import Event, parse
from forgather_units.files.lookups import directly
from forgather_units.scheduler.events import EventBus, Removed


class Stream:
    """An open stream, read as a page reads it."""

    def __init__(self, answer: requests.Response) -> None:
        self._events = parse(answer.iter_content(None))
        self.hello = self.next("hello")

    def next(self, name: str, wanted: Callable[[Any], bool] = bool) -> Any:
        """The data of the next event of that name that is `wanted`; skips all events before it."""
        return next(data for event in self._events if (data := _data(event, name)) is not None and wanted(data))


def _data(event: Event, name: str) -> Any:
    return json.loads(event.data) if event.name == name else None


@contextmanager
def listening(forgather: Forgather) -> Iterator[Stream]:
    with forgather.get("/api/events", stream=True) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        yield Stream(answer)


def test_each_start_of_the_server_has_its_own_id(make_forgather: Callable[..., Forgather]) -> None:
    forgather = make_forgather()
    forgather.start()
    with listening(forgather) as stream:
        first = stream.hello
        assert first["version"] == forgather.get("/api/health").json()["version"]
    with listening(forgather) as stream:
        assert stream.hello == first
    forgather.stop()
    forgather.start()
    with listening(forgather) as stream:
        assert stream.hello["boot_id"] != first["boot_id"]


def test_the_events_of_a_job_until_its_removal(forgather: Forgather, tmp_path: Path) -> None:
    with listening(forgather) as stream:
        forgather.post("/api/queue/scheduler", {"enabled": False})
        assert stream.next("scheduler")["enabled"] is False
        queue_id = forgather.submit(tmp_path, port="auto", window_title="listed")

        def mine(job: Any) -> bool:
            return bool(job["queue_id"] == queue_id)

        received = stream.next("job", lambda job: mine(job) and job["waits_for"])
        assert received == next(job for job in forgather.get("/api/jobs").json() if mine(job))
        assert (received["status"], received["title"]) == ("queued", "listed")
        forgather.cli("sched", "priority", queue_id, "7")
        assert stream.next("job", lambda job: mine(job) and job["priority"] == 7)
        forgather.cli("job", "kill", queue_id)
        assert stream.next("job", lambda job: mine(job) and job["status"] == "aborted")
        assert forgather.delete(f"/api/jobs/{queue_id}").ok
        assert stream.next("removed") == {"queue_id": queue_id}
        forgather.post("/api/queue/scheduler", {"enabled": True})
        assert stream.next("scheduler")["enabled"] is True


def test_the_server_notices_a_closed_page(forgather: Forgather) -> None:
    def are_open(count: int) -> bool:
        return f'forgather_relayed{{kind="events"}} {count}.0' in forgather.get("/api/metrics").text.splitlines()

    wait_until(lambda: are_open(0))
    with listening(forgather) as stream:
        assert stream.hello
        wait_until(lambda: are_open(1))
    wait_until(lambda: are_open(0))


def test_the_stream_requires_authentication(forgather: Forgather) -> None:
    assert requests.get(f"{forgather.url}/api/events", timeout=120).status_code == 401


def test_a_page_that_does_not_read_is_disconnected_and_uses_no_memory() -> None:
    async def lag() -> list[bytes]:
        changes = EventBus()
        no_jobs: Any = type("Scheduler", (), {"jobs": list})
        stream = LiveEvents(changes, no_jobs, cast(Any, None), cast(Any, None), directly).stream()
        pieces = [await anext(stream)]
        changes.publish(Removed("q_first"))
        pieces.append(await anext(stream))
        for number in range(events.MAX_PENDING + 1):
            changes.publish(Removed(f"q_{number}"))
        pieces += [piece async for piece in stream]
        return pieces

    hello, first, *rest = asyncio.run(lag())
    assert hello.startswith(b"event: hello\n")
    assert first == b'event: removed\ndata: {"queue_id": "q_first"}\n\n'
    assert b"q_" not in b"".join(rest)


def test_values_without_events_are_polled_while_a_page_is_open(tmp_path: Path) -> None:
    job = running(1, 6006)
    grown = make_job(2, logdir=str(tmp_path), state=job.state)
    results: list[PollResult] = []

    def event_files() -> list[int]:
        return [each.facts["event_files"] for each in results if isinstance(each, LogdirChanged)]

    poller = Poller(lambda: [grown], directly, pause=0.01)
    with poller.watching(results.append):
        wait_until(lambda: event_files() == [0] and UsageChanged() in results)
        (tmp_path / "events.out.tfevents.1.host.1.0").write_bytes(b"1234")
        wait_until(lambda: event_files()[1:])
    assert event_files() == [0, 1], "sent once, and again when it has changed"
    wait_until(lambda: not [each for each in threading.enumerate() if each.name == "poller"])
    with poller.watching(results.append), poller.watching(lambda result: None):
        assert len([each for each in threading.enumerate() if each.name == "poller"]) == 1
