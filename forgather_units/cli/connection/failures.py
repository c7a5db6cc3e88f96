"""Why a server did not respond, or something else did in its place: one sentence, and a hint."""

from __future__ import annotations

import os
import re
import socket
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

import requests

from forgather_units.cli.connection.server_address import Address, address_of, is_loopback
from forgather_units.domain.errors import ForgatherError, Refused, Unavailable

Kind = TypeVar("Kind", bound=Exception)

_CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_TUNNEL_STATUS: Final = re.compile(r"Tunnel connection failed: (\d{3})")
# X509_V_ERR_... of OpenSSL
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_OTHER_NAMES: Final = (62, 64)
_BEYOND_FRONT: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_SIGN_IN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_LONGEST_PATH: Final = 100
_DIRECTLY: Final = "commands need the server's own address, by ssh -L for example, or unix:/PATH"


class ServerGone(Unavailable):
    """No response from the server, or not a complete one."""


def ca_bundle() -> str | bool:
    """The file (or folder) of the CAs that the environment names, to be trusted for any host; True: the usual ones.

    Raises Refused if it is not there.
    """
    for name in _CA_VARIABLES:
        if path := os.environ.get(name):
            if problem := _ca_problem(Path(path)):
                raise Refused(
                    f"${name} is {path}, which {problem}", hint="certificates of CAs in PEM format, or unset it"
                )
            return path
    return True


def _ca_problem(path: Path) -> str:
    """Why this cannot be the file or folder of CAs; empty if it can."""
    if path.is_dir():
        return ""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return "is no file of certificates"
    except OSError as why:
        return "does not exist" if isinstance(why, FileNotFoundError) else f"cannot be read ({why.strerror})"
    return ""


def failure(url: str, error: requests.RequestException | None) -> ServerGone:
    """No complete response came from the server at `url`, an http or https address."""
    address = address_of(url)
    if address is not None and isinstance(error, requests.exceptions.ProxyError):
        return _of_forward_proxy(url, address, error)
    if address is not None and isinstance(error, requests.exceptions.SSLError):
        return _of_tls(address, error)
    if address is None or is_loopback(address.host):
        return ServerGone(f"could not reach forgather-server at {url}; is it running? (start with: forgather server)")
    if _cause(error, socket.gaierror):
        return ServerGone(f"there is no host {address.host!r}", hint=f"is {url} spelled correctly?")
    if _cause(error, ConnectionRefusedError):
        return ServerGone(
            f"{address.host} is there, and nothing listens at its port {address.port}",
            hint="is the server running there, and is the port right?",
        )
    return ServerGone(f"could not reach {url}", hint="is the host running, and does a firewall let this port through?")


def _of_forward_proxy(url: str, address: Address, error: requests.exceptions.ProxyError) -> ServerGone:
    name = next(
        (
            name
            for scheme in (address.scheme, "all")
            for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
            if os.environ.get(name)
        ),
        "",
    )
    parts = urlsplit(os.environ.get(name, ""))
    # Without the password that the address may contain.
    proxy = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else "of this machine"
    status = _TUNNEL_STATUS.search(str(error))
    said = f"refuses it with status {status[1]}" if status else "does not respond"
    source = f"of ${name} " if name else ""
    return ServerGone(
        f"the forward proxy {proxy} {source}is to connect to {url}, and {said}",
        hint=f"to connect without it: export NO_PROXY={address.host}",
    )


def _of_tls(address: Address, error: requests.exceptions.SSLError) -> ServerGone:
    certificate = _cause(error, ssl.SSLCertVerificationError)
    # urllib3 1.26 compares the names itself, and has no exported type for that error.
    is_of_other_name = certificate.verify_code in _OTHER_NAMES if certificate else "doesn't match" in str(error)
    if is_of_other_name:
        return ServerGone(
            f"the certificate of {address} is for another name", hint="use the name for which it was issued"
        )
    if certificate is None:
        reason = getattr(_cause(error, ssl.SSLError), "reason", None)
        if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
            plain = str(address).replace("https://", "http://", 1)
            return ServerGone(f"{address} does not speak TLS", hint=f"{plain}, if that is the server")
        return ServerGone(f"no TLS connection to {address} ({reason or 'the peer ended it'})")
    if certificate.verify_code in (_EXPIRED, _NOT_YET_VALID):
        state = "has expired" if certificate.verify_code == _EXPIRED else "is not valid yet"
        return ServerGone(f"the certificate of {address} {state}", hint="is the clock of this machine right?")
    return ServerGone(
        f"the certificate of {address} is of a CA that this machine does not know ({certificate.verify_message})",
        hint="for a CA of your own: export REQUESTS_CA_BUNDLE=FILE, its certificate in PEM format",
    )


def foreign_response(url: str, response: requests.Response) -> ForgatherError:
    """The error for a response that is not the server's: of a front, or of another program."""
    status = response.status_code
    if response.is_redirect:
        return _redirect(url, response.headers["Location"])
    if status in _BEYOND_FRONT:
        return Unavailable(
            f"a proxy responds at {url}, and gets no response from the server behind it (status {status})",
            hint="is the server running there, at the address that the proxy has?",
        )
    if status in _SIGN_IN:
        return Unavailable(f"a proxy in front of {url} asks for a sign-in (status {status})", hint=_DIRECTLY)
    return not_ours(url, f" (status {status})")


def _redirect(url: str, location: str) -> Unavailable:
    ours, theirs = address_of(url), address_of(location)
    if theirs is None:
        path = quote(urlsplit(location).path[:_LONGEST_PATH])
        return Unavailable(f"{url} redirects to {path}, for a sign-in presumably", hint=_DIRECTLY)
    if ours is not None and (ours.host, ours.scheme, theirs.scheme) == (theirs.host, "http", "https"):
        return Unavailable(f"{url} redirects to https", hint=f"use {theirs}{urlsplit(url).path}")
    return Unavailable(f"{url} redirects to {theirs}, for a sign-in presumably", hint=_DIRECTLY)


def not_ours(url: str, more: str = "") -> Unavailable:
    """Another program responds."""
    return Unavailable(
        f"{url} does not respond like a forgather-server{more}", hint="does another program listen there?"
    )


def forgathers(url: str) -> Unavailable:
    """Forgather's own server responds."""
    return Unavailable(
        f"the server at {url} is Forgather's own, not that of Forgather Units",
        hint="forgather-units server takes the next free port, where these commands find it; another address: --server"
        " or FORGATHER_SERVER_URL",
    )


def _cause(error: BaseException | None, kind: type[Kind]) -> Kind | None:
    """The `kind` among the exceptions that led to `error`; urllib3 keeps the cause in `reason`."""
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, kind):
            return error
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((each for each in error.args if isinstance(each, BaseException)), None)
        error = inner or error.__cause__ or error.__context__
    return None
