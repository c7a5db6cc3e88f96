"""The page's one stream: what changes, as it changes."""

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

from forgather_units.cli.events import Event, parse
from forgather_units.scheduler.changes import Changes, Removed
from forgather_units.server import page_events
from forgather_units.server.page_events import PageEvents
from forgather_units.server.page_looks import Logdir, Look, Looks, Usage


class Stream:
    """An open stream, read as a page reads it."""

    def __init__(self, answer: requests.Response) -> None:
        self._events = parse(answer.iter_content(None))
        self.hello = self.next("hello")

    def next(self, name: str, wanted: Callable[[Any], bool] = bool) -> Any:
        """The data of the next event of that name that is `wanted`; what comes before it is passed over."""
        return next(data for event in self._events if (data := _data(event, name)) is not None and wanted(data))


def _data(event: Event, name: str) -> Any:
    return json.loads(event.data) if event.name == name else None


@contextmanager
def listening(forgather: Forgather) -> Iterator[Stream]:
    with forgather.get("/api/events", stream=True) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        yield Stream(answer)


def test_each_start_of_the_server_has_an_id_of_its_own(make_forgather: Callable[..., Forgather]) -> None:
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


def test_a_job_from_the_queue_to_its_removal(forgather: Forgather, tmp_path: Path) -> None:
    with listening(forgather) as stream:
        forgather.post("/api/queue/scheduler", {"enabled": False})
        assert stream.next("scheduler")["enabled"] is False
        queue_id = forgather.submit(tmp_path, port="auto", window_title="told")

        def mine(job: Any) -> bool:
            return bool(job["queue_id"] == queue_id)

        told = stream.next("job", lambda job: mine(job) and job["waits_for"])
        assert told == next(job for job in forgather.get("/api/jobs").json() if mine(job))
        assert (told["status"], told["title"]) == ("queued", "told")
        forgather.cli("sched", "priority", queue_id, "7")
        assert stream.next("job", lambda job: mine(job) and job["priority"] == 7)
        forgather.cli("job", "kill", queue_id)
        assert stream.next("job", lambda job: mine(job) and job["status"] == "aborted")
        assert forgather.delete(f"/api/jobs/{queue_id}").ok
        assert stream.next("removed") == {"queue_id": queue_id}
        forgather.post("/api/queue/scheduler", {"enabled": True})
        assert stream.next("scheduler")["enabled"] is True


def test_a_page_that_leaves_is_noticed(forgather: Forgather) -> None:
    def are_open(count: int) -> bool:
        return f'forgather_relayed{{kind="events"}} {count}.0' in forgather.get("/api/metrics").text.splitlines()

    wait_until(lambda: are_open(0))
    with listening(forgather) as stream:
        assert stream.hello and are_open(1)
    wait_until(lambda: are_open(0))


def test_it_is_behind_the_gate(forgather: Forgather) -> None:
    assert requests.get(f"{forgather.url}/api/events", timeout=10).status_code == 401


def test_a_page_that_takes_nothing_is_let_go_and_holds_no_memory() -> None:
    async def lag() -> list[bytes]:
        changes = Changes()
        nobody: Any = type("Scheduler", (), {"jobs": list})
        stream = PageEvents(changes, nobody, cast(Any, None), cast(Any, None)).stream()
        said = [await anext(stream)]
        changes.tell(Removed("q_first"))
        said.append(await anext(stream))
        for number in range(page_events._MOST + 1):
            changes.tell(Removed(f"q_{number}"))
        said += [piece async for piece in stream]
        return said

    hello, first, *rest = asyncio.run(lag())
    assert hello.startswith(b"event: hello\n")
    assert first == b'event: removed\ndata: {"queue_id": "q_first"}\n\n'
    assert b"q_" not in b"".join(rest)


def test_what_nobody_tells_is_looked_at_while_somebody_watches(tmp_path: Path) -> None:
    job = running(1, 6006)
    grown = make_job(2, logdir=str(tmp_path), state=job.state)
    heard: list[Look] = []

    def event_files() -> list[int]:
        return [each.facts["event_files"] for each in heard if isinstance(each, Logdir)]

    looks = Looks(lambda: [grown], pause=0.01)
    with looks.watching(heard.append):
        wait_until(lambda: event_files() == [0] and Usage() in heard)
        (tmp_path / "events.out.tfevents.1.host.1.0").write_bytes(b"1234")
        wait_until(lambda: event_files()[1:])
    assert event_files() == [0, 1], "told once, and again when it is another"
    wait_until(lambda: not [each for each in threading.enumerate() if each.name == "looks"])
    with looks.watching(heard.append), looks.watching(lambda look: None):
        assert len([each for each in threading.enumerate() if each.name == "looks"]) == 1
