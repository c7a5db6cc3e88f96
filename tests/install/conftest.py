"""The wheel of this checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_wheel import build_wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))
