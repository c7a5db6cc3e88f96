"""HTTP client of the server's API. Turns failures into ForgatherErrors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from forgather_units.cli.connection.credentials import UNIX, Token, is_server_named, server_token, server_url
from forgather_units.cli.connection.failures import (
    ServerGone,
    ca_bundle,
    failure,
    foreign_response,
    forgathers,
    not_ours,
)
from forgather_units.cli.connection.server_address import address_of, is_loopback
from forgather_units.cli.connection.unix_socket import UnixSocket
from forgather_units.domain.errors import ForgatherError, Refused, Unavailable
from forgather_units.host.forgathers_server import is_forgathers_server

Record = dict[str, Any]

_OURS: Final = "forgather"
"""The header Server of this program's server, unless a proxy has replaced it."""
_MEMBERS: Final = "the members of its group use this server"
_JOIN: Final = "sudo usermod --append --groups forgather $USER, then log in again"

# To connect, and between two bytes of a response (seconds); a live stream has a heartbeat every second or two.
_TIMEOUT: Final = (5.0, 30.0)


class Page(NamedTuple):
    """A part of a list: `following` is the path of the next part, `total` the length of the whole list."""

    objects: list[Record]
    following: str | None
    total: int


class _Bearer(AuthBase):
    """Set as `auth` and not as a header: requests would let a line in ~/.netrc overwrite that."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Client:
    """Requests to the API. All methods raise a ForgatherError: ServerGone, or the server's error.

    The `url` of a record is a whole address.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        patience: float = _TIMEOUT[1],
        find_token: Callable[[], Token] | None = None,
        is_chosen: bool = True,
    ) -> None:
        """`find_token` looks for the token again if there was none. `is_chosen`: a person has named this `url`."""
        self.url = url
        self._token = token
        self._find_token = find_token
        self._base = url
        self._is_known = False
        self._is_chosen = is_chosen
        self._timeout = min(patience, _TIMEOUT[0]), patience
        self._session = requests.Session()
        self._session.auth = _Bearer(token.value)
        if url.startswith("https:"):
            self._session.verify = ca_bundle()
        if (address := address_of(url)) is not None and is_loopback(address.host):
            # Ignore $http_proxy for this host: the proxy would read the token.
            self._session.trust_env = False
        if url.startswith(UNIX):
            self._base = "http://localhost"
            self._session.trust_env = False
            self._session.mount(self._base, UnixSocket(url.removeprefix(UNIX)))

    @cached_property
    def address(self) -> str:
        """The URL for a browser; over a unix socket, the one that the server reports."""
        if self._base == self.url:
            return self.url
        return str(self.object("GET", "/api/auth/me").get("address"))

    def object(self, method: str, path: str, body: Record | None = None) -> Record:
        """The JSON object of the response."""
        answer = self._json(method, path, body)
        if not isinstance(answer, dict):
            raise not_ours(self.url)
        return answer

    def objects(self, path: str) -> list[Record]:
        """The JSON list of objects at `path`."""
        answer = self._json("GET", path, None)
        if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
            raise not_ours(self.url)
        return answer

    def page(self, path: str) -> Page:
        """One page of the JSON list of objects at `path`, by the headers that GET /api/jobs has."""
        with self._request("GET", path) as response:
            objects = self._decoded(response)
            total = response.headers.get("X-Total-Count", "")
            following = response.links.get("next", {}).get("url")
        if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
            raise not_ours(self.url)
        return Page(
            list(map(self.with_whole_url, objects)), following, int(total) if total.isdecimal() else len(objects)
        )

    @contextmanager
    def stream(self, path: str, headers: dict[str, str] | None = None) -> Iterator[Iterator[bytes]]:
        """The body at `path`, in pieces as they arrive. Raises ServerGone where it breaks off."""
        with self._request("GET", path, headers={"Accept-Encoding": "identity", **(headers or {})}) as response:
            # Returns chunks of a chunked body as they arrive, and of other bodies only full ones.
            size = 65536 if getattr(response.raw, "chunked", False) else 1
            yield self._pieces(response.iter_content(size))

    def _pieces(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
        except requests.RequestException:
            raise ServerGone(f"{self.url} closed the connection during its response") from None

    def _json(self, method: str, path: str, body: Record | None) -> Any:
        with self._request(method, path, json=body) as response:
            answer = self._decoded(response)
        return list(map(self.with_whole_url, answer)) if isinstance(answer, list) else self.with_whole_url(answer)

    def with_whole_url(self, answer: Any) -> Any:
        """The same record with the whole address as its `url`: the API has the path alone."""
        if not isinstance(answer, dict):
            return answer
        whole = {**answer, "data": self.with_whole_url(answer["data"])} if "data" in answer else answer
        path = answer.get("url")
        return {**whole, "url": f"{self.address}{path}"} if isinstance(path, str) and path.startswith("/") else whole

    def _decoded(self, response: requests.Response) -> Any:
        try:
            return response.json()
        except requests.JSONDecodeError:
            raise not_ours(self.url) from None
        except requests.RequestException:
            raise self._gone() from None

    def _request(self, method: str, path: str, **more: Any) -> requests.Response:
        response = self._send(method, path, **more)
        if response.status_code == HTTPStatus.UNAUTHORIZED and self._has_new_token():
            response.close()
            response = self._send(method, path, **more)
        if response.status_code != HTTPStatus.OK:
            with response:
                raise self._refusal(response)
        return response

    def _has_new_token(self) -> bool:
        """Whether there is a token now. With socket activation the first request starts the server, which makes it."""
        if self._token.value or self._find_token is None:
            return False
        self._token = self._find_token()
        self._session.auth = _Bearer(self._token.value)
        return bool(self._token.value)

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        if method != "GET" and not self._is_chosen:
            self._check_program()
        try:
            response = self._session.request(
                method, self._base + path, timeout=self._timeout, stream=True, allow_redirects=False, **more
            )
        except requests.ReadTimeout:
            raise ServerGone(f"{self.url} did not respond within {self._timeout[1]:.0f} s") from None
        except requests.RequestException as why:
            raise self._gone(why) from None
        # urllib3 1.26 accepts a truncated response unless enforce_content_length is set.
        response.raw.enforce_content_length = True
        if response.headers.get("Server") == _OURS:
            self._is_known = True
        elif method == "GET":
            self._check_program()
        return response

    def _check_program(self) -> None:
        """Raises Unavailable if Forgather's own server is there, which takes the same token and similar requests."""
        address = None if self._is_known else address_of(self.url)
        self._is_known = True
        if address is None or address.scheme != "http" or not is_loopback(address.host):
            return
        if is_forgathers_server(address.host, address.port):
            raise forgathers(self.url)

    def _refusal(self, response: requests.Response) -> ForgatherError:
        try:
            said = response.json()
        except requests.RequestException:
            said = None
        if not isinstance(said, dict) or not isinstance(said.get("detail"), str):
            return foreign_response(self.url, response)
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
                hint=self._token.hint or "if another user runs this server, set FORGATHER_SERVER_TOKEN to its token",
            )
        return Refused(
            f"{self.url} does not accept the token of {self._token.source}",
            hint="the token is in the file auth_token, in the folder that the server's setting auth_dir names",
        )

    def _gone(self, why: requests.RequestException | None = None) -> ServerGone:
        path = self.url.removeprefix(UNIX)
        if path != self.url and Path(path).exists() and not os.access(path, os.R_OK | os.W_OK):
            return ServerGone(f"{path} is closed to you: {_MEMBERS}", hint=_JOIN)
        return failure(self.url, why)


def connect(flag: str | None, patience: float = _TIMEOUT[1]) -> Client:
    """The client of `--server`, else of the environment, else of the settings. Nothing is sent yet.

    `patience`: the time between two bytes of a response, in seconds.
    """
    url = server_url(flag)
    return Client(url, server_token(url), patience, lambda: server_token(url), is_chosen=is_server_named(flag))


def job_path(queue_id: str, rest: str = "") -> str:
    """The path of a job in the API, with the id quoted."""
    return f"/api/jobs/{quote(queue_id, safe='')}{rest}"
