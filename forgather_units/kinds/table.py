"""All kinds of viewer that this server runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from forgather_units.kinds.kind import Kind
from forgather_units.kinds.mkdocs import MKDOCS
from forgather_units.kinds.tensorboard import TENSORBOARD

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in (TENSORBOARD, MKDOCS)}
"""By name, in the order in which lists show them."""
