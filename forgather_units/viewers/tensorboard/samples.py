"""`samples_per_plugin`: how many samples TensorBoard keeps of each series, by the plugin that shows them."""

from __future__ import annotations

import re
from typing import Final

from forgather_units.domain.errors import Refused
from forgather_units.domain.unknown_name import unknown
from forgather_units.viewers.contract import params
from forgather_units.viewers.contract.option import FieldType, ValueType

_FIELD: Final = "samples_per_plugin"
_PAIR: Final = re.compile(r"([A-Za-z0-9_.-]+)\s*=\s*([0-9]{1,9})")
_STOCK: Final = (
    "audio",
    "custom_scalars",
    "distributions",
    "graphs",
    "histograms",
    "hparams",
    "images",
    "mesh",
    "pr_curves",
    "scalars",
    "text",
)
"""The names under which TensorBoard's own plugins ask for samples."""


def parse_samples(given: params.Params, name: str) -> str | None:
    """`images=100,scalars=0` from text that may hold spaces. Raises Malformed and Refused."""
    value = params.optional_text(given, name)
    if value is None:
        return None
    pairs = [_PAIR.fullmatch(part.strip()) for part in value.split(",")]
    if not all(pairs):
        raise Refused(f"{name} must look like images=100,scalars=500 (0 keeps all)", field=name)
    return ",".join(f"{pair[1]}={pair[2]}" for pair in pairs if pair)


SAMPLES: Final = ValueType(FieldType.TEXT, parse_samples)


def samples_warnings(samples: str | None) -> tuple[str, ...]:
    """A sentence for each plugin that stock TensorBoard does not have; `samples` as `parse_samples` gives it."""
    named = [pair.partition("=")[0] for pair in samples.split(",")] if samples else []
    return tuple(
        f"{_FIELD}: {unknown('plugin', name, _STOCK)}: it has no effect unless a plugin of that name is installed"
        for name in named
        if name not in _STOCK
    )
