"""A proxy signs the user in: the page asks for no token, and says so when that sign-in has ended."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.front_sign_in import COOKIE, REFUSALS, SIGN_IN, signing_in
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import BrowserContext, Route, expect

OWN = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture(params=REFUSALS)
def address(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    make_forgather: Callable[..., Forgather],
    free_port: Callable[[], int],
) -> Iterator[str]:
    """Where nginx listens."""
    server = make_forgather(user_header="X-Forwarded-User", trusted_proxy="127.0.0.1")
    server.start()
    port, provider = free_port(), free_port()
    with signing_in(tmp_path / "nginx", port, provider, server.url, request.param):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def watched(address: str) -> Iterator[Watched]:
    noted = Watched(address)
    yield noted
    assert noted.unexpected() == []


def _sign_in(context: BrowserContext, address: str, user: str) -> None:
    context.add_cookies([{"name": COOKIE, "value": user, "url": address}])


def test_the_page_of_a_signed_in_user(context: BrowserContext, address: str, watched: Watched) -> None:
    _sign_in(context, address, OWN)
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_role("switch", name="Scheduler")).to_be_enabled()
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_role("menuitem", name="Keyboard shortcuts")).to_be_visible()
    # Only the proxy can end the sign-in.
    expect(page.get_by_role("menuitem", name="Sign out")).to_have_count(0)
    page.keyboard.press("Escape")

    watched.expect("status of 401|CORS|ERR_FAILED|MIME type|authorize")
    context.clear_cookies(name=COOKIE)
    page.get_by_role("switch", name="Scheduler").click()
    banner = page.get_by_role("status").filter(
        has_text="Your sign-in has ended", has=page.get_by_role("button", name="Reload")
    )
    expect(banner).to_be_visible()
    expect(page.get_by_text("cannot be reached")).to_have_count(0)
    banner.get_by_role("button", name="Reload").click()
    expect(page).to_have_title(SIGN_IN)

    _sign_in(context, address, "daemon")
    page.goto(address)
    expect(page.get_by_role("alert")).to_have_text(re.compile("^daemon may not use this server"))

    # The sign-in ends between the page and its first request.
    def end_sign_in(route: Route) -> None:
        context.clear_cookies(name=COOKIE)
        route.continue_()

    page.route("**/api/auth/status", end_sign_in)
    _sign_in(context, address, OWN)
    page.goto(address)
    expect(page.get_by_role("alert")).to_have_text("Your sign-in has ended. Reload the page to sign in again.")
    page.get_by_role("button", name="Reload").click()
    expect(page).to_have_title(SIGN_IN)
