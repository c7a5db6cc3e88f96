"""Headers of reverse proxies: the values next to the nearest trusted one count, and no value is an error."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from forgather_units.domain.finding import Verdict
from forgather_units.http.server.forwarded import TrustedProxies, came_through

CHAIN = ["127.0.0.1", "10.0.0.0/8"]
"""A proxy on this machine, and the TLS fronts in front of it."""


def _environ(peer: str = "127.0.0.1", host: str = "127.0.0.1:8765", **headers: str) -> dict[str, Any]:
    sent = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return {"REMOTE_ADDR": peer, "SERVER_PORT": "8765", "wsgi.url_scheme": "http", "HTTP_HOST": host, **sent}


def _seen(entries: list[str], *, is_unix: bool = False, **sent: str) -> tuple[str, str]:
    environ = _environ(**sent)
    TrustedProxies(entries).apply(environ, is_unix=is_unix)
    assert not [name for name in environ if name.startswith("HTTP_X_FORWARDED") or name == "HTTP_FORWARDED"]
    return environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]


@pytest.mark.parametrize(
    ("entries", "hops", "proto", "client", "scheme"),
    [
        (["127.0.0.1"], "192.0.2.7", "https", "192.0.2.7", "https"),
        # JupyterHub behind a TLS front: each appends what it saw.
        (CHAIN, "192.0.2.7, 10.0.0.1", "https,http", "192.0.2.7", "https"),
        (CHAIN, "192.0.2.7,10.0.0.1,127.0.0.1", "https,http,http", "192.0.2.7", "https"),
        # The front is not trusted: it is the client.
        (["127.0.0.1"], "192.0.2.7, 10.0.0.1", "https,http", "10.0.0.1", "http"),
        # What a client sends is left of what the proxies append.
        (CHAIN, "10.0.0.9, 192.0.2.7, 10.0.0.1", "https,http,http", "192.0.2.7", "http"),
        (["127.0.0.1"], "198.51.100.1, 192.0.2.7", "https,http", "192.0.2.7", "http"),
        # The last proxy replaced one of the two lists.
        (CHAIN, "192.0.2.7, 10.0.0.1", "https", "192.0.2.7", "https"),
        (CHAIN, "192.0.2.7", "https,http", "192.0.2.7", "http"),
        (CHAIN, "10.0.0.2, 10.0.0.1", "https,http", "10.0.0.2", "https"),
        # Ports, quotes, and values that are no address.
        (CHAIN, '192.0.2.7:5000, "[2001:db8::1]:80"', "HTTPS", "2001:db8::1", "https"),
        (CHAIN, "2001:db8::2", "wss", "2001:db8::2", "https"),
        (CHAIN, "192.0.2.7, unknown", "https", "127.0.0.1", "https"),
        (CHAIN, "192.0.2.7, _hidden, 10.0.0.1", "https", "10.0.0.1", "https"),
        (CHAIN, " , ,", " , ,", "127.0.0.1", "http"),
        (CHAIN, "192.0.2.7", "gopher", "192.0.2.7", "http"),
        (CHAIN, "192.0.2.7", 'a;b="c', "192.0.2.7", "http"),
    ],
)  # fmt: skip
def test_the_values_next_to_the_trusted_proxies_count(
    entries: list[str], hops: str, proto: str, client: str, scheme: str
) -> None:
    assert _seen(entries, x_forwarded_for=hops, x_forwarded_proto=proto) == (client, scheme)


def test_only_trusted_peers_are_believed() -> None:
    sent: dict[str, Any] = {"x_forwarded_for": "192.0.2.7", "x_forwarded_proto": "https"}
    assert _seen([], **sent) == ("127.0.0.1", "http")
    assert _seen(["unix"], **sent) == ("127.0.0.1", "http")
    assert _seen(["10.0.0.0/8"], **sent) == ("127.0.0.1", "http")
    assert _seen(["10.0.0.0/8", "fd00::/8"], peer="fd00::7", **sent) == ("192.0.2.7", "https")
    assert _seen(["127.0.0.1"], peer="::ffff:127.0.0.1", **sent) == ("192.0.2.7", "https")
    assert _seen(["unix"], peer="localhost", is_unix=True, **sent) == ("192.0.2.7", "https")
    assert _seen(["127.0.0.1"], peer="127.0.0.1", is_unix=True, **sent) == ("127.0.0.1", "http")


def test_a_host_name_over_the_unix_socket_is_a_proxys() -> None:
    """The socket's peer is then the proxy, whose account must not authenticate its clients."""
    for host in ("localhost", "localhost:80", "127.0.0.1", ""):
        assert not came_through(_environ(host=host), is_unix=True), host
    for host in ("box.example.org", "box", "box:8765"):
        assert came_through(_environ(host=host), is_unix=True), host
    assert came_through(_environ(via="1.1 box"), is_unix=True)


def test_a_proxy_that_hides_its_clients_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    proxies = TrustedProxies(CHAIN)
    assert proxies.findings() == []
    with caplog.at_level(logging.WARNING):
        # A command on this machine, `ssh -L` and a browser on this machine pass no proxy.
        for host in ("127.0.0.1:8765", "localhost:9000", "[::1]:1", "box:8765", ""):
            proxies.apply(_environ(host=host), is_unix=False)
        # An untrusted peer says nothing about the proxy.
        proxies.apply(_environ(peer="192.0.2.1", host="box.example.org"), is_unix=False)
        proxies.apply(_environ(x_forwarded_for="192.0.2.7"), is_unix=False)
        assert [finding.verdict for finding in proxies.findings()] == [Verdict.OK]
        assert not caplog.records
        for _ in range(2):
            proxies.apply(_environ(host="box.example.org"), is_unix=False)
            proxies.apply(_environ(x_forwarded_proto="https"), is_unix=False)
    (record,) = caplog.records
    assert (
        "the trusted proxy 127.0.0.1 passes requests on without X-Forwarded-For, so clients can forge" in record.message
    )
    (finding,) = proxies.findings()
    assert finding.verdict is Verdict.WARN
    assert finding.detail == "127.0.0.1 passes requests on without X-Forwarded-For, so clients can forge that header"
    assert "proxy_set_header X-Forwarded-For" in finding.fix
