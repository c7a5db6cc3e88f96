"""The server and a running job of the tests that send requests of Forgather's clients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from forgather_server import Forgather


@pytest.fixture
def forgather(emptied_forgather: Forgather) -> Forgather:
    return emptied_forgather


@pytest.fixture
def running(forgather: Forgather, sample_runs: Path, free_port: Callable[[], int]) -> str:
    """A TensorBoard that does not fall asleep."""
    queue_id = forgather.submit(sample_runs, port=free_port(), idle_timeout="never")
    forgather.wait_status(queue_id, "running")
    return queue_id
