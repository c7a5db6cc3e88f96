"""Who may see the page: by the address, by the token, by a password, and nobody else."""

from __future__ import annotations

import pytest
import requests
from forgather_server import Forgather
from playwright.sync_api import BrowserContext, Page, expect
from watched_page import Watched


@pytest.fixture
def stranger(context: BrowserContext, forgather: Forgather) -> Page:
    page = context.new_page()
    page.goto(forgather.url)
    return page


def sign_in(page: Page, secret: str) -> None:
    page.locator("input[type=password]").fill(secret)
    page.get_by_role("button", name="Sign in").click()


def test_a_password_instead_of_the_long_address(context: BrowserContext, forgather: Forgather) -> None:
    page = context.new_page()
    page.goto(f"{forgather.url}/?token={forgather.token}")
    page.get_by_label("New password").fill("correct horse battery")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_label("Password or token").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    # Offered once: there is one now.
    expect(page.get_by_text("Set a password?")).to_be_hidden()


def test_a_session_lasts_over_a_reload(page: Page) -> None:
    page.reload()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_a_wrong_token_is_told_and_the_right_one_lets_in(
    stranger: Page, forgather: Forgather, watched: Watched
) -> None:
    watched.expect("status of 401")
    sign_in(stranger, "wrong")
    expect(stranger.get_by_role("alert")).to_be_visible()
    sign_in(stranger, forgather.token)
    stranger.get_by_role("button", name="Skip").click()
    expect(stranger.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_a_wrong_token_in_the_address_does_not_stay_there(
    context: BrowserContext, forgather: Forgather, watched: Watched
) -> None:
    watched.expect("status of 401")
    page = context.new_page()
    page.goto(f"{forgather.url}/?token={'0' * 64}")
    expect(page.get_by_role("alert")).to_contain_text("The token in the address did not do")
    assert page.url == f"{forgather.url}/"


def test_who_is_signed_out_elsewhere_is_asked_to_sign_in(page: Page, forgather: Forgather, watched: Watched) -> None:
    watched.expect("status of 401")
    answer = forgather.post("/api/auth/set-password", {"password": "of somebody else"})
    assert answer.ok, answer.text
    # A new password ends every session.
    page.reload()
    expect(page.get_by_label("Password or token")).to_be_visible()


def test_nothing_is_shown_to_a_stranger(stranger: Page, forgather: Forgather) -> None:
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(stranger.get_by_role("navigation")).to_have_count(0)
    assert requests.get(f"{forgather.url}/api/jobs", timeout=10).status_code == 401
