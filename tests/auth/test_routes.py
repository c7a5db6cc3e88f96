"""/api/auth/*: requests and responses as in Forgather's own server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from auth.gated_front import SECRET, GatedFront, detail
from clock import Clock

from forgather_units import __version__
from forgather_units.auth.authority import Authority
from forgather_units.auth.throttle import Throttle


def _post(front: GatedFront, what: str, body: Any, who: requests.Session | None = None) -> requests.Response:
    return (who or requests).post(f"{front.url}/api/auth/{what}", json=body, timeout=120)


def _status(front: GatedFront, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = front.request("GET", "/api/auth/status", **options).json()
    return answer


def test_the_status_route(front: GatedFront) -> None:
    anonymous = {
        "authenticated": False,
        "has_password": False,
        "auth_disabled": False,
        "by_proxy": False,
        "demo_mode": False,
        "forgather_version": __version__,
        "unknown_user": None,
    }
    assert _status(front) == anonymous
    assert _status(front, headers={"Authorization": "Bearer wrong"}) == anonymous
    assert _status(front, headers=front.bearer) == {**anonymous, "authenticated": True}


def test_sign_in_by_token(front: GatedFront, authority: Authority) -> None:
    answer = _post(front, "login", {"token": authority.token})
    assert answer.json() == {"ok": True, "requires_password_setup": True}
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert cookie.startswith("forgather_session=")
    assert set(attributes) >= {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"}
    assert "Secure" not in attributes  # over plain HTTP the browser would never send a Secure cookie
    assert front.request("GET", "/api/queue", headers={"Cookie": cookie}).text == SECRET


def test_a_new_user_sets_a_password_and_signs_in_with_it(front: GatedFront, authority: Authority) -> None:
    """Sign in with the token, set a password, sign out, sign in with the password."""
    browser = front.browser()
    assert _post(front, "set-password", {"password": "correct horse"}, browser).json() == {"ok": True}
    assert browser.get(f"{front.url}/api/queue", timeout=120).text == SECRET
    before = browser.cookies["forgather_session"]
    out = _post(front, "logout", {}, browser)
    assert (out.status_code, "forgather_session" in browser.cookies) == (200, False)
    assert front.request("GET", "/api/queue", cookies={"forgather_session": before}).status_code == 401
    assert browser.get(f"{front.url}/api/queue", timeout=120).status_code == 401
    again = _post(front, "login", {"password": "correct horse"}, browser)
    assert again.json() == {"ok": True, "requires_password_setup": False}
    assert browser.get(f"{front.url}/api/queue", timeout=120).text == SECRET
    assert _status(front)["has_password"]


def test_changing_a_password_requires_the_current_one(front: GatedFront) -> None:
    browser = front.browser()
    assert _post(front, "set-password", {"password": "correct horse"}, browser).ok
    missing = _post(front, "set-password", {"password": "battery staple"}, browser)
    assert (missing.status_code, detail(missing)) == (401, "current_password is missing")
    wrong = _post(front, "set-password", {"password": "battery staple", "current_password": "wrong horse"}, browser)
    assert (wrong.status_code, detail(wrong)) == (401, "wrong password")
    right = {"password": "battery staple", "current_password": "correct horse"}
    assert _post(front, "set-password", right, browser).ok
    assert _post(front, "login", {"password": "correct horse"}).status_code == 401
    assert _post(front, "login", {"password": "battery staple"}).ok


def test_a_bearer_token_may_replace_a_forgotten_password(front: GatedFront) -> None:
    assert front.request("POST", "/api/auth/set-password", json={"password": "correct horse"}, headers=front.bearer).ok
    assert front.request("POST", "/api/auth/set-password", json={"password": "battery staple"}, headers=front.bearer).ok
    assert _post(front, "login", {"password": "battery staple"}).ok


def test_a_new_password_ends_all_other_sessions(front: GatedFront) -> None:
    one, other = front.browser(), front.browser()
    assert _post(front, "set-password", {"password": "correct horse"}, one).ok
    assert one.get(f"{front.url}/api/queue", timeout=120).ok
    assert other.get(f"{front.url}/api/queue", timeout=120).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"token": "wrong"}, 401, "wrong token"),
        ({"token": ""}, 401, "wrong token"),
        ({"token": "€"}, 401, "wrong token"),
        ({"password": "whatever1"}, 401, "no password has been set: sign in with the token"),
        ({}, 400, "give a token or a password"),
        ({"token": "a", "password": "b"}, 400, "give a token or a password"),
        ({"user": "me"}, 422, "unknown key 'user' (known: token, password)"),
        ({"token": 5}, 422, "the body must be one JSON object of texts"),
        (["token"], 422, "the body must be one JSON object of texts"),
        (None, 422, "the body must be one JSON object of texts"),
    ],
)
def test_refused_sign_ins(front: GatedFront, body: Any, status: int, sentence: str) -> None:
    # requests sends no body at all for None.
    text = {"data": "null", "headers": {"Content-Type": "application/json"}} if body is None else {"json": body}
    answer = front.request("POST", "/api/auth/login", **text)
    assert (answer.status_code, detail(answer)) == (status, sentence)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"password": None}, 422), ({"password": "abc"}, 400), ({"password": "x" * 1025}, 400)],
)
def test_refused_passwords(front: GatedFront, body: Any, status: int) -> None:
    answer = front.request("POST", "/api/auth/set-password", json=body, headers=front.bearer)
    assert answer.status_code == status
    assert "password" in detail(answer)
    assert not front.authority.has_password


def test_too_many_attempts_are_refused_with_retry_after(front: GatedFront, folder: Path, clock: Clock) -> None:
    authority = Authority(folder, throttle=Throttle(clock))
    front.guard(authority)
    assert front.request("POST", "/api/auth/set-password", json={"password": "correct horse"}, headers=front.bearer).ok
    for _ in range(5):
        assert _post(front, "login", {"password": "wrong horse"}).status_code == 401
    answer = _post(front, "login", {"password": "correct horse"})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert detail(answer) == "the server accepts the next password in 1 s, after several wrong ones"
    assert _post(front, "login", {"token": authority.token}).ok
    # Wrong credentials on other routes do not count as attempts to sign in.
    for _ in range(10):
        assert front.request("GET", "/api/queue", headers={"Authorization": "Bearer x"}).status_code == 401


def test_no_password_is_set_while_the_gate_is_off(open_front: GatedFront) -> None:
    answer = _post(open_front, "set-password", {"password": "correct horse"})
    assert (answer.status_code, open_front.authority.has_password) == (400, False)
    assert _post(open_front, "login", {"token": "wrong"}).status_code == 401
