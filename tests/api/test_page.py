"""The page without script: the sign-in, the list of jobs, and errors."""

from __future__ import annotations

from pathlib import Path

import requests
from forgather_server import Forgather
from waiting import wait_until

from forgather_units.page.static_page import is_built

PLAIN = "/plain" if is_built() else "/"


def _page(forgather: Forgather, path: str, method: str = "GET", **how: object) -> requests.Response:
    return requests.request(method, forgather.url + path, timeout=120, allow_redirects=False, **how)  # type: ignore[arg-type]


def test_the_token_is_exchanged_for_a_session_and_removed_from_the_url(forgather: Forgather) -> None:
    browser = requests.Session()
    answer = browser.get(f"{forgather.url}{PLAIN}?token={forgather.token}", timeout=120)
    assert (answer.status_code, answer.url) == (200, f"{forgather.url}{PLAIN}")
    assert "<h1>Jobs</h1>" in answer.text
    browser.post(f"{forgather.url}/sign-out", timeout=120)
    assert "<h1>Sign in</h1>" in browser.get(forgather.url + PLAIN, timeout=120).text


def test_a_browser_without_cookies_gets_an_explanation(forgather: Forgather) -> None:
    for answer in (
        _page(forgather, "/sign-in", "POST", data={"secret": forgather.token}),
        _page(forgather, f"{PLAIN}?token={forgather.token}"),
    ):
        assert answer.status_code == 303
        after = answer.headers["Location"].removeprefix(".")
        again = _page(forgather, after)
        assert (again.status_code, "did not keep the session cookie" in again.text) == (401, True)
        with_cookie = _page(forgather, after, cookies=dict(answer.cookies))
        assert (with_cookie.status_code, with_cookie.headers["Location"]) == (303, f".{PLAIN}")


def test_the_page_has_security_headers(forgather: Forgather) -> None:
    headers = _page(forgather, PLAIN).headers
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_form_reports_a_wrong_secret_and_when_to_retry(forgather: Forgather) -> None:
    answers: list[requests.Response] = []

    def attempt() -> requests.Response:
        return _page(forgather, "/sign-in", "POST", data={"secret": "wrong"})

    def refused() -> bool:
        answers.append(attempt())
        return answers[-1].status_code != 401

    assert "no password has been set: sign in with the token" in attempt().text
    assert forgather.post("/api/auth/set-password", {"password": "correct horse"}).ok
    # The pause after the fifth failure is short, and longer after each further one.
    wait_until(refused)
    assert len(answers) >= 6 and answers[-1].status_code == 429
    seconds = answers[-1].headers["Retry-After"]
    assert f"the server accepts the next password in {seconds} s, after several wrong ones" in answers[-1].text
    assert all("<form" in answer.text for answer in answers)


def test_a_server_error_is_an_html_page(forgather: Forgather) -> None:
    file = Path(str(forgather.settings["auth_dir"]), "password_hash")
    file.write_text("damaged")
    try:
        answer = _page(
            forgather, "/sign-in", "POST", data={"secret": "correct horse"}, headers={"X-Forwarded-For": "192.0.2.7"}
        )
    finally:
        file.unlink()
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert f"{file} contains no password hash" in answer.text
    assert "sign in with the token and delete it" in answer.text


def test_the_list_links_to_each_available_viewer(forgather: Forgather, tmp_path: Path) -> None:
    site = tmp_path / "handbook"
    site.mkdir()
    (site / "mkdocs.yml").write_text("site_name: Handbook\n")
    (site / "docs").mkdir()
    body = {"project_dir": str(site), "config": "mkdocs:auto", "job_type": "mkdocs"}
    docs = forgather.post(
        "/api/queue", {**body, "job_params": {"config_file": str(site / "mkdocs.yml"), "port": "auto"}}
    )
    assert docs.status_code == 200, docs.text
    private = forgather.submit(tmp_path, private=True, lazy=True)
    forgather.wait_status(private, "sleeping")
    page = forgather.get(PLAIN).text
    row = next(each for each in page.split("<tr") if private in each)
    assert f'href="/api/tb/{private}/"' in row
    assert "<td>private</td>" in row
    assert str(site) in next(each for each in page.split("<tr") if docs.json()["queue_id"] in each)


def test_titles_are_derived_by_the_server(forgather: Forgather) -> None:
    def title(kind: str, path: str) -> object:
        return forgather.get("/api/title", params={"job_type": kind, "path": path}).json().get("title")

    assert title("tensorboard", "/srv/data/runs") == "data"
    assert title("mkdocs", "/home/u/handbook/mkdocs.yml") == "handbook"
    assert title("tensorboard", "") == ""
    assert forgather.get("/api/title", params={"job_type": "jupyter", "path": "/a"}).status_code == 400


def test_an_error_is_a_page_for_a_browser_and_json_for_other_clients(forgather: Forgather) -> None:
    path = "/api/jobs/q_1_00000000/status"
    for accept in ("*/*", "application/json", "application/json, text/plain, */*"):
        answer = forgather.session.get(f"{forgather.url}{path}", headers={"Accept": accept}, timeout=120)
        assert answer.json() == {"detail": "no such job: q_1_00000000"}
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = forgather.session.get(f"{forgather.url}{path}", headers=browser, timeout=120)
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "No such job: q_1_00000000." in page.text and 'href="../../../"' in page.text
    posted = forgather.session.post(f"{forgather.url}/api/queue", json={}, headers=browser, timeout=120)
    assert posted.json()["detail"]


def test_the_plain_sign_in_returns_to_the_wanted_address(forgather: Forgather) -> None:
    def signed_in(wanted: str) -> str:
        data = {"secret": forgather.token, "next": wanted}
        answer = _page(forgather, "/sign-in", "POST", data=data)
        return str(answer.headers["Location"])

    assert signed_in("/api/tb/lab/?a=1").endswith("?signed-in&next=%2Fapi%2Ftb%2Flab%2F%3Fa%3D1")
    assert signed_in("//evil.example/").endswith("?signed-in")
    form = _page(forgather, f"{PLAIN}?next=/api/tb/lab/").text
    assert 'name="next" value="/api/tb/lab/"' in form
    arrived = forgather.session.get(
        f"{forgather.url}{PLAIN}?signed-in&next=/api/tb/lab/", allow_redirects=False, timeout=120
    )
    assert arrived.headers["Location"] == "./api/tb/lab/"
