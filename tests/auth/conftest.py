"""An authority with a new folder, and a server that uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from auth.gated_front import GatedFront
from clock import Clock

from forgather_units.auth.authority import Authority


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config" / "server"


@pytest.fixture
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="session")
def running_front() -> Iterator[GatedFront]:
    # One for all tests, because waitress takes up to a second to stop.
    started = GatedFront()
    yield started
    started.stop()


@pytest.fixture
def front(running_front: GatedFront, authority: Authority) -> GatedFront:
    running_front.guard(authority)
    return running_front


@pytest.fixture
def open_front(running_front: GatedFront, folder: Path) -> GatedFront:
    """The server with authentication turned off."""
    running_front.guard(Authority(folder, enabled=False))
    return running_front
