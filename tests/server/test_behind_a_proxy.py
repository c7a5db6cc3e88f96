"""TLS ends in a reverse proxy: what it says of its clients is believed, what anybody else says is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from forgather_server import Forgather

HTTPS = {"X-Forwarded-Proto": "https"}


def _cookie(forgather: Forgather) -> str:
    body = {"token": forgather.token}
    return requests.post(f"{forgather.url}/api/auth/login", json=body, headers=HTTPS, timeout=30).headers["Set-Cookie"]


def test_a_session_over_tls_is_never_sent_without(forgather: Forgather) -> None:
    assert "Secure" in _cookie(forgather).split("; ")


def test_each_client_behind_it_has_attempts_of_its_own(forgather: Forgather) -> None:
    def status(client: str) -> int:
        wrong = {"password": "a wrong one"}
        headers = {"X-Forwarded-For": client}
        return requests.post(f"{forgather.url}/api/auth/login", json=wrong, headers=headers, timeout=30).status_code

    assert [status("192.0.2.1") for _ in range(6)][-1] == 429
    assert status("192.0.2.2") == 401


@pytest.mark.parametrize("settings", [{}, {"trusted_proxy": "192.0.2.9"}], ids=["none", "another"])
def test_nobody_else_is_believed(make_forgather: Callable[..., Forgather], settings: dict[str, str]) -> None:
    server = make_forgather(**settings)
    server.start()
    assert "Secure" not in _cookie(server).split("; ")
