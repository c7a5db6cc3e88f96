"""An authority on a fresh folder, and a server that it guards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gated_front import GatedFront

from forgather_units.auth.authority import Authority


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config" / "server"


@pytest.fixture
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="session")
def running_front() -> Iterator[GatedFront]:
    # One for all tests: a waitress takes up to a second to stop.
    started = GatedFront()
    yield started
    started.stop()


@pytest.fixture
def front(running_front: GatedFront, authority: Authority) -> GatedFront:
    running_front.guard(authority)
    return running_front


@pytest.fixture
def open_front(running_front: GatedFront, folder: Path) -> GatedFront:
    """With the gate turned off."""
    running_front.guard(Authority(folder, enabled=False))
    return running_front
