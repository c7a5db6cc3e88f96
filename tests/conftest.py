"""What many tests need: a server of their own, sample runs, free ports."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from forgather_server import Forgather

from forgather_units.samples.collection import write_samples


@pytest.fixture
def forgather(tmp_path: Path) -> Iterator[Forgather]:
    """A started server."""
    server = Forgather(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.clean()


@pytest.fixture
def make_forgather(tmp_path: Path) -> Iterator[Callable[..., Forgather]]:
    """Makes servers with settings of their own, not yet started."""
    with ExitStack() as held:

        def make(**settings: object) -> Forgather:
            server = Forgather(tmp_path, **settings)
            held.callback(server.clean)
            return server

        yield make


@pytest.fixture(scope="session")
def sample_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `output_models` folder of the sample runs."""
    return write_samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A port that nobody listens on; each call gives another."""
    given: set[int] = set()

    def free() -> int:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port: int = probe.getsockname()[1]
            if port not in given:
                given.add(port)
                return port

    return free
