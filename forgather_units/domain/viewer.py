"""A kind of viewer as the scheduler, the units and the proxy know it. The kinds themselves are in viewers/."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from forgather_units.domain.listening import Port


class Options(Protocol):
    """The options of one viewer: a frozen dataclass whose fields are the API's `job_params`."""

    @property
    def port(self) -> Port: ...
    @property
    def host(self) -> str | None: ...
    @property
    def bind_all(self) -> bool: ...
    @property
    def address(self) -> str: ...

    @property
    def title(self) -> str:
        """Its name for users."""

    @property
    def folder(self) -> str:
        """The absolute path of the folder that the viewer shows."""

    def on_port(self, port: int) -> Any:
        """The same options on the port that the scheduler chose."""

    def on_loopback(self) -> Any:
        """The same options for a viewer behind a socket unit."""


class ViewerKind(Protocol):
    """One kind of viewer."""

    @property
    def name(self) -> str:
        """The API's `job_type`, and a part of the unit's name: lower-case letters."""

    @property
    def segment(self) -> str:
        """Its addresses begin with /api/<segment>/."""

    @property
    def noun(self) -> str:
        """The program's name for users."""

    @property
    def usual_port(self) -> int: ...

    def options_of(self, params: Mapping[str, Any]) -> Options:
        """The options that a record holds; other keys are ignored. Raises KeyError, TypeError or ValueError."""

    def flags(self, options: Any, port: int, prefix: str, prepared: str) -> list[str]:
        """The command line behind the program's name; `prepared` is the path of the file that `prepare` made."""

    def prepare(self, options: Any, prefix: str, public_url: str, scripts: str) -> str | None:
        """Content of the file that its start needs; None if it needs no file.

        `public_url` is the address under which browsers open the server (without a trailing slash), empty if unknown;
        `scripts` the folder with copies of the kind's scripts, which the unit sees.
        """

    def readiness_path(self, prefix: str) -> str:
        """The path that returns 200 as soon as the viewer is ready."""


def mount_path(kind: ViewerKind) -> str:
    """The common prefix of the addresses of all viewers of a kind; with a trailing slash."""
    return f"/api/{kind.segment}/"


def label_of(kind: str, port: object) -> str:
    """What lists call a viewer of a kind: `tensorboard:6006`, `mkdocs:auto`, `tensorboard:private`."""
    return f"{kind}:{port}"


Kinds = Mapping[str, ViewerKind]
"""By name."""
