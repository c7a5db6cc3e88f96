"""TensorBoard, the stock command."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from forgather_units.domain.program import Program
from forgather_units.folders.expected import Around
from forgather_units.viewers.contract.kind import Facts, Kind
from forgather_units.viewers.contract.option import Field, Place
from forgather_units.viewers.contract.python_program import folders_of
from forgather_units.viewers.contract.shared_options import BIND_ALL
from forgather_units.viewers.tensorboard.logdir import inspect_logdir, links_note, logdir_warnings
from forgather_units.viewers.tensorboard.options import DEFAULT_PORT, TensorBoardOptions, job_flags
from forgather_units.viewers.tensorboard.program import find_tensorboard, writing_plugins
from forgather_units.viewers.tensorboard.samples import samples_warnings


def _check(options: TensorBoardOptions, around: Around) -> Facts:
    facts = inspect_logdir(options.logdir, around)
    note = links_note(options.logdir, facts)
    warnings = (*logdir_warnings(options.logdir, facts), *samples_warnings(options.samples_per_plugin))
    return Facts(warnings, facts.binds, (note,) if note else ())


def _check_foreground(options: TensorBoardOptions, around: Around) -> Facts:
    facts = inspect_logdir(options.logdir, around)
    warnings = logdir_warnings(options.logdir, facts, confined=False)
    return Facts((*warnings, *samples_warnings(options.samples_per_plugin)))


def _locate() -> tuple[str, ...]:
    return (find_tensorboard(),)


def _describe(command: tuple[str, ...]) -> Program:
    return Program(command, folders_of(command[0], "tensorboard"), writing_plugins(command[0]))


def _flags(options: TensorBoardOptions, port: int, prefix: str, _prepared: str) -> list[str]:
    return job_flags(options, port, prefix)


def _ready(prefix: str) -> str:
    # The cheapest path to which only the job's own TensorBoard responds.
    return f"{prefix}/data/environment"


TENSORBOARD: Final = Kind(
    name="tensorboard",
    segment="tb",
    noun="TensorBoard",
    usual_port=DEFAULT_PORT,
    options=TensorBoardOptions,
    check=_check,
    check_foreground=_check_foreground,
    locate=_locate,
    describe=_describe,
    command_line=_flags,
    ready=_ready,
    shows="runs",
    page_fields={
        "bind_all": replace(BIND_ALL, place=Place.MAIN),
        "writable_logdir": Field(
            Place.ADVANCED,
            "--writable-logdir",
            "Allow writing into the log directory, where the profile plugin stores files.",
        ),
    },
)
