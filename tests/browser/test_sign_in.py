"""Sign-in: by the link, by the token, by a password."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from browser.page_steps import SLOWLY
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import BrowserContext, Page, Route, expect
from waiting import wait_until


@pytest.fixture
def stranger(context: BrowserContext, forgather: Forgather) -> Page:
    page = context.new_page()
    page.goto(forgather.url)
    return page


def sign_in(page: Page, secret: str) -> None:
    page.locator("input[type=password]").fill(secret)
    page.get_by_role("button", name="Sign in").click()


def test_a_password_replaces_the_long_address(context: BrowserContext, forgather: Forgather) -> None:
    page = context.new_page()
    page.goto(f"{forgather.url}/?token={forgather.token}")
    page.get_by_label("New password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_label("Password or token", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    # The page offers it only while there is no password.
    expect(page.get_by_text("Set a password?")).to_be_hidden()


def test_a_session_lasts_over_a_reload(page: Page) -> None:
    page.reload()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_a_wrong_token_is_reported_and_the_right_one_signs_in(
    stranger: Page, forgather: Forgather, watched: Watched
) -> None:
    watched.expect("status of 401")
    sign_in(stranger, "wrong")
    expect(stranger.get_by_role("alert")).to_be_visible()
    sign_in(stranger, forgather.token)
    stranger.get_by_role("button", name="Skip").click()
    expect(stranger.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


@pytest.mark.parametrize("address", [True, False], ids=["token in the address", "typed"])
def test_a_lost_cookie_is_reported(context: BrowserContext, forgather: Forgather, address: bool) -> None:
    def lost(route: Route) -> None:
        answer = route.fetch()
        context.clear_cookies()
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "set-cookie"}
        route.fulfill(response=answer, headers=headers)

    page = context.new_page()
    page.route("**/api/auth/login", lost)
    page.goto(f"{forgather.url}/?token={forgather.token}" if address else forgather.url)
    if not address:
        sign_in(page, forgather.token)
    expect(page.get_by_role("alert")).to_contain_text("did not store the session cookie")
    expect(page.get_by_role("alert")).not_to_contain_text("was not accepted")


def test_a_wrong_token_in_the_address_does_not_stay_there(
    context: BrowserContext, forgather: Forgather, watched: Watched
) -> None:
    watched.expect("status of 401")
    page = context.new_page()
    page.goto(f"{forgather.url}/?token={'0' * 64}")
    expect(page.get_by_role("alert")).to_contain_text("The sign-in link was not accepted")
    assert page.url == f"{forgather.url}/"


def test_a_session_that_ends_elsewhere_leads_to_the_sign_in(page: Page, forgather: Forgather, watched: Watched) -> None:
    watched.expect("status of 401")
    answer = forgather.post("/api/auth/set-password", {"password": "set elsewhere"})
    assert answer.ok, answer.text
    # A new password ends every session.
    page.reload()
    expect(page.get_by_label("Password or token", exact=True)).to_be_visible()


def test_the_page_shows_nothing_before_sign_in(stranger: Page, forgather: Forgather) -> None:
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(stranger.get_by_role("navigation")).to_have_count(0)
    assert requests.get(f"{forgather.url}/api/jobs", timeout=120).status_code == 401


def test_the_sign_in_returns_to_the_wanted_address(
    context: BrowserContext, forgather: Forgather, watched: Watched, sample_runs: Path
) -> None:
    watched.expect("status of 401")
    queue_id = forgather.submit(sample_runs, port="auto", private=True, lazy=True, window_title="bookmarked")
    forgather.wait_status(queue_id, "sleeping")
    page = context.new_page()
    page.goto(f"{forgather.url}/api/tb/{queue_id}/?run=1")
    page.get_by_role("link", name="Sign in").click()
    # The wrong one first: the address is kept.
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in(page, forgather.token)
    page.get_by_role("button", name="Skip").click()
    expect(page).to_have_title("bookmarked", timeout=SLOWLY)
    assert page.url.startswith(f"{forgather.url}/api/tb/{queue_id}/?run=1")


def test_secrets_can_be_shown_and_the_rules_are_stated(context: BrowserContext, forgather: Forgather) -> None:
    page = context.new_page()
    page.goto(f"{forgather.url}/?token={forgather.token}")
    rules = page.get_by_text("4 to 1024 characters")
    expect(rules).to_be_visible()
    refused = forgather.post("/api/auth/set-password", {"password": "abc"}).json()["detail"]
    assert "4 to 1024 characters" in refused
    password = page.get_by_label("New password", exact=True)
    password.fill("correct horse battery")
    page.get_by_role("button", name="Show new password").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide new password").click()
    expect(password).to_have_attribute("type", "password")


def test_one_typo_is_one_attempt(context: BrowserContext, forgather: Forgather, watched: Watched) -> None:
    watched.expect("status of 401")
    assert forgather.post("/api/auth/set-password", {"password": "correct horse"}).ok
    page = context.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/login") else None)
    # An old link guesses no password.
    for _ in range(6):
        page.goto(f"{forgather.url}/?token={'0' * 64}")
        expect(page.get_by_role("alert")).to_contain_text("The sign-in link was not accepted: wrong token")
    assert len(sent) == 6
    sign_in(page, "correct hrose")
    expect(page.get_by_role("alert")).to_have_text("wrong password")
    assert len(sent) == 7
    sign_in(page, "correct horse")
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    assert len(sent) == 8


def test_an_attempt_after_many_failures_waits_and_is_sent(
    stranger: Page, forgather: Forgather, watched: Watched
) -> None:
    watched.expect("status of (401|429)")
    assert forgather.post("/api/auth/set-password", {"password": "correct horse"}).ok
    stranger.reload()
    # Others of this machine have the same address. After the eighth failure the pause is long enough for the next step.
    failures = 0

    def guess() -> bool:
        nonlocal failures
        answer = requests.post(f"{forgather.url}/api/auth/login", json={"password": "wrong guess"}, timeout=120)
        failures += answer.status_code == 401
        return failures == 8

    wait_until(guess)
    sign_in(stranger, "correct horse")
    expect(stranger.get_by_role("alert")).to_contain_text("Several sign-ins from this address failed before")
    expect(stranger.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_errors_are_pages_with_a_link_home(page: Page, forgather: Forgather, watched: Watched) -> None:
    watched.expect("status of (404|405)")
    for path in ("/api/jobs/q_1_00000000/status", "/api/nothing", "/nothing", "/api/tb/q_1_00000000/", "/api/jobs/gc"):
        watched.expect(f"request to .*{path}")
        page.goto(f"{forgather.url}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.get_by_role("link", name="Forgather's page").click()
        expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_an_address_that_is_too_long_gets_a_page(page: Page, forgather: Forgather, watched: Watched) -> None:
    watched.expect("status of 431")
    page.goto(f"{forgather.url}/?{'x' * 300_000}")
    expect(page.get_by_role("heading", name="Request Header Fields Too Large")).to_be_visible()
    page.get_by_role("link", name="Forgather's page").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_the_waiting_page_links_to_the_queue(
    page: Page, forgather: Forgather, watched: Watched, sample_runs: Path
) -> None:
    watched.expect("status of 503")
    forgather.post("/api/queue/scheduler", {"enabled": False})
    queue_id = forgather.submit(sample_runs, port="auto", window_title="patient")
    page.goto(f"{forgather.url}/api/tb/{queue_id}/")
    expect(page.get_by_role("heading", name="patient is queued")).to_be_visible()
    expect(page.get_by_role("link", name="Queue")).to_have_attribute("href", "../../../#/queue")
    # The page loads itself again each second: a click may be lost.
    page.goto(f"{forgather.url}/#/queue")
    expect(page.get_by_role("list", name="Queued jobs").get_by_text("patient")).to_be_visible()
