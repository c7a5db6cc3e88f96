"""TensorBoard's options as a job carries them, and the stock command line that they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

AUTO: Final = "auto"
"""A port that the scheduler picks: the lowest free one from DEFAULT_PORT."""
DEFAULT_PORT: Final = 6006
LOOPBACK: Final = "127.0.0.1"

Port = int | Literal["auto"]


@dataclass(frozen=True, slots=True)
class TensorBoardOptions:
    """What a user may say about one TensorBoard; the names are the API's `job_params`.

    `logdir` is absolute. `reload_interval` is in seconds (0: load once). `host` None means loopback.
    `bind_all` wins over `host`: stock TensorBoard refuses the two together.
    """

    logdir: str
    port: Port = DEFAULT_PORT
    host: str | None = None
    bind_all: bool = False
    window_title: str | None = None
    reload_interval: float | None = None
    reload_multifile: bool = False
    samples_per_plugin: str | None = None

    @property
    def address(self) -> str:
        """The address that TensorBoard listens on: `0.0.0.0` stands for all of them."""
        return "0.0.0.0" if self.bind_all else (self.host or LOOPBACK)  # noqa: S104 - asked for by the user

    @property
    def label(self) -> str:
        """What lists call it: `tensorboard:6006`."""
        return f"tensorboard:{self.port}"

    def on_loopback(self) -> TensorBoardOptions:
        """The same behind a socket of systemd's: that has the address, TensorBoard its own loopback."""
        return replace(self, host=None, bind_all=False)


def path_prefix(queue_id: str) -> str:
    """The path below which a job's TensorBoard lives, on its own port and on our server alike."""
    return f"/api/tb/{queue_id}"


def readiness_path(queue_id: str) -> str:
    """TensorBoard's cheapest address: who answers there is the job's own TensorBoard, and ready."""
    return f"{path_prefix(queue_id)}/data/environment"


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


def job_flags(options: TensorBoardOptions, port: int, queue_id: str) -> list[str]:
    """The same, below the job's own prefix."""
    return [*stock_flags(options, port), f"--path_prefix={path_prefix(queue_id)}"]
