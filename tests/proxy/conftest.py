"""The proxy in front of the small viewers of viewer_zoo."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from proxy.front import HASTY, Front
from viewer_zoo import ID, MakeViewer, Respond, Viewer
from waiting import wait_until

from forgather_units.proxy.destination import Open, OpenUnix


@pytest.fixture(scope="session")
def running_front() -> Iterator[Front]:
    front = Front()
    yield front
    front.stop()


@pytest.fixture
def front(running_front: Front) -> Iterator[Front]:
    running_front.targets.clear()
    running_front.files.clear()
    yield running_front
    # A request whose client has left may still wait for a viewer: it would reach that of the next test.
    running_front.targets.clear()
    running_front.notify()
    wait_until(lambda: not running_front.waiting)


@pytest.fixture(scope="session")
def running_hasty_front() -> Iterator[Front]:
    front = Front(HASTY)
    yield front
    front.stop()


@pytest.fixture
def hasty_front(running_hasty_front: Front, front: Front) -> Front:
    """Has the same targets as `front`, and waits for about a second only."""
    running_hasty_front.targets = front.targets
    return running_hasty_front


@pytest.fixture
def viewer(front: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeViewer]:
    """Starts a viewer, and makes the proxy find it under ID (or another queue id)."""
    started: list[Viewer] = []

    def make(
        respond: Respond, queue_id: str = ID, *, unix: bool = False, reads_body: bool = True, delay: float = 0
    ) -> Viewer:
        if unix:
            path = str(tmp_path_factory.mktemp("viewer") / "socket")
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen(256)
        else:
            listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        made = Viewer(listener, respond, reads_body, delay)
        started.append(made)
        made.start()
        front.targets[queue_id] = OpenUnix(path) if unix else Open("127.0.0.1", made.port)
        return made

    yield make
    for each in started:
        each.stop()
