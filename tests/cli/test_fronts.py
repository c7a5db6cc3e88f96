"""What is between a command and its server: TLS, forward and reverse proxies. Each fault has a sentence of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests
from cli.certificates import Authority
from cli.command_line import Reply, Request, Shell, SmallServer, small_server

from forgather_units.cli.connection.failures import failure

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca") / "ca")


@pytest.fixture
def tls_server(authority: Authority) -> Iterator[SmallServer]:
    with small_server(authority.server_context("IP:127.0.0.1,DNS:localhost")) as small:
        small.says("GET /api/jobs", [])
        yield small


def _error(forgather: Shell, url: str, **environment: str) -> str:
    done = forgather("job", "list", "--server", url, FORGATHER_SERVER_URL="", **environment)
    assert (done.code, done.out) == (1, "")
    return done.err


def _always(reply: Reply, request: Request) -> Reply:
    return reply


@pytest.mark.parametrize("variable", CA_VARIABLES)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_ca_in_the_environment_is_trusted_also_on_this_machine(
    forgather: Shell, tls_server: SmallServer, authority: Authority, variable: str, host: str
) -> None:
    url = tls_server.url.replace("127.0.0.1", host)
    done = forgather("job", "list", "--server", url, FORGATHER_SERVER_URL="", **{variable: str(authority.file)})
    assert (done.code, done.err) == (0, "no jobs\n")


def test_an_unknown_ca(forgather: Shell, tls_server: SmallServer, authority: Authority) -> None:
    err = _error(forgather, tls_server.url)
    assert err.startswith(
        f"forgather: the certificate of {tls_server.url} is of a CA that this machine does not know ("
    )
    assert err.endswith("hint: for a CA of your own: export REQUESTS_CA_BUNDLE=FILE, its certificate in PEM format\n")
    assert tls_server.asked == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate\n", b"\xff\xfe"])
def test_a_ca_file_that_cannot_be_used(
    forgather: Shell, tls_server: SmallServer, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "lab.pem"
    if content is not None:
        file.write_bytes(content)
    err = _error(forgather, tls_server.url, REQUESTS_CA_BUNDLE=str(file))
    what = "does not exist" if content is None else "is no file of certificates"
    assert err.startswith(f"forgather: $REQUESTS_CA_BUNDLE is {file}, which {what}\nhint: ")


def test_a_certificate_for_another_name(forgather: Shell, authority: Authority) -> None:
    with small_server(authority.server_context("DNS:box.lab.org")) as small:
        err = _error(forgather, small.url, REQUESTS_CA_BUNDLE=str(authority.file))
    assert err.startswith(f"forgather: the certificate of {small.url} is for another name\n")


def test_a_certificate_that_has_expired() -> None:
    for code, words in ((10, "has expired"), (9, "is not valid yet")):
        inner = ssl.SSLCertVerificationError()
        inner.verify_code = code
        error = failure("https://box.lab.org", requests.exceptions.SSLError(inner))
        assert error.message == f"the certificate of https://box.lab.org:443 {words}"


def test_a_server_without_tls(forgather: Shell, server: SmallServer) -> None:
    err = _error(forgather, server.url.replace("http:", "https:"))
    assert err.startswith(f"forgather: https{server.url[4:]} does not speak TLS\nhint: {server.url}")


def test_a_forward_proxy_that_is_down(forgather: Shell) -> None:
    with socket.socket() as held:
        # Bound and not listening: no other program can answer there.
        held.bind(("127.0.0.1", 0))
        proxy = f"127.0.0.1:{held.getsockname()[1]}"
        for scheme, variable in (("https", "HTTPS_PROXY"), ("http", "http_proxy"), ("https", "ALL_PROXY")):
            url = f"{scheme}://box.lab.invalid:8765"
            err = _error(forgather, url, **{variable: f"http://alice:secret@{proxy}"})
            assert err == (
                f"forgather: the forward proxy http://{proxy} of ${variable} is to connect to {url}, "
                "and does not respond\n"
                "hint: to connect without it: export NO_PROXY=box.lab.invalid\n"
            )


def test_a_forward_proxy_that_refuses(forgather: Shell, server: SmallServer) -> None:
    for status in (407, 502):
        server.says("CONNECT box.lab.invalid:443", {}, status)
        err = _error(forgather, "https://box.lab.invalid", HTTPS_PROXY=server.url)
        assert f"of $HTTPS_PROXY is to connect to https://box.lab.invalid, and refuses it with status {status}\n" in err


def test_a_forward_proxy_is_not_used_for_this_machine(
    forgather: Shell, tls_server: SmallServer, authority: Authority
) -> None:
    proxies = {"HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
    done = forgather("job", "list", "--server", tls_server.url, SSL_CERT_FILE=str(authority.file), **proxies)
    assert done.err == "no jobs\n"


def test_a_redirect(forgather: Shell, server: SmallServer) -> None:
    for location, words in (
        ("https://login.lab.org/authorize?state=secret", "redirects to https://login.lab.org:443, for a sign-in"),
        ("/hub/login?next=%2F\x1b]0;", "redirects to /hub/login, for a sign-in presumably"),
        ("https://127.0.0.1/api/jobs", "redirects to https\nhint: use https://127.0.0.1:443\n"),
    ):
        moved = Reply(b"", 302, headers={"Location": location})
        server.answers["GET /api/jobs"] = partial(_always, moved)
        err = _error(forgather, server.url)
        assert err.startswith(f"forgather: {server.url} {words}")
        assert "secret" not in err
        assert "\x1b" not in err
    # The token is not sent there.
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_reverse_proxy_without_its_server(forgather: Shell, server: SmallServer, status: int) -> None:
    server.says("GET /api/jobs", b"<h1>Bad Gateway</h1>", status, "text/html")
    assert _error(forgather, server.url) == (
        f"forgather: a proxy responds at {server.url}, "
        f"and gets no response from the server behind it (status {status})\n"
        "hint: is the server running there, at the address that the proxy has?\n"
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_reverse_proxy_that_asks_for_a_sign_in(forgather: Shell, server: SmallServer, status: int) -> None:
    server.says("GET /api/jobs", b"<h1>Sign in</h1>", status, "text/html")
    err = _error(forgather, server.url)
    assert err.startswith(f"forgather: a proxy in front of {server.url} asks for a sign-in (status {status})\nhint: ")
