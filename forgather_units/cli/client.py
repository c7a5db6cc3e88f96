"""The server, spoken to over HTTP. What goes wrong comes out as one sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase

from forgather_units.cli.credentials import UNIX, Token, server_token, server_url
from forgather_units.cli.unix_socket import UnixSocket
from forgather_units.domain.errors import ForgatherError, Refused, Unavailable

Record = dict[str, Any]

_MEMBERS: Final = "the members of its group use this server"
_JOIN: Final = "sudo usermod --append --groups forgather $USER, then log in anew"

# To connect, and between two bytes of an answer (seconds); a live stream has a heartbeat every second or two.
_TIMEOUT: Final = (5.0, 30.0)


class ServerGone(Unavailable):
    """Nobody answers there, or not to the end."""


class _Bearer(AuthBase):
    """Set as `auth` and not as a header: requests would let a line in ~/.netrc overwrite that."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Client:
    """Asks the API. All methods raise a ForgatherError: ServerGone, or what the server said."""

    def __init__(self, url: str, token: Token) -> None:
        self.url = url
        self._token = token
        self._base = url
        self._session = requests.Session()
        self._session.auth = _Bearer(token.value)
        if (urlsplit(url).hostname or "").startswith(("127.", "localhost", "::1")):
            # A proxy of the environment is for other machines.
            self._session.trust_env = False
        if url.startswith(UNIX):
            self._base = "http://localhost"
            self._session.trust_env = False
            self._session.mount(self._base, UnixSocket(url.removeprefix(UNIX)))

    @cached_property
    def address(self) -> str:
        """Where a browser opens the server; over a unix socket, what the server says of that."""
        if self._base == self.url:
            return self.url
        return str(self.object("GET", "/api/auth/me").get("address"))

    def object(self, method: str, path: str, body: Record | None = None) -> Record:
        """The JSON object that the server answers."""
        answer = self._json(method, path, body)
        if not isinstance(answer, dict):
            raise self._not_ours()
        return answer

    def objects(self, path: str) -> list[Record]:
        """The JSON list of objects at `path`."""
        answer = self._json("GET", path, None)
        if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
            raise self._not_ours()
        return answer

    @contextmanager
    def stream(self, path: str, headers: dict[str, str] | None = None) -> Iterator[Iterator[bytes]]:
        """The body at `path`, in pieces as they arrive. Raises ServerGone where it breaks off."""
        with self._request("GET", path, headers={"Accept-Encoding": "identity", **(headers or {})}) as response:
            # A piece of a chunked body is given as soon as it is there; of another one, only when its size is full.
            size = 65536 if getattr(response.raw, "chunked", False) else 1
            yield self._pieces(response.iter_content(size))

    def _pieces(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
        except requests.RequestException:
            raise ServerGone(f"{self.url} broke off in the middle of its answer") from None

    def _json(self, method: str, path: str, body: Record | None) -> Any:
        with self._request(method, path, json=body) as response:
            try:
                return response.json()
            except requests.JSONDecodeError:
                raise self._not_ours() from None
            except requests.RequestException:
                raise self._gone() from None

    def _request(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            response = self._session.request(
                method, self._base + path, timeout=_TIMEOUT, stream=True, allow_redirects=False, **more
            )
        except requests.ReadTimeout:
            raise ServerGone(f"{self.url} has not answered within {_TIMEOUT[1]:.0f} s") from None
        except requests.RequestException:
            raise self._gone() from None
        # urllib3 1.26 takes half an answer for a whole one unless it is told to count.
        response.raw.enforce_content_length = True
        if response.status_code != HTTPStatus.OK:
            with response:
                raise self._refusal(response)
        return response

    def _refusal(self, response: requests.Response) -> ForgatherError:
        try:
            said = response.json()
        except requests.RequestException:
            said = None
        if not isinstance(said, dict) or not isinstance(said.get("detail"), str):
            return self._not_ours(f" (status {response.status_code})")
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            return self._denied()
        hint = said.get("hint")
        kind = Unavailable if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE else Refused
        return kind(said["detail"], hint=hint if isinstance(hint, str) else "")

    def _denied(self) -> ForgatherError:
        if self.url.startswith(UNIX) and not self._token.value:
            return Refused(f"{self.url} does not know you: {_MEMBERS}", hint=_JOIN)
        if not self._token.value:
            return Refused(
                f"{self.url} asks for a token, and {self._token.source} does not hold one",
                hint="set FORGATHER_SERVER_TOKEN to the one that the server printed",
            )
        return Refused(
            f"{self.url} does not accept the token of {self._token.source}",
            hint="the server prints its token when it starts",
        )

    def _gone(self) -> ServerGone:
        path = self.url.removeprefix(UNIX)
        if path != self.url and Path(path).exists() and not os.access(path, os.R_OK | os.W_OK):
            return ServerGone(f"{path} is closed to you: {_MEMBERS}", hint=_JOIN)
        return ServerGone(
            f"could not reach forgather-server at {self.url}; is it running? (start with: forgather server)"
        )

    def _not_ours(self, more: str = "") -> ForgatherError:
        return Unavailable(
            f"{self.url} does not answer as a forgather-server does{more}", hint="does another program listen there?"
        )


def connect(flag: str | None) -> Client:
    """The client of `--server`, else of the environment, else of the settings. Nothing is sent yet."""
    url = server_url(flag)
    return Client(url, server_token(url))


def job_path(queue_id: str, rest: str = "") -> str:
    """The path of a job in the API; the id is quoted, whatever it holds."""
    return f"/api/jobs/{quote(queue_id, safe='')}{rest}"
