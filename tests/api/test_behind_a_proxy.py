"""A reverse proxy terminates TLS: the server trusts its X-Forwarded headers, and those of no other client."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from forgather_server import Forgather
from waiting import wait_until

HTTPS = {"X-Forwarded-Proto": "https"}


def _cookie(forgather: Forgather) -> str:
    body = {"token": forgather.token}
    return requests.post(f"{forgather.url}/api/auth/login", json=body, headers=HTTPS, timeout=120).headers["Set-Cookie"]


def test_a_session_cookie_over_tls_is_secure(forgather: Forgather) -> None:
    cookie = _cookie(forgather)
    assert "Secure" in cookie.split("; ")
    # A browser accepts a `__Host-` cookie over https only, for exactly this host and its whole path.
    assert cookie.startswith("__Host-forgather_session=")
    assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_plain_cookie_is_not_accepted_over_tls(forgather: Forgather) -> None:
    """An attacker between the browser and another server of this name could have set it."""
    name, _, value = _cookie(forgather).partition(";")[0].partition("=")

    def status(cookie: str, **headers: str) -> int:
        sent = {"Cookie": f"{cookie}={value}", **headers}
        return requests.get(f"{forgather.url}/api/queue", headers=sent, timeout=120).status_code

    assert status(name, **HTTPS) == 200
    assert status("forgather_session") == 200
    assert status("forgather_session", **HTTPS) == 401
    assert status("__Secure-forgather_session", **HTTPS) == 401
    assert status(name) == 401


def test_signing_out_over_tls_deletes_the_cookie(forgather: Forgather) -> None:
    browser = requests.Session()
    headers = {"Cookie": _cookie(forgather).partition(";")[0], **HTTPS}
    out = browser.post(f"{forgather.url}/api/auth/logout", json={}, headers=headers, timeout=120).headers["Set-Cookie"]
    assert out.startswith("__Host-forgather_session=; ")
    assert {"Secure", "Max-Age=0", "Path=/"} <= set(out.split("; "))
    assert requests.get(f"{forgather.url}/api/queue", headers=headers, timeout=120).status_code == 401


def test_each_client_behind_the_proxy_has_its_own_attempts(forgather: Forgather) -> None:
    assert forgather.post("/api/auth/set-password", {"password": "correct horse"}).ok

    def status(client: str) -> int:
        wrong = {"password": "a wrong one"}
        headers = {"X-Forwarded-For": client}
        return requests.post(f"{forgather.url}/api/auth/login", json=wrong, headers=headers, timeout=120).status_code

    # The pause after the fifth failure is short, and longer after each further one.
    wait_until(lambda: status("192.0.2.1") == 429)
    assert status("192.0.2.2") == 401


def test_a_list_of_protocols_is_no_error(forgather: Forgather) -> None:
    """A TLS front, JupyterHub and its proxy each append one."""
    for protocols, is_secure in (("https,http", False), ("http, https", True), ("gopher", False)):
        sent = {"X-Forwarded-Proto": protocols, "X-Forwarded-For": "192.0.2.1, 10.0.0.1"}
        body = {"token": forgather.token}
        answer = requests.post(f"{forgather.url}/api/auth/login", json=body, headers=sent, timeout=120)
        assert answer.status_code == 200
        assert ("Secure" in answer.headers["Set-Cookie"].split("; ")) is is_secure
        assert requests.get(f"{forgather.url}/", headers=sent, timeout=120).status_code == 200


def test_a_chain_of_trusted_proxies(make_forgather: Callable[..., Forgather]) -> None:
    server = make_forgather(trusted_proxy=["127.0.0.1", "10.0.0.0/8"], allowed_hosts=["*.lab.org"])
    server.start()
    sent = {"X-Forwarded-Proto": "https,http", "X-Forwarded-For": "192.0.2.1, 10.0.0.1", "Host": "box.lab.org"}
    answer = requests.post(f"{server.url}/api/auth/login", json={"token": server.token}, headers=sent, timeout=120)
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")
    assert [row["verdict"] for row in server.get("/api/host/proxies").json()] == ["ok"]
    # A proxy that passes on what a client sends.
    assert requests.get(f"{server.url}/", headers={"Host": "box.lab.org"}, timeout=120).status_code == 200
    (row,) = server.get("/api/host/proxies").json()
    assert (row["name"], row["verdict"]) == ("reverse proxy", "warn")
    assert row in server.get("/api/host").json()["findings"]
    assert row in server.cli_json("doctor")
    assert f"the trusted proxy 127.0.0.1 {row['detail'].removeprefix('127.0.0.1 ')}" in server.log.read_text()


@pytest.mark.parametrize("settings", [{}, {"trusted_proxy": "192.0.2.9"}], ids=["none", "another"])
def test_forwarded_headers_of_other_clients_are_ignored(
    make_forgather: Callable[..., Forgather], settings: dict[str, str]
) -> None:
    server = make_forgather(**settings)
    server.start()
    assert "Secure" not in _cookie(server).split("; ")
