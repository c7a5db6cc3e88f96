"""One server for all tests of a module: their requests do not change its state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from forgather_server import Forgather

PROXY = "127.0.0.1"


@pytest.fixture(scope="module")
def forgather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgather]:
    """A server with a trusted reverse proxy."""
    server = Forgather(tmp_path_factory.mktemp("server"), trusted_proxy=PROXY)
    try:
        server.start()
        yield server
    finally:
        server.clean()
