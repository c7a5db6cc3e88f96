"""TensorBoard's options as a job carries them, and the stock command line that they make."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from forgather_units.domain.listening import Listening, Port
from forgather_units.viewers.contract.option import (
    PATH,
    SECONDS,
    TRUTH,
    Field,
    Place,
    option,
    words_of,
)
from forgather_units.viewers.contract.shared_options import window_title
from forgather_units.viewers.tensorboard.samples import SAMPLES

DEFAULT_PORT: Final = 6006
# Its command line has no value for "all", and 0 keeps none, with either loader.
_ALL_SAMPLES: Final = 1_000_000_000
_ZERO: Final = re.compile(r"=0+(?=,|$)")


# Names of folders that describe a location, not a model.
_PLACES: Final = frozenset({"runs", "logs", "output_models", "models", "checkpoints", "tensorboard", "output"})


def _samples(value: str) -> list[str]:
    return [f"--samples_per_plugin={_ZERO.sub(f'={_ALL_SAMPLES}', value)}"]


@dataclass(frozen=True, slots=True)
class TensorBoardOptions(Listening):
    """The options of one TensorBoard; their names are those of the API's `job_params`.

    `samples_per_plugin` is `images=100,text=0`, where 0 keeps all.
    `logdir` is absolute. `reload_interval` is in seconds (0: load once).
    """

    logdir: str = field(
        metadata=option(
            type=PATH,
            metavar="DIR",
            help="folder of the event files (default: the config's output_dir)",
            flag="--logdir={}",
            field=Field(
                Place.MAIN,
                "Log directory",
                "The folder that holds the runs. TensorBoard finds every run below it.",
                placeholder="/path/to/output_models",
                missing="Choose the folder that holds the runs.",
            ),
        )
    )
    port: Port = field(default=DEFAULT_PORT, kw_only=True)
    window_title: str | None = field(default=None, metadata=window_title("title of the page", flag="--window_title={}"))
    reload_interval: float | None = field(
        default=None,
        metadata=option(
            type=SECONDS,
            metavar="S",
            help="seconds between loads; 0 loads once",
            flag="--reload_interval={:g}",
            field=Field(
                Place.ADVANCED,
                "Reload interval",
                "Seconds between two reads of the files. 0 loads once.",
                placeholder="5",
            ),
            details="Reload interval",
        ),
    )
    reload_multifile: bool = field(
        default=False,
        metadata=option(
            type=TRUTH,
            help="follow all files of a run (slow loader)",
            # The fast loader follows all files anyway and ignores the flag: it acts only without it.
            flag=lambda _: ("--reload_multifile=true", "--load_fast=false"),
            field=Field(
                Place.ADVANCED,
                "--reload_multifile",
                "Follow all event files of a run, with the slower loader.",
            ),
            details="Reload multifile",
        ),
    )
    samples_per_plugin: str | None = field(
        default=None,
        metadata=option(
            type=SAMPLES,
            metavar="S",
            help="such as images=100,scalars=0 (0: all)",
            flag=_samples,
            field=Field(
                Place.ADVANCED,
                "Samples per plugin",
                "How many points each plugin keeps. 0 keeps all.",
                placeholder="images=100,scalars=500",
            ),
            details="Samples per plugin",
        ),
    )

    @property
    def title(self) -> str:
        """The window title, else the model or project that the logdir belongs to."""
        return self.window_title or _title_of(self.logdir)

    @property
    def folder(self) -> str:
        return self.logdir


def _title_of(logdir: str) -> str:
    """`tiny` for /home/u/p/output_models/tiny/runs, `tiny: log_1` for the run log_1 in it."""
    parts = [part for part in logdir.split("/") if part]
    if len(parts) > 2 and parts[-2].lower() == "runs":
        return f"{parts[-3]}: {parts[-1]}"
    named = (part for part in reversed(parts) if part.lower() not in _PLACES)
    return next(named, logdir)


def stock_flags(options: TensorBoardOptions, port: int) -> list[str]:
    """The flags of the stock CLI for `options`, on the chosen `port`.

    Values are joined with `=`, since argparse takes a separate `-x` for a flag.
    """
    logdir, *others = words_of(options)
    listening = "--bind_all" if options.bind_all else f"--host={options.address}"
    return [logdir, f"--port={port}", listening, *others]


def job_flags(options: TensorBoardOptions, port: int, prefix: str) -> list[str]:
    """The same, below the job's own prefix (empty: in the foreground, at the root)."""
    return [*stock_flags(options, port), *([f"--path_prefix={prefix}"] if prefix else [])]
