"""Two servers with one host name: a browser has one cookie for both, since cookies ignore the port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from auth.gated_front import SECRET, GatedFront

from forgather_units.auth.authority import Authority


@pytest.fixture
def other(tmp_path: Path) -> Iterator[GatedFront]:
    """A second server, with a token of its own."""
    made = GatedFront()
    made.guard(Authority(tmp_path / "other"))
    yield made
    made.stop()


def _sign_in(browser: requests.Session, front: GatedFront) -> None:
    answer = browser.post(f"{front.url}/api/auth/login", json={"token": front.authority.token}, timeout=120)
    assert answer.ok, answer.text


def _is_signed_in(browser: requests.Session, front: GatedFront) -> bool:
    return browser.get(f"{front.url}/api/queue", timeout=120).text == SECRET


def test_signing_in_to_one_keeps_the_session_of_the_other(front: GatedFront, other: GatedFront) -> None:
    browser = requests.Session()
    _sign_in(browser, front)
    assert not _is_signed_in(browser, other)
    _sign_in(browser, other)
    assert (_is_signed_in(browser, front), _is_signed_in(browser, other)) == (True, True)
    assert len(browser.cookies) == 1


def test_signing_out_of_one_keeps_the_session_of_the_other(front: GatedFront, other: GatedFront) -> None:
    browser = requests.Session()
    _sign_in(browser, front)
    _sign_in(browser, other)
    both = dict(browser.cookies)
    browser.post(f"{front.url}/api/auth/logout", json={}, timeout=120)
    assert (_is_signed_in(browser, front), _is_signed_in(browser, other)) == (False, True)
    assert requests.get(f"{front.url}/api/queue", cookies=both, timeout=120).status_code == 401
    browser.post(f"{other.url}/api/auth/logout", json={}, timeout=120)
    assert len(browser.cookies) == 0


def test_the_cookie_does_not_grow(front: GatedFront, other: GatedFront) -> None:
    browser = requests.Session()
    lengths = set()
    for _ in range(10):
        for each in (front, other):
            _sign_in(browser, each)
            lengths.add(len(browser.cookies["forgather_session"]))
    assert len(lengths) == 2  # with one session, and with two
    # A cookie that other servers have filled.
    browser.cookies.set("forgather_session", "~".join(["x" * 40] * 50), domain="127.0.0.1", path="/")
    _sign_in(browser, front)
    assert max(len(cookie.value or "") for cookie in browser.cookies) < 2100
    assert _is_signed_in(browser, front)
