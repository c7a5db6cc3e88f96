"""TensorBoard's options as a job carries them, and the stock command line that they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from forgather_units.domain.listening import AUTO, LOOPBACK, Listening, Port

__all__ = ["AUTO", "DEFAULT_PORT", "LOOPBACK", "Port", "TensorBoardOptions", "job_flags", "path_prefix", "stock_flags"]

DEFAULT_PORT: Final = 6006
_SEGMENT: Final = "tb"


@dataclass(frozen=True, slots=True)
class TensorBoardOptions(Listening):
    """What a user may say about one TensorBoard; the names are the API's `job_params`.

    `logdir` is absolute. `reload_interval` is in seconds (0: load once).
    """

    logdir: str
    port: Port = field(default=DEFAULT_PORT, kw_only=True)
    window_title: str | None = None
    reload_interval: float | None = None
    reload_multifile: bool = False
    samples_per_plugin: str | None = None

    @property
    def label(self) -> str:
        """What lists call it: `tensorboard:6006`."""
        return f"tensorboard:{self.port}"

    @property
    def title(self) -> str:
        """The window title, else the last part of the logdir."""
        return self.window_title or self.logdir.rstrip("/").rpartition("/")[2] or self.logdir

    @property
    def folder(self) -> str:
        return self.logdir


def path_prefix(queue_id: str) -> str:
    """The path below which a job's TensorBoard lives, on its own port and on our server alike."""
    return f"/api/{_SEGMENT}/{queue_id}"


def stock_flags(options: TensorBoardOptions, port: int) -> list[str]:
    """The flags of the stock CLI for `options`, on the (by now decided) `port`.

    Values are joined with `=`, since argparse takes a separate `-x` for a flag.
    """
    flags = [f"--logdir={options.logdir}", f"--port={port}"]
    flags += ["--bind_all"] if options.bind_all else [f"--host={options.address}"]
    if options.window_title is not None:
        flags.append(f"--window_title={options.window_title}")
    if options.reload_interval is not None:
        flags.append(f"--reload_interval={options.reload_interval:g}")
    if options.reload_multifile:
        # The fast loader follows all files anyway and ignores the flag: it acts only without it.
        flags += ["--reload_multifile=true", "--load_fast=false"]
    if options.samples_per_plugin is not None:
        flags.append(f"--samples_per_plugin={options.samples_per_plugin}")
    return flags


def job_flags(options: TensorBoardOptions, port: int, prefix: str) -> list[str]:
    """The same, below the job's own prefix."""
    return [*stock_flags(options, port), f"--path_prefix={prefix}"]
