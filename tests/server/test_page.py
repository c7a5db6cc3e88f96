"""The page that needs no script: the sign-in and the list, and what a person is shown when something does not work."""

from __future__ import annotations

from pathlib import Path

import requests
from forgather_server import Forgather

from forgather_units.server.webpage import is_built

PLAIN = "/plain" if is_built() else "/"


def _page(forgather: Forgather, path: str, method: str = "GET", **how: object) -> requests.Response:
    return requests.request(method, forgather.url + path, timeout=30, allow_redirects=False, **how)  # type: ignore[arg-type]


def test_the_token_is_traded_for_a_session_and_taken_out_of_the_address(forgather: Forgather) -> None:
    browser = requests.Session()
    answer = browser.get(f"{forgather.url}{PLAIN}?token={forgather.token}", timeout=30)
    assert (answer.status_code, answer.url) == (200, f"{forgather.url}{PLAIN}")
    assert "<h1>Jobs</h1>" in answer.text
    browser.post(f"{forgather.url}/sign-out", timeout=30)
    assert "<h1>Sign in</h1>" in browser.get(forgather.url + PLAIN, timeout=30).text


def test_nothing_is_told_to_other_sites(forgather: Forgather) -> None:
    headers = _page(forgather, PLAIN).headers
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_wrong_secret_is_told_on_the_form_and_too_many_say_when_to_try_again(forgather: Forgather) -> None:
    answers = [_page(forgather, "/sign-in", "POST", data={"secret": "wrong"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert "no password has been set: sign in with the token" in answers[0].text
    assert answers[-1].headers["Retry-After"] == "1"
    assert "too many failed attempts: try again in 1 s" in answers[-1].text
    assert all("<form" in answer.text for answer in answers)


def test_a_failure_is_a_page(forgather: Forgather) -> None:
    file = Path(str(forgather.settings["auth_dir"]), "password_hash")
    file.write_text("damaged")
    try:
        answer = _page(
            forgather, "/sign-in", "POST", data={"secret": "correct horse"}, headers={"X-Forwarded-For": "192.0.2.7"}
        )
    finally:
        file.unlink()
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert f"{file} holds no password hash" in answer.text
    assert "sign in with the token and delete it" in answer.text
