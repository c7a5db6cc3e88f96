"""What the scheduler, the units and the proxy know of a kind of viewer. The kinds themselves are in `kinds`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from forgather_units.domain.listening import Port


class Options(Protocol):
    """What a user may say of one viewer: a frozen dataclass whose fields are the API's `job_params`."""

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
        """What a person calls it."""

    @property
    def folder(self) -> str:
        """The absolute path of the folder that it shows."""

    def on_port(self, port: int) -> Any:
        """The same options on the port that was picked."""

    def on_loopback(self) -> Any:
        """The same options for a viewer behind a socket of systemd's."""


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
        """What a person calls the program."""

    @property
    def usual_port(self) -> int: ...

    def options_of(self, params: Mapping[str, Any]) -> Options:
        """The options that a record holds; other keys are let be. Raises KeyError, TypeError or ValueError."""

    def flags(self, options: Any, port: int, prefix: str, prepared: str) -> list[str]:
        """The command line behind the program's name; `prepared` is the path of the file that `prepare` made."""

    def prepare(self, options: Any, prefix: str) -> str | None:
        """What must stand in a file before it starts; None where nothing must."""

    def readiness_path(self, prefix: str) -> str:
        """What answers 200 as soon as it is ready."""


Kinds = Mapping[str, ViewerKind]
"""By name."""
